//! Totals over the other streams, each a fold of one of them.

use contracts::{Event, StoredEvent, kind, service};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EventContext, Projection};
use crate::keys;
use crate::records::Sums;

/// Makes the projection of one record that every event of a stream changes.
macro_rules! totals {
    ($(#[$doc:meta])* $name:ident: $state:ty, of $stream:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Projection for $name {
            type State = $state;
            type Change = ();

            const FAMILY: &'static str = keys::TOTALS;

            fn changes(context: &EventContext<'_>, change: &mut impl FnMut(&str, ())) {
                if context.service() == $stream {
                    change($stream.stream(), ());
                }
            }

            fn apply(totals: &mut Option<$state>, (): (), event: &StoredEvent) {
                totals.get_or_insert_default().fold(event);
            }
        }
    };
}

totals! {
    /// All customers.
    Customers: EntityTotals, of service::CUSTOMER
}

totals! {
    /// All products.
    Products: EntityTotals, of service::PRODUCT
}

totals! {
    /// All stock and reservations.
    Reservations: StockTotals, of service::INVENTORY
}

totals! {
    /// All customers' accounts.
    Accounts: AccountTotals, of service::PAYMENT
}

totals! {
    /// All shipments.
    Shipments: ShipmentTotals, of service::SHIPPING
}

/// Customers, or products. A fold of the CUSTOMER or the PRODUCT stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityTotals {
    /// How many were ever made.
    pub made: u64,
    /// How many of them are closed or discontinued.
    pub ended: u64,
}

/// Stock and reservations. A fold of the INVENTORY stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockTotals {
    /// Units that came in.
    pub units_stocked: u64,
    /// Units that left for good.
    pub units_committed: u64,
    /// Orders of which all lines were reserved.
    pub reserved: u64,
    /// Orders that fell short.
    pub rejected: u64,
    /// Reservations that were undone.
    pub released: u64,
    /// Reservations of which the goods have left.
    pub committed: u64,
}

/// Money. A fold of the PAYMENT stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountTotals {
    /// What was charged.
    pub charged: Sums,
    /// What was paid back.
    pub refunded: Sums,
    /// What customers paid in.
    pub settled: Sums,
    /// Charges.
    pub charges: u64,
    /// Charges that were declined.
    pub declines: u64,
    /// Charges that were paid back.
    pub refunds: u64,
    /// Orders that are never to be charged.
    pub voids: u64,
}

/// Shipments. A fold of the SHIPPING stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShipmentTotals {
    /// Shipments made.
    pub created: u64,
    /// Shipments that left.
    pub dispatched: u64,
    /// Shipments that never leave, tombstones included.
    pub cancelled: u64,
}

impl EntityTotals {
    /// Counts one event of the CUSTOMER or the PRODUCT stream.
    fn fold(&mut self, event: &StoredEvent) {
        let kind = event.headers.kind;
        self.made += u64::from(matches!(kind, kind::CUSTOMER_REGISTERED | kind::PRODUCT_LISTED));
        self.ended += u64::from(matches!(kind, kind::CUSTOMER_CLOSED | kind::PRODUCT_DISCONTINUED));
    }

    /// How many are open, or listed.
    #[must_use]
    pub const fn live(self) -> u64 {
        self.made.saturating_sub(self.ended)
    }
}

impl StockTotals {
    /// Counts one event of the INVENTORY stream.
    fn fold(&mut self, event: &StoredEvent) {
        if let Event::InventoryStocked(stocked) = &event.event {
            self.units_stocked = self.units_stocked.saturating_add(u64::from(stocked.quantity));
        }
        if let Event::InventoryCommitted(committed) = &event.event {
            let units = committed.lines.iter().map(|line| u64::from(line.quantity));
            self.units_committed = self.units_committed.saturating_add(units.sum());
        }
        let kind = event.headers.kind;
        self.reserved += u64::from(kind == kind::INVENTORY_RESERVED);
        self.rejected += u64::from(kind == kind::INVENTORY_REJECTED);
        self.released += u64::from(kind == kind::INVENTORY_RELEASED);
        self.committed += u64::from(kind == kind::INVENTORY_COMMITTED);
    }
}

impl AccountTotals {
    /// Counts one event of the PAYMENT stream.
    fn fold(&mut self, event: &StoredEvent) {
        if let Event::PaymentCharged(charged) = &event.event {
            self.charged.add(charged.amount);
        }
        if let Event::PaymentRefunded(refunded) = &event.event {
            self.refunded.add(refunded.amount);
        }
        if let Event::PaymentSettled(settled) = &event.event {
            self.settled.add(settled.amount);
        }
        let kind = event.headers.kind;
        self.charges += u64::from(kind == kind::PAYMENT_CHARGED);
        self.declines += u64::from(kind == kind::PAYMENT_DECLINED);
        self.refunds += u64::from(kind == kind::PAYMENT_REFUNDED);
        self.voids += u64::from(kind == kind::PAYMENT_VOIDED);
    }

    /// What all customers owe: charges less refunds less what was paid in.
    #[must_use]
    pub fn outstanding(&self) -> Sums {
        self.charged.clone().less(&self.refunded).less(&self.settled)
    }
}

impl ShipmentTotals {
    /// Counts one event of the SHIPPING stream.
    fn fold(&mut self, event: &StoredEvent) {
        let kind = event.headers.kind;
        self.created += u64::from(kind == kind::SHIPPING_CREATED);
        self.dispatched += u64::from(kind == kind::SHIPPING_DISPATCHED);
        self.cancelled += u64::from(kind == kind::SHIPPING_CANCELLED);
    }
}
