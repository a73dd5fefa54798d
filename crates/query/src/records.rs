//! What is kept in Redis: records, each the fold of exactly one stream.
//!
//! One order has four records, one of each stream that speaks of it; an answer joins them when it
//! is read. So no record depends on how the streams interleaved on their way here.
//!
//! Deliberately absent: anything that could be derived from a record when it is read, such as an
//! order's state. It is the state that the choreography names for the record's last event.

pub mod order;
pub mod payment;
pub mod shipment;
pub mod stock;

pub mod sales;
pub mod sums;
pub mod totals;

pub mod step;

pub use order::OrderRecord;
pub use payment::PaymentRecord;
pub use sales::Sales;
pub use shipment::ShipmentRecord;
pub use step::Step;
pub use stock::StockRecord;
pub use sums::Sums;
pub use totals::{AccountTotals, EntityTotals, ShipmentTotals, StockTotals};

/// Why an event cannot be folded into what is stored. The event is parked.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Contradiction(pub String);
