//! Scenarios: what is given, what is done and what is expected, in plain steps.
//!
//! A scenario uses the services as anybody would: over REST, and by reading their streams.
//! Deliberately absent: any pause. Whoever expects something looks until it is so, or its time is over.

pub mod file;
pub mod steps;

pub mod world;

mod actions;
pub mod event_log;
mod expectation_failed;
mod expectations;

pub mod playback;
pub mod report;
