//! Gathers for the auditor what a running Murmuration holds: rows from the broker, outboxes and replicas
//! from the databases, records and answers from the read model. Nothing is changed.
//!
//! The system may be under load: each store is compared with the streams at the very position at which
//! it was read. What cannot be compared there within its time is told as such, and is not broken.
//!
//! Deliberately absent: what must be true. That is the `auditor`'s to say.

#![allow(missing_docs, reason = "names that say it are not repeated")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "each fold and each table is about a few kinds out of all"
)]

pub mod examination;

mod gathering;
mod newcomers;

mod rows;

mod records;
mod replicas;
mod views;

pub mod verification;

pub mod report;
