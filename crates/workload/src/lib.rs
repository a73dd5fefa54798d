//! Load on a running Murmuration: orders at a fixed rate with latencies from when each was due, the
//! same question put to three joins, commands of every kind with a journal, and files of real input.
//!
//! Deliberately absent: any judgement of the services' data; that is the auditor's.

#![allow(missing_docs, reason = "names that say it are not repeated")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "each fold and each table is about a few kinds out of all"
)]

pub mod currency;
pub mod dice;

pub mod latencies;
mod schedule;

pub mod joins;
pub mod mixed;
pub mod retail;
pub mod saga;
