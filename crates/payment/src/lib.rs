//! Charges, refunds, and what each customer owes.
//!
//! What a customer owes is charges less refunds less what was paid in; a charge that would take it
//! over the credit limit is declined. Payment is event-sourced: its tables are a fold of its own
//! events, and those events are the audit trail.
//!
//! # Layout
//!
//! * [`domain`]: what follows from a command or another service's event.
//! * [`refusal`]: why a command is refused, as data.
//! * [`tables`]: the fold of the events, and its queries; [`mod@history`]: accounts as they were.
//! * [`api`]: the REST routes, and the JSON that they take and give.
//! * [`process`]: its command line, and its life.
//!
//! Deliberately absent: any call to another service, and any deadline. A charge follows its order,
//! which has one and always ends.

pub mod domain;

pub mod refusal;
pub mod tables;

pub mod history;

pub mod api;

pub mod process;

pub use domain::state::ChargeState;
pub use domain::{Command, PaymentDomain};
pub use refusal::Refusal;
