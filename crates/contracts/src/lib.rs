//! This shop's contracts: what its services say to each other, and who reacts to what.
//!
//! # Layout
//!
//! * [`service`]: the six services.
//! * [`ids`]: which order, customer or product.
//! * [`money`]: values that are parsed once and right from then on.
//! * [`events`]: what each service publishes, with its JSON shape and version; [`kind`] names the kinds.
//! * [`problems`]: what its APIs can answer instead of what was asked for.
//! * [`spelling`]: when two texts of people are the same.
//! * [`choreography`]: what each service declares of itself, and all of it put together.
//!
//! The envelope that events travel in is in the crate `protocol`. Deliberately absent: any I/O, any clock, any
//! randomness. Time and ids are handed in.

pub mod service;

pub mod ids;

pub mod money;

pub mod events;
mod schema;

pub mod problems;

pub mod spelling;

pub mod choreography;

pub use events::{Event, kind};
pub use ids::{CustomerId, OrderId, Sku};
pub use money::{Currency, Money};

/// An event of this shop with its envelope.
pub type StoredEvent = protocol::StoredEvent<Event>;
