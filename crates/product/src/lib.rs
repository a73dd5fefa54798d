//! The product service: what is sold, and at what price.
//!
//! State-stored: one table holds the newest state of each product, and every event carries the
//! whole of it, so that other services keep replicas by remembering the newest event.
//!
//! # Layout
//!
//! * [`domain`]: what one is; what may be asked and what follows from it is [`engine::entity`]'s.
//! * [`refusal`]: why a command is refused, as data.
//! * [`api`]: the REST API.
//! * [`process`]: its command line, and its life.
//!
//! Deliberately absent: stock (inventory's), prices that were agreed (they stand in each order), and
//! any reaction to other services. This service reads nobody's stream.

pub mod api;
pub mod domain;
pub mod process;
pub mod refusal;
