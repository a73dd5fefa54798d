//! The auditor: what must be true of all streams, outboxes, replicas, views and answers together,
//! and what is different.
//!
//! It is independent of the services' code: it folds the streams itself, from their first rows, and
//! compares what it finds with what the stores hold. Whoever audits hands over what was gathered,
//! from real processes or from modelled ones; both are judged by the same functions.
//!
//! # Layout, in reading order
//!
//! * [`intake`]: takes the raw rows of the streams, and sees for itself that they follow each other.
//! * [`fold`]: what the streams say happened to each order, each SKU and each account.
//! * [`invariants`]: what must be found, always: one module for each invariant.
//! * [`rows`], [`replicas`], [`records`], [`views`]: what must be the same elsewhere.
//! * [`journal`]: what clients asked for and were told, to compare with what the streams say.
//! * [`report`]: how much was examined, and what was found.
//!
//! Deliberately absent: gathering, printing, and any opinion on how a finding came about.

pub mod intake;

pub mod fold;

pub mod invariants;

pub mod journal;
pub mod records;
pub mod replicas;
pub mod rows;
pub mod subset;
pub mod views;

pub mod report;

pub use fold::{Fold, RowRef};
pub use intake::Intake;
pub use invariants::{Checked, Finding, InFlight, Invariant};
pub use report::{Audit, Examined};
