//! The views that are kept in Redis, one file each: the record, which events change it, and how.
//!
//! Each record folds exactly one stream, but for [`step_latency`]. One order has four records, one of
//! each stream that speaks of it; an answer joins them when it is read, and the projections of one event
//! may look at them as they are right after it ([`Told`]).
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

pub mod step_latency;
pub mod stock;
pub mod totals;

pub use daily_sales::Sales;
pub use leaders::Leaders;
pub use ledgers::Ledger;
pub use orders::OrderRecord;
pub use payments::PaymentRecord;
pub use pulse::Slot;
pub use reservations::StockRecord;
pub use sellers::Seller;
pub use shipments::ShipmentRecord;
pub use step_latency::Latency;
pub use stock::OnHand;
pub use totals::{AccountTotals, EntityTotals, ShipmentTotals, StockTotals};

use std::fmt;

use contracts::choreography::State;
use contracts::{Kind, Service, StoredEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fold::IndexChange;
use crate::fold::view::{Projected, View};
use crate::saga::Saga;

/// One view: the records of a family, each the fold of the changes that events make to it.
///
/// An event says once which records it changes and how ([`Projection::changes`]). These are read before
/// the changes are applied, and no others can be changed.
pub(crate) trait Projection: fmt::Debug + Send + 'static {
    /// One record.
    type State: Serialize + DeserializeOwned + fmt::Debug + Send;
    /// What one event does to one record, beside what it says itself.
    type Change: fmt::Debug + Send;

    /// What the names of its records begin with.
    const FAMILY: &'static str;

    /// Whether its records are folds of one stream, so that each says how far it has folded it.
    const IS_OF_ONE_STREAM: bool = true;

    /// Says of each record that the event changes its id, and how.
    fn changes(told: &Told<'_>, change: &mut impl FnMut(&str, Self::Change));

    /// Changes a record.
    fn apply(record: &mut Option<Self::State>, change: Self::Change, event: &StoredEvent);

    /// The entries of indexes that a record has after a batch that changed it.
    fn index(changed: &Changed<'_, Self::State>, entries: &mut Vec<IndexChange>) {
        _ = (changed, entries);
    }
}

/// An event, and the order that it is about as it is right after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    /// The event.
    pub(crate) event: &'a StoredEvent,
    /// What the four streams say of its order; nothing for an event that is not about one.
    pub(crate) saga: Saga<'a>,
    /// The state in which ORDER had the order before; empty if it had not told of it.
    pub(crate) from: State,
}

/// A record after a batch that changed it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed<'a, S> {
    /// Its id.
    pub(crate) id: &'a str,
    /// The record.
    pub(crate) record: &'a S,
    /// Whether there was none before the batch.
    pub(crate) is_new: bool,
}

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

impl Told<'_> {
    /// The stream that the event is of.
    pub(crate) const fn service(&self) -> Service {
        self.event.headers.kind.service()
    }

    /// The id of what the event is about.
    pub(crate) fn id(&self) -> &str {
        self.event.headers.id.as_str()
    }
}

/// Whether events of this kind have an order's id, and are a part of its story.
pub(crate) const fn is_about_one_order(kind: Kind) -> bool {
    match kind {
        Kind::CustomerRegistered
        | Kind::CustomerChanged
        | Kind::CustomerClosed
        | Kind::CustomerRecovered
        | Kind::ProductListed
        | Kind::ProductChanged
        | Kind::ProductDiscontinued
        | Kind::ProductRecovered
        | Kind::OrderRecovered
        | Kind::InventoryStocked
        | Kind::InventoryRecovered
        | Kind::PaymentSettled
        | Kind::PaymentRecovered
        | Kind::ShippingRecovered => false,
        Kind::OrderPlaced
        | Kind::OrderPrepared
        | Kind::OrderConfirmed
        | Kind::OrderCompleted
        | Kind::OrderRejected
        | Kind::OrderCancelled
        | Kind::InventoryReserved
        | Kind::InventoryRejected
        | Kind::InventoryReleased
        | Kind::InventoryCommitted
        | Kind::PaymentCharged
        | Kind::PaymentDeclined
        | Kind::PaymentRefunded
        | Kind::PaymentVoided
        | Kind::ShippingCreated
        | Kind::ShippingDispatched
        | Kind::ShippingCancelled => true,
    }
}
