//! Orders: what was agreed, how it went on, and the one end of each.
//!
//! Order owns the end of an order. Confirming and cancelling are rows of one stream, so that nothing
//! but this service decides between them. It is event-sourced: the table of orders is a fold of its
//! own events, and those events are the audit trail.
//!
//! # Layout
//!
//! * [`domain`]: what follows from a command, another service's event or a timer.
//! * [`refusal`]: why a command is refused, as data.
//! * [`tables`]: the fold of the events, and its queries; [`mod@history`]: orders as they were.
//! * [`api`]: the REST routes, and the JSON that they take and give.
//! * [`process`]: its command line, and its life.
//!
//! Deliberately absent: any call to another service. Customers and products are known from replicas;
//! stock, money and shipments from their owners' events.

pub mod domain;

pub mod refusal;
pub mod tables;

pub mod history;

pub mod api;

pub mod process;

pub use domain::state::OrderState;
pub use domain::{Command, OrderDomain};
pub use refusal::Refusal;
