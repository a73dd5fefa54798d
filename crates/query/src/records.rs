//! What is kept in Redis: records, each the fold of exactly one stream, but for [`latency`].
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

pub mod pulse;
pub mod sales;
pub mod sums;
pub mod totals;

pub mod booking;
pub mod leaders;
pub mod ledger;
pub mod seller;
pub mod tally;

pub mod on_hand;

pub mod latency;

pub mod step;

pub use booking::{Booking, Grouping};
pub use latency::Latency;
pub use leaders::Leaders;
pub use ledger::Ledger;
pub use on_hand::OnHand;
pub use order::OrderRecord;
pub use payment::PaymentRecord;
pub use pulse::Slot;
pub use sales::Sales;
pub use seller::Seller;
pub use shipment::ShipmentRecord;
pub use step::Step;
pub use stock::StockRecord;
pub use sums::Sums;
pub use tally::{Tallies, Tally};
pub use totals::{AccountTotals, EntityTotals, ShipmentTotals, StockTotals};

/// Why an event cannot be folded into what is stored. The event is parked.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Contradiction(pub String);
