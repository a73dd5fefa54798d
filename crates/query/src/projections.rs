//! The views that are kept in Redis, one file each: the record, which events change it, and how.
//!
//! Each record folds exactly one stream, but for [`step_latency`] and [`refund_reasons`]. One order has four records, one of
//! each stream that speaks of it; an answer joins them when it is read, and the projections of one event
//! may look at them as they are right after it ([`EventContext`]).
//!
//! Deliberately absent: anything that could be derived from a record when it is read, such as an order's
//! state. It is the state that the choreography names for the record's last event.

pub mod orders;
pub mod payments;
pub mod reservations;
pub mod shipments;

pub mod unsettled;

pub mod customers;
pub mod products;

pub mod daily_sales;
pub mod pulse;

pub mod leaders;
pub mod ledgers;
pub mod sellers;

pub mod refund_reasons;
pub mod step_latency;
pub mod stock;
pub mod totals;

pub use daily_sales::Sales;
pub use leaders::Leaders;
pub use ledgers::Ledger;
pub use orders::OrderRecord;
pub use payments::PaymentRecord;
pub use pulse::RingSlot;
pub use refund_reasons::RefundsByReason;
pub use reservations::StockRecord;
pub use sellers::Seller;
pub use shipments::ShipmentRecord;
pub use step_latency::Latency;
pub use stock::OnHand;
pub use totals::{AccountTotals, EntityTotals, ShipmentTotals, StockTotals};

use crate::fold::view::{Projected, View};
pub(crate) use crate::projection::{Changed, EventContext, Projection, is_about_one_order};

/// Every view beside the four records of an order. This is the one list to which a new one is added.
pub(crate) fn all() -> Vec<Box<dyn View>> {
    vec![
        view::<customers::Customers>(),
        view::<products::Products>(),
        view::<daily_sales::Sold<true>>(),
        view::<daily_sales::Sold<false>>(),
        view::<pulse::Pulse<false>>(),
        view::<pulse::Pulse<true>>(),
        view::<ledgers::Ledgers>(),
        Box::new(sellers::Sellers::default()),
        view::<stock::Stock>(),
        view::<step_latency::StepLatencies>(),
        view::<refund_reasons::RefundReasons>(),
        view::<totals::Customers>(),
        view::<totals::Products>(),
        view::<totals::Reservations>(),
        view::<totals::Accounts>(),
        view::<totals::Shipments>(),
    ]
}

fn view<P: Projection>() -> Box<dyn View> {
    Box::new(Projected::<P>::default())
}
