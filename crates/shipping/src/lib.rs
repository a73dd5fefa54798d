//! The shipping service: one shipment for each order that was charged, if it can be delivered.
//!
//! # Layout
//!
//! * [`domain`]: what follows from a charge, from an order that is confirmed, and from one that is
//!   cancelled.
//! * [`tables`]: the shipments.
//! * [`api`]: the REST API, which only reads.
//! * [`process`]: its command line, and its life.
//!
//! Deliberately absent: commands, and so refusals. Shipments follow from what other services say,
//! and nobody asks for one. No carrier is called either: an adapter would do that once the row of
//! `shipping.dispatched` is acknowledged, with the order's id as the far side's idempotency key.

pub mod api;
pub mod domain;
pub mod process;
pub mod tables;
