//! Counts over whole streams, and over the stock of each product.

use std::collections::BTreeMap;

use contracts::events::order::EndReason;
use contracts::{Event, Money, StoredEvent, kind};
use serde::{Deserialize, Serialize};

use super::sold::{Sums, add};

/// Customers, or products.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntityTotals {
    made: u64,
    ended: u64,
}

/// Reservations, and units of all products.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StockTotals {
    units_stocked: u64,
    units_committed: u64,
    reserved: u64,
    rejected: u64,
    released: u64,
    committed: u64,
}

/// Money that moved.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountTotals {
    charged: Sums,
    refunded: Sums,
    settled: Sums,
    charges: u64,
    declines: u64,
    refunds: u64,
    voids: u64,
}

/// Charges that were paid back, by why their order ended.
pub(super) type RefundsByReason = BTreeMap<EndReason, Refunds>;

/// The charges that were paid back for one reason.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refunds {
    charges: u64,
    amounts: Sums,
}

/// Shipments.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShipmentTotals {
    created: u64,
    dispatched: u64,
    cancelled: u64,
}

/// The stock of one product.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnHand {
    stocked: u64,
    committed: u64,
    reserved: u64,
}

impl EntityTotals {
    pub(super) fn take(&mut self, event: &StoredEvent) {
        match event.headers.kind {
            kind::CUSTOMER_REGISTERED | kind::PRODUCT_LISTED => self.made += 1,
            kind::CUSTOMER_CLOSED | kind::PRODUCT_DISCONTINUED => self.ended += 1,
            _ => {}
        }
    }
}

impl StockTotals {
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is counted")]
    pub(super) fn take(&mut self, event: &StoredEvent) {
        match &event.event {
            Event::InventoryStocked(stocked) => self.units_stocked += u64::from(stocked.quantity),
            Event::InventoryReserved(_) => self.reserved += 1,
            Event::InventoryRejected(_) => self.rejected += 1,
            Event::InventoryReleased(_) => self.released += 1,
            Event::InventoryCommitted(gone) => {
                self.committed += 1;
                let units = gone.lines.iter().map(|line| u64::from(line.quantity));
                self.units_committed += units.sum::<u64>();
            }
            _ => {}
        }
    }
}

impl AccountTotals {
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is counted")]
    pub(super) fn take(&mut self, event: &StoredEvent) {
        match &event.event {
            Event::PaymentCharged(charged) => {
                self.charges += 1;
                add(&mut self.charged, charged.amount);
            }
            Event::PaymentRefunded(refunded) => {
                self.refunds += 1;
                add(&mut self.refunded, refunded.amount);
            }
            Event::PaymentSettled(settled) => add(&mut self.settled, settled.amount),
            Event::PaymentDeclined(_) => self.declines += 1,
            Event::PaymentVoided(_) => self.voids += 1,
            _ => {}
        }
    }
}

impl Refunds {
    pub(super) fn take(&mut self, amount: Money) {
        self.charges += 1;
        add(&mut self.amounts, amount);
    }
}

impl ShipmentTotals {
    pub(super) fn take(&mut self, event: &StoredEvent) {
        match event.headers.kind {
            kind::SHIPPING_CREATED => self.created += 1,
            kind::SHIPPING_DISPATCHED => self.dispatched += 1,
            kind::SHIPPING_CANCELLED => self.cancelled += 1,
            _ => {}
        }
    }
}

impl OnHand {
    pub(super) const fn stock(&mut self, units: u64) {
        self.stocked += units;
    }

    pub(super) const fn reserve(&mut self, units: u64) {
        self.reserved += units;
    }

    pub(super) const fn release(&mut self, units: u64) {
        self.reserved = self.reserved.saturating_sub(units);
    }

    pub(super) const fn commit(&mut self, units: u64) {
        self.release(units);
        self.committed += units;
    }

    /// Units that can still be ordered.
    pub(super) const fn available(&self) -> u64 {
        self.stocked.saturating_sub(self.committed).saturating_sub(self.reserved)
    }
}
