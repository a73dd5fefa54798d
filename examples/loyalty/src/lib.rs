//! A service that is added from outside: points for customers, promised when an order is placed, earned when
//! it completes, and withdrawn when it does not.
//!
//! It takes part by the same rules as the six of the shop, with a stream, an outbox and a database of its own.
//! No file of any of them names it: what it publishes, reads and does is said in [`declaration`].
//!
//! # Layout, in reading order
//!
//! * [`events`]: what it publishes, and which events of others it understands.
//! * [`declaration`]: what it says of itself, and the choreography with it.
//! * [`domain`]: what follows from an order's events.
//! * [`tables`]: the points of each order.
//! * [`api`]: the points of a customer.
//! * [`process`]: its command line, and its life.
//!
//! Deliberately absent: spending points, which would be a command and a refusal.

pub mod api;
pub mod declaration;
pub mod domain;
pub mod events;
pub mod process;
pub mod tables;
