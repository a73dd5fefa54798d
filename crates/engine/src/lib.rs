//! The six rules of a choreographed service, without any I/O but its own database.
//!
//! 1. **Decide, then apply**: [`domain`] and [`batch`].
//! 2. **One local transaction per batch**: [`batch`].
//! 3. **The outbox's number is the stream's sequence**: [`outbox`] and [`relay`].
//! 4. **Positions live with the data they produced**: [`positions`] and [`reading`].
//! 5. **Each event carries its vector and a chain**: `protocol`, filled in by [`batch`].
//! 6. **An answer is a promise kept in two places**: [`promise`].
//!
//! And around them: how a service starts ([`starting`]), what it watches for while it runs
//! ([`verification`]), whether one of its stores may be lost ([`redundancy`]), and what an operator may discard
//! ([`healing`]).
//!
//! # Layout, in reading order
//!
//! [`domain`] is what a service implements, over the [`state`] that it reads and writes; [`precondition`]
//! is what a client may demand of that state; [`entity`] is the domain of whoever owns plain entities.
//! [`database`] holds that state; [`outbox`], [`positions`], [`replicas`], [`timers`] and
//! [`idempotency`] are the engine's own tables in it. [`versions`] says in which version events are written; [`batch`] runs inputs through a domain;
//! [`history`] tells what things were.
//! [`relay`], [`reading`], [`promise`], [`starting`], [`verification`], [`redundancy`] and [`healing`] say what
//! the shell around an engine is to do or tell next, from what it has seen. [`seeded`] breaks any of this on purpose, for tests.
//!
//! Deliberately absent: tokio, the network, the clock and randomness. Time, ids and inputs are
//! handed in.

pub mod domain;
pub mod precondition;

pub mod entity;

pub mod state;

pub mod database;

pub mod idempotency;
pub mod outbox;
pub mod positions;
pub mod replicas;
pub mod timers;

pub mod versions;

pub mod batch;
pub mod history;

pub mod promise;
pub mod reading;
pub mod relay;

pub mod process;

pub mod redundancy;
pub mod starting;
pub mod verification;

pub mod healing;

pub mod seeded;

pub use batch::{Answer, Batch, Engine, Outcome, QueuedInput, Request};
pub use database::Database;
pub use database::ReadPool;
pub use domain::{Decision, Domain, Input};
pub use precondition::{Preconditions, Validators};
pub use rusqlite::{self, named_params, params};
pub use state::{Read, StateError, Write};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
