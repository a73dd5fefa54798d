//! The way out of a shared database: one SQLite file that holds what belongs to several services.
//!
//! # Layout
//!
//! * [`example`] makes such a database from a file of invoices.
//! * [`source`] is the old database: its rows, and the triggers that note changes and refuse writes.
//! * [`borders`] reports who would own what, and what crosses a border.
//! * [`progress`], [`item`], [`plan`], [`carrier`] and [`import`] move the rows, and what changes meanwhile.
//! * [`reconciliation`] compares the old database with the services.
//!
//! Deliberately absent: any way into a service but its HTTP API, and any change to the rows of the old
//! database.

#![allow(missing_docs, reason = "names that say it are not repeated")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "each fold and each table is about a few kinds out of all"
)]

pub mod example;

pub mod source;

pub mod borders;

pub mod item;
pub mod progress;

pub mod plan;

pub mod carrier;
pub mod import;
pub mod summary;

pub mod reconciliation;
