//! The customer service: who may order, where to, and how much they may owe.
//!
//! State-stored: one table holds the newest state of each customer, and every event carries the
//! whole of it, so that other services keep replicas by remembering the newest event.
//!
//! # Layout
//!
//! * [`domain`]: what one is; what may be asked and what follows from it is [`engine::entity`]'s.
//! * [`refusal`]: why a command is refused, as data.
//! * [`api`]: the REST API.
//! * [`process`]: its command line, and its life.
//!
//! Deliberately absent: what a customer owes (payment's), and any reaction to other services. This
//! service reads nobody's stream.

pub mod api;
pub mod domain;
pub mod process;
pub mod refusal;
