//! The stock of each product. A fold of the INVENTORY stream.

use std::collections::BTreeMap;

use contracts::{Event, Sku, StoredEvent, kind};
use serde::{Deserialize, Serialize};

use super::{Changed, EventContext, Projection};
use crate::fold::IndexChange;
use crate::keys;

/// What is left at most of a product whose stock is low enough to be listed.
const LOW_STOCK_UNITS: u64 = 50;

/// The stock of products, by their SKUs.
#[derive(Debug)]
pub(crate) struct Stock;

/// The stock of one product, in units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnHand {
    /// Units that came in.
    pub stocked: u64,
    /// Units that left for good.
    pub committed: u64,
    /// Units that are set aside for orders.
    pub reserved: u64,
}

/// What one event does to the stock of one product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Movement {
    stocked: u64,
    committed: u64,
    reserved: u64,
    no_longer_reserved: u64,
}

impl Projection for Stock {
    type State = OnHand;
    type Change = Movement;

    const FAMILY: &'static str = keys::ON_HAND;

    fn changes(context: &EventContext<'_>, change: &mut impl FnMut(&str, Movement)) {
        for (sku, movement) in movements(&context.event.event) {
            change(sku.as_str(), movement);
        }
    }

    fn apply(stock: &mut Option<OnHand>, movement: Movement, _: &StoredEvent) {
        stock.get_or_insert_default().fold(movement);
    }

    /// Lists a product whose stock is low, and takes any other off the list.
    fn index(stock: &Changed<'_, OnHand>, entries: &mut Vec<IndexChange>) {
        let available = stock.record.available();
        let score = (available <= LOW_STOCK_UNITS).then_some(available.cast_signed());
        let (index, member) = (keys::LOW_STOCK.to_owned(), stock.id.to_owned());
        entries.push(IndexChange { index, member, score });
    }
}

impl OnHand {
    const fn fold(&mut self, movement: Movement) {
        self.stocked = self.stocked.saturating_add(movement.stocked);
        self.committed = self.committed.saturating_add(movement.committed);
        let reserved = self.reserved.saturating_add(movement.reserved);
        self.reserved = reserved.saturating_sub(movement.no_longer_reserved);
    }

    /// Units on the shelves, reserved ones included.
    #[must_use]
    pub const fn on_hand(self) -> u64 {
        self.stocked.saturating_sub(self.committed)
    }

    /// Units that can still be ordered.
    #[must_use]
    pub const fn available(self) -> u64 {
        self.on_hand().saturating_sub(self.reserved)
    }
}

/// What an event does to the stock of each product that it names.
fn movements(event: &Event) -> BTreeMap<&Sku, Movement> {
    let mut movements: BTreeMap<&Sku, Movement> = BTreeMap::new();
    if let Event::InventoryStocked(stocked) = event {
        movements.entry(&stocked.sku).or_default().stocked += u64::from(stocked.quantity);
    }
    if let Event::InventoryReserved(reserved) = event {
        for line in &reserved.lines {
            movements.entry(&line.sku).or_default().reserved += u64::from(line.quantity);
        }
    }
    if let Event::InventoryReleased(returned) | Event::InventoryCommitted(returned) = event {
        let left = event.kind() == kind::INVENTORY_COMMITTED;
        for line in &returned.lines {
            let movement = movements.entry(&line.sku).or_default();
            movement.no_longer_reserved += u64::from(line.quantity);
            movement.committed += if left { u64::from(line.quantity) } else { 0 };
        }
    }
    movements
}
