//! All records that a batch touches, and the routing of each event to those that fold it.

use std::collections::BTreeSet;

use contracts::events::{Customer, Product};
use contracts::{Event, Kind, Service, StoredEvent};

use super::changes::{Changes, IndexChange};
use super::table::{Damaged, Shelf, Table};
use crate::keys;
use crate::records::{
    AccountTotals, Contradiction, EntityTotals, OrderRecord, PaymentRecord, Sales, ShipmentRecord,
    ShipmentTotals, StockRecord, StockTotals,
};
use crate::saga::Saga;

#[derive(Debug)]
pub(super) struct Desk {
    orders: Table<OrderRecord>,
    stocks: Table<StockRecord>,
    payments: Table<PaymentRecord>,
    shipments: Table<ShipmentRecord>,
    customers: Table<Customer>,
    products: Table<Product>,
    days: Table<Sales>,
    sales: Table<Sales>,
    entity_totals: Table<EntityTotals>,
    stock_totals: Table<StockTotals>,
    account_totals: Table<AccountTotals>,
    shipment_totals: Table<ShipmentTotals>,
    touched_orders: BTreeSet<String>,
    indexes: Vec<IndexChange>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            orders: Table::new(keys::ORDER),
            stocks: Table::new(keys::STOCK),
            payments: Table::new(keys::PAYMENT),
            shipments: Table::new(keys::SHIPMENT),
            customers: Table::new(keys::CUSTOMER),
            products: Table::new(keys::PRODUCT),
            days: Table::new(keys::DAY),
            sales: Table::new(keys::TOTALS),
            entity_totals: Table::new(keys::TOTALS),
            stock_totals: Table::new(keys::TOTALS),
            account_totals: Table::new(keys::TOTALS),
            shipment_totals: Table::new(keys::TOTALS),
            touched_orders: BTreeSet::new(),
            indexes: Vec::new(),
        }
    }
}

impl Desk {
    /// Wants what the event touches, as far as the event itself says it.
    pub(super) fn want(&mut self, event: &StoredEvent) {
        if is_about_one_order(event.headers.kind) {
            self.want_order(event.headers.id.as_str());
        }
        let (id, stream) = (event.headers.id.as_str(), event.headers.kind.service().stream());
        match event.headers.kind.service() {
            Service::Customer => {
                self.customers.want(id);
                self.entity_totals.want(stream);
            }
            Service::Product => {
                self.products.want(id);
                self.entity_totals.want(stream);
            }
            Service::Order => self.sales.want(stream),
            Service::Inventory => self.stock_totals.want(stream),
            Service::Payment => self.account_totals.want(stream),
            Service::Shipping => self.shipment_totals.want(stream),
        }
    }

    /// All four records of an order: whether it is settled is a rule over all of them.
    fn want_order(&mut self, id: &str) {
        self.orders.want(id);
        self.stocks.want(id);
        self.payments.want(id);
        self.shipments.want(id);
        self.touched_orders.insert(id.to_owned());
    }

    /// Wants the business day of an order that the event moves.
    pub(super) fn want_day(&mut self, event: &StoredEvent) {
        if let Event::OrderPlaced(placed) = &event.event {
            self.days.want(&placed.business_date);
        } else if event.headers.kind.service() == Service::Order
            && let Some(order) = self.orders.get(event.headers.id.as_str())
        {
            self.days.want(&order.business_date);
        }
    }

    pub(super) fn wanted(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        for shelf in self.shelves() {
            shelf.list_wanted(&mut names);
        }
        names
    }

    pub(super) fn fill(
        &mut self,
        values: &mut dyn Iterator<Item = Option<Vec<u8>>>,
    ) -> Result<(), Damaged> {
        self.shelves().into_iter().try_for_each(|shelf| shelf.fill(values))
    }

