//! What every choreographed service needs to speak with others: the envelope that events travel in, and the
//! choreography as data. It knows no shop: which services, events and ids there are is said elsewhere.
//!
//! # Layout
//!
//! * [`service`], [`kind`]: who speaks, and what is said, by name.
//! * [`ids`], [`time`]: values that are parsed once and right from then on; [`as_text`] is how serde writes
//!   them.
//! * [`event`]: what the content of events has to offer.
//! * [`headers`], [`idempotency`], [`chain`], [`seal`], [`position`], [`stored`]: the envelope that every event
//!   travels in; [`foreign`]: rows of somebody else that an owner has taken out of its stream.
//! * [`heartbeat`]: what a process says of itself, for people.
//! * [`problem_kind`]: what an API can answer instead of what was asked for.
//! * [`choreography`]: who reacts to what, and with which event: put together from what each service
//!   declares of itself, and checked as a graph.
//!
//! Deliberately absent: any I/O, any clock, any randomness. Time and ids are handed in.

mod name;

pub mod kind;
pub mod service;

pub mod ids;
pub mod time;

pub mod as_text;
mod schema;

pub mod event;

pub mod chain;
pub mod foreign;
pub mod headers;
pub mod idempotency;
pub mod position;
pub mod seal;
pub mod stored;

pub mod heartbeat;

pub mod problem_kind;

pub mod choreography;

pub use chain::{Chain, HistoryId};
pub use event::{Event, EventError, OlderVersion, Recovered, Replicated};
pub use foreign::ForeignRows;
pub use headers::{Cause, Headers};
pub use heartbeat::{Heartbeat, ProcessState};
pub use idempotency::{Idempotency, IdempotencyKey};
pub use ids::Id;
pub use kind::Kind;
pub use position::{Position, Vector};
pub use problem_kind::ProblemKind;
pub use seal::SealKeys;
pub use service::Service;
pub use stored::{Row, StoredEvent};
pub use time::Timestamp;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
