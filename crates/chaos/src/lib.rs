//! What is done to a running Murmuration on purpose, step by step, and what must come of it.
//!
//! A scenario plays steps on a system that runs already. A fault is a readable file, too: what happens,
//! and what somebody does about it, if anything. A run starts a system of its own, puts it under load,
//! has the fault happen as often as the file says, waits after each time until all is well, and then
//! counts and audits. A fault that cannot be shown to have happened is a failure, too.
//!
//! Deliberately absent: fixed pauses in the place of conditions, and faults at the same time as
//! others: of two stores that are lost at once nothing is promised.
//!
//! # Layout, in reading order
//!
//! * `scenario`, `fault`: the two forms of step files. `values`, `amount`: what stands in both.
//! * `fault_run`: one fault from a fresh system to its verdict; `soak`: many.
//! * `system`: what faults happen to. `injection`: how they happen. `network`, `proxy`: the network
//!   between processes and stores.
//! * `recovery`, `stream_count`, `audit`: whether all is well, and nothing lost or doubled.

#![allow(missing_docs, reason = "names that say it are not repeated")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "each fold and each table is about a few kinds out of all"
)]

mod amount;
pub mod step_file;
mod values;

pub mod fault;
pub mod scenario;

pub mod fault_run;
pub mod soak;

mod system;

mod injection;

mod network;
mod proxy;

mod audit;
mod recovery;
pub mod stream_count;

pub mod report;
