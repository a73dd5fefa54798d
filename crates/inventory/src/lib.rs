//! The inventory service: what is on the shelves, and for which orders it is set aside.
//!
//! # Layout
//!
//! * [`domain`]: goods that come in, and reservations from an order's first event to its last.
//! * [`refusal`]: why a command is refused, as data.
//! * [`tables`]: stock and reservations.
//! * [`api`]: the REST API.
//! * [`process`]: its command line, and its life.
//!
//! Deliberately absent: prices and customers, which are only passed on, and any waiting list. An
//! order that falls short is rejected, and goods that come in later do not bring it back.

pub mod api;
pub mod domain;
pub mod process;
pub mod refusal;
pub mod tables;
