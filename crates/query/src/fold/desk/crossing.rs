//! Rules over records as they are after the batch, whichever of their streams came first.

use super::super::changes::IndexChange;
use super::super::table::Damaged;
use super::Desk;
use crate::keys;
use crate::saga::Saga;
use crate::saga::pace::{STRIDES, Taken};

/// What is left at most of a product whose stock is low enough to be listed.
pub(super) const LOW_STOCK_UNITS: u64 = 50;

/// How long each step of one order took.
pub(super) type Paces = [Option<Taken>; STRIDES.len()];

impl Desk {
    pub(super) fn saga(&self, id: &str) -> Saga<'_> {
        Saga {
            order: self.tables.orders.get(id),
            stock: self.tables.stocks.get(id),
            payment: self.tables.payments.get(id),
            shipment: self.tables.shipments.get(id),
        }
    }

    /// Whether the order belongs among those that are not settled. Says nothing of an order that
    /// ORDER has not told of yet: its `order.placed` will come, and bring it here again.
    pub(super) fn unsettled(&self, id: &str) -> Option<IndexChange> {
        let saga = self.saga(id);
        let since = saga.order?.expected_from();
        let score = (!saga.settled()).then_some(since.micros() / 1_000);
        Some(IndexChange { index: keys::UNSETTLED.to_owned(), member: id.to_owned(), score })
    }

    /// How long the steps of each touched order took, as far as they are known.
    pub(super) fn paces(&self) -> Vec<Paces> {
        self.touched_orders.iter().map(|id| self.saga(id).pace()).collect()
    }

    /// Counts each step that is known after the batch and was not before.
    pub(super) fn count_paces(&mut self) -> Result<(), Damaged> {
        let before = std::mem::take(&mut self.paces_before);
        for (after, before) in self.paces().into_iter().zip(before) {
            for ((stride, taken), known) in STRIDES.iter().zip(after).zip(before) {
                if let (Some(Taken { end, micros }), None) = (taken, known) {
                    let latency = self.tables.latencies.edit_of_several(stride.name)?;
                    latency.get_or_insert_default().add(end, micros);
                }
            }
        }
        Ok(())
    }

    /// Lists the products whose stock is low after the batch, and takes the others off the list.
    pub(super) fn low_stock(&self) -> impl Iterator<Item = IndexChange> {
        self.tables.on_hand.changed().map(|(sku, on_hand)| {
            let available = on_hand.available();
            let score = (available <= LOW_STOCK_UNITS).then_some(available.cast_signed());
            IndexChange { index: keys::LOW_STOCK.to_owned(), member: sku.to_owned(), score }
        })
    }
}
