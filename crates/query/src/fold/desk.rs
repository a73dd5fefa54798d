//! All records that a batch touches, and the routing of each event to those that fold it.

mod crossing;
mod kept;
mod selling;
mod tables;
mod wanting;

use std::collections::BTreeSet;

use contracts::{Event, Kind, Service, StoredEvent};

use super::changes::{Changes, IndexChange};
use super::table::Damaged;
use crate::keys;
use crate::records::on_hand::movements;
use crate::records::pulse::{HOURS, MINUTES};
use crate::records::{Contradiction, OrderRecord, PaymentRecord, ShipmentRecord, StockRecord};
use crossing::Paces;
use tables::Tables;

pub use kept::Kept;

#[derive(Debug, Default)]
pub(super) struct Desk {
    tables: Tables,
    touched_orders: BTreeSet<String>,
    /// Of each touched order, in their order.
    paces_before: Vec<Paces>,
    indexes: Vec<IndexChange>,
    kept_bytes: usize,
}

type Folded = Result<Result<(), Contradiction>, Damaged>;

impl Desk {
    /// A desk on which lies what the batches before have left there.
    pub(super) fn with(kept: Kept) -> Self {
        Self { tables: kept.tables, kept_bytes: kept.bytes, ..Self::default() }
    }

    pub(super) fn wanted(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        for shelf in self.tables.shelves() {
            shelf.list_wanted(&mut names);
        }
        names
    }

    pub(super) fn fill(
        &mut self,
        values: &mut dyn Iterator<Item = Option<Vec<u8>>>,
    ) -> Result<(), Damaged> {
        self.tables.shelves().into_iter().try_for_each(|shelf| shelf.fill(values))
    }

    /// Notes how things stand before the first event is folded.
    pub(super) fn begin(&mut self) {
        self.paces_before = self.paces();
    }

    /// Folds one event into each record that it touches.
    pub(super) fn fold(&mut self, event: &StoredEvent) -> Folded {
        match event.headers.kind.service() {
            Service::Customer => self.fold_customer(event)?,
            Service::Product => self.fold_product(event)?,
            Service::Order => return self.fold_order(event),
            Service::Inventory => self.fold_stock(event)?,
            Service::Payment => self.fold_payment(event)?,
            Service::Shipping => self.fold_shipment(event)?,
        }
        Ok(Ok(()))
    }

    fn fold_customer(&mut self, event: &StoredEvent) -> Result<(), Damaged> {
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        if let Event::CustomerRegistered(customer)
        | Event::CustomerChanged(customer)
        | Event::CustomerClosed(customer) = &event.event
        {
            *self.tables.customers.edit(id, at)? = Some(customer.clone());
        }
        let totals = self.tables.entity_totals.edit(Service::Customer.stream(), at)?;
        totals.get_or_insert_default().fold(event);
        Ok(())
    }

    fn fold_product(&mut self, event: &StoredEvent) -> Result<(), Damaged> {
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        if let Event::ProductListed(product)
        | Event::ProductChanged(product)
        | Event::ProductDiscontinued(product) = &event.event
        {
            *self.tables.products.edit(id, at)? = Some(product.clone());
        }
        let totals = self.tables.entity_totals.edit(Service::Product.stream(), at)?;
        totals.get_or_insert_default().fold(event);
        Ok(())
    }

    fn fold_order(&mut self, event: &StoredEvent) -> Folded {
        if !is_about_one_order(event.headers.kind) {
            return Ok(Ok(()));
        }
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        let record = self.tables.orders.edit(id, at)?;
        let from = record.as_ref().map_or("", OrderRecord::state);
        if let Err(contradiction) = OrderRecord::fold(record, event) {
            return Ok(Err(contradiction));
        }
        let Tables { orders, days, sales, minutes, hours, .. } = &mut self.tables;
        let Some(order) = orders.get(id) else { return Ok(Ok(())) };
        let day = days.edit(&order.business_date, at)?;
        day.get_or_insert_default().fold(from, order, event);
        let all = sales.edit(Service::Order.stream(), at)?;
        all.get_or_insert_default().fold(from, order, event);
        for (ring, slots) in [(MINUTES, minutes), (HOURS, hours)] {
            let number = ring.number(event.headers.time);
            let slot = slots.edit(&ring.slot(number), at)?;
            slot.get_or_insert_default().fold(number, order, event);
        }
        if event.headers.kind == Kind::OrderPlaced {
            self.indexes.extend(placed_in_indexes(id, order));
        }
        if event.headers.kind == Kind::OrderCompleted {
            self.book_sale(id, at)?;
        }
        Ok(Ok(()))
    }

    fn fold_stock(&mut self, event: &StoredEvent) -> Result<(), Damaged> {
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        if is_about_one_order(event.headers.kind) {
            StockRecord::fold(self.tables.stocks.edit(id, at)?, event);
        }
        for (sku, movement) in movements(&event.event) {
            let on_hand = self.tables.on_hand.edit(sku.as_str(), at)?;
            on_hand.get_or_insert_default().fold(movement);
        }
        let totals = self.tables.stock_totals.edit(Service::Inventory.stream(), at)?;
        totals.get_or_insert_default().fold(event);
        Ok(())
    }

    fn fold_payment(&mut self, event: &StoredEvent) -> Result<(), Damaged> {
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        if is_about_one_order(event.headers.kind) {
            PaymentRecord::fold(self.tables.payments.edit(id, at)?, event);
        }
        if let Event::PaymentRefunded(refunded) = &event.event {
            self.book_refund(refunded, event.headers.time, at)?;
        }
        let totals = self.tables.account_totals.edit(Service::Payment.stream(), at)?;
        totals.get_or_insert_default().fold(event);
        Ok(())
    }

    fn fold_shipment(&mut self, event: &StoredEvent) -> Result<(), Damaged> {
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        if is_about_one_order(event.headers.kind) {
            ShipmentRecord::fold(self.tables.shipments.edit(id, at)?, event);
        }
        let totals = self.tables.shipment_totals.edit(Service::Shipping.stream(), at)?;
        totals.get_or_insert_default().fold(event);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(Changes, Kept), Damaged> {
        self.count_paces()?;
        let mut indexes = std::mem::take(&mut self.indexes);
        indexes.extend(self.touched_orders.iter().filter_map(|id| self.unsettled(id)));
        indexes.extend(self.low_stock());
        indexes.extend(self.tables.days.changed().map(|(date, _)| day_in_index(date)));
        let mut records = Vec::new();
        for shelf in self.tables.shelves() {
            shelf.list_changed(&mut records)?;
        }
        let kept = Kept::after(self.tables, self.kept_bytes, &records);
        Ok((Changes { records, indexes, parked: Vec::new() }, kept))
    }
}

fn day_in_index(date: &str) -> IndexChange {
    IndexChange {
        index: keys::DAYS.to_owned(),
        member: date.to_owned(),
        score: Some(keys::day_score(date)),
    }
}

fn placed_in_indexes(id: &str, order: &OrderRecord) -> [IndexChange; 2] {
    [
        IndexChange {
            index: keys::ORDERS.to_owned(),
            member: id.to_owned(),
            score: Some(order.number().cast_signed()),
        },
        IndexChange {
            index: keys::customer_orders(order.customer.customer.id.as_str()),
            member: id.to_owned(),
            score: Some(order.number().cast_signed()),
        },
    ]
}

/// Whether events of this kind have an order's id, and are a part of its story.
const fn is_about_one_order(kind: Kind) -> bool {
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
