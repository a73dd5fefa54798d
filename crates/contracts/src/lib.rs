//! The published language: what services say to each other, and the choreography as data.
//!
//! # Layout
//!
//! * [`service`]: the six services and their streams.
//! * [`ids`], [`money`], [`time`]: values that are parsed once and right from then on.
//! * [`events`]: what each service publishes, with its JSON shape and version.
//! * [`spelling`]: when two texts of people are the same.
//! * [`as_text`]: how such values are written and read by serde.
//! * [`headers`], [`chain`], [`seal`], [`position`], [`stored`]: the envelope that every event travels in.
//! * [`heartbeat`]: what a process says of itself, for people.
//! * [`choreography`]: who reacts to what, and with which event; and the check of that graph.
//!
//! Deliberately absent: any I/O, any clock, any randomness. Time and ids are handed in.

pub mod service;

pub mod ids;
pub mod money;
pub mod time;

pub mod events;
mod schema;

pub mod spelling;

pub mod as_text;

pub mod chain;
pub mod headers;
pub mod position;
pub mod seal;
pub mod stored;

pub mod heartbeat;

pub mod choreography;

pub use chain::{Chain, HistoryId};
pub use events::{Event, Kind};
pub use headers::{Cause, Headers, Idempotency, IdempotencyKey};
pub use heartbeat::{Heartbeat, ProcessState};
pub use ids::Id;
pub use money::{Currency, Money};
pub use position::{Position, Vector};
pub use seal::SealKeys;
pub use service::Service;
pub use stored::{Row, StoredEvent};
pub use time::Timestamp;
