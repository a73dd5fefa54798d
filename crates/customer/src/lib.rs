//! The customer service: who may order, where to, and how much they may owe.
//!
//! State-stored: one table holds the newest state of each customer, and every event carries the
//! whole of it, so that other services keep replicas by remembering the newest event.
//!
//! # Layout
//!
//! * [`domain`]: what may be asked, and what follows from it.
//! * [`refusal`]: why a command is refused, as data.
//! * [`tables`]: the one table.
//! * [`api`]: the REST API.
//!
//! Deliberately absent: what a customer owes (payment's), and any reaction to other services. This
//! service reads nobody's stream.

pub mod api;
pub mod domain;
pub mod refusal;
pub mod tables;