    /// Folds one event into each record that it touches.
    pub(super) fn fold(
        &mut self,
        event: &StoredEvent,
    ) -> Result<Result<(), Contradiction>, Damaged> {
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
            *self.customers.edit(id, at)? = Some(customer.clone());
        }
        let stream = Service::Customer.stream();
        self.entity_totals.edit(stream, at)?.get_or_insert_default().fold(event);
        Ok(())
    }

    fn fold_product(&mut self, event: &StoredEvent) -> Result<(), Damaged> {
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        if let Event::ProductListed(product)
        | Event::ProductChanged(product)
        | Event::ProductDiscontinued(product) = &event.event
        {
            *self.products.edit(id, at)? = Some(product.clone());
        }
        let stream = Service::Product.stream();
        self.entity_totals.edit(stream, at)?.get_or_insert_default().fold(event);
        Ok(())
    }

    fn fold_order(&mut self, event: &StoredEvent) -> Result<Result<(), Contradiction>, Damaged> {
        if !is_about_one_order(event.headers.kind) {
            return Ok(Ok(()));
        }
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        let record = self.orders.edit(id, at)?;
        let from = record.as_ref().map_or("", OrderRecord::state);
        if let Err(contradiction) = OrderRecord::fold(record, event) {
            return Ok(Err(contradiction));
        }
        let Some(order) = self.orders.get(id) else { return Ok(Ok(())) };
        let day = self.days.edit(&order.business_date, at)?;
        day.get_or_insert_default().fold(from, order, event);
        let all = self.sales.edit(Service::Order.stream(), at)?;
        all.get_or_insert_default().fold(from, order, event);
        if event.headers.kind == Kind::OrderPlaced {
            self.indexes.extend(placed_in_indexes(id, order));
        }
        Ok(Ok(()))
    }

    fn fold_stock(&mut self, event: &StoredEvent) -> Result<(), Damaged> {
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        if is_about_one_order(event.headers.kind) {
            StockRecord::fold(self.stocks.edit(id, at)?, event);
        }
        let totals = self.stock_totals.edit(Service::Inventory.stream(), at)?;
        totals.get_or_insert_default().fold(event);
        Ok(())
    }

    fn fold_payment(&mut self, event: &StoredEvent) -> Result<(), Damaged> {
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        if is_about_one_order(event.headers.kind) {
            PaymentRecord::fold(self.payments.edit(id, at)?, event);
        }
        let totals = self.account_totals.edit(Service::Payment.stream(), at)?;
        totals.get_or_insert_default().fold(event);
        Ok(())
    }

    fn fold_shipment(&mut self, event: &StoredEvent) -> Result<(), Damaged> {
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        if is_about_one_order(event.headers.kind) {
            ShipmentRecord::fold(self.shipments.edit(id, at)?, event);
        }
        let totals = self.shipment_totals.edit(Service::Shipping.stream(), at)?;
        totals.get_or_insert_default().fold(event);
        Ok(())
    }

    pub(super) fn into_changes(mut self) -> Result<Changes, Damaged> {
        let mut indexes = std::mem::take(&mut self.indexes);
        indexes.extend(self.touched_orders.iter().filter_map(|id| self.unsettled(id)));
        let mut records = Vec::new();
        for shelf in self.shelves() {
            shelf.list_changed(&mut records)?;
        }
        Ok(Changes { records, indexes, parked: Vec::new() })
    }

    /// Whether the order belongs among those that are not settled. Says nothing of an order that
    /// ORDER has not told of yet: its `order.placed` will come, and bring it here again.
    fn unsettled(&self, id: &str) -> Option<IndexChange> {
        let saga = Saga {
            order: self.orders.get(id),
            stock: self.stocks.get(id),
            payment: self.payments.get(id),
            shipment: self.shipments.get(id),
        };
        let since = saga.order?.expected_from();
        let score = (!saga.settled()).then_some(since.micros() / 1_000);
        Some(IndexChange { index: keys::UNSETTLED.to_owned(), member: id.to_owned(), score })
    }

    fn shelves(&mut self) -> [&mut dyn Shelf; 12] {
        [
            &mut self.orders,
            &mut self.stocks,
            &mut self.payments,
            &mut self.shipments,
            &mut self.customers,
            &mut self.products,
            &mut self.days,
            &mut self.sales,
            &mut self.entity_totals,
            &mut self.stock_totals,
            &mut self.account_totals,
            &mut self.shipment_totals,
        ]
    }
}

fn placed_in_indexes(id: &str, order: &OrderRecord) -> [IndexChange; 2] {
    let date = &order.business_date;
    let digits: String = date.chars().filter(char::is_ascii_digit).collect();
    [
        IndexChange {
            index: keys::customer_orders(order.customer.customer.id.as_str()),
            member: id.to_owned(),
            score: Some(order.number().cast_signed()),
        },
        IndexChange {
            index: keys::DAYS.to_owned(),
            member: date.clone(),
            score: Some(digits.parse().unwrap_or(0)),
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
