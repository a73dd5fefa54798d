//! The auditor's own fold of all streams: what happened to each order, each SKU and each account.
//!
//! It knows the published language and nothing of the services' code. Each part folds one stream, so
//! that it does not matter how streams interleave while they are read.

pub mod account;
pub mod newcomer;
pub mod order;
pub mod stock;
pub mod stream;

use std::collections::BTreeMap;
use std::fmt;

use contracts::events::{Customer, Product};
use contracts::{CustomerId, Event, OrderId, Sku, StoredEvent, kind, service};
use protocol::{Chain, Headers, Id, Kind, Row, Service};
use serde::{Serialize, Serializer};

use account::AccountFold;
use newcomer::NewcomerFold;
use order::OrderFold;
use stock::StockFold;
use stream::StreamFold;

/// A row of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRef {
    /// Whose stream.
    pub service: Service,
    /// Which row.
    pub sequence: u64,
}

/// Everything that the streams say, up to where they were read.
#[derive(Debug, Default)]
pub struct Fold {
    /// Each stream's rows, keys and vectors.
    pub streams: BTreeMap<Service, StreamFold>,
    /// Each order, with what every service said of it.
    pub orders: BTreeMap<OrderId, OrderFold>,
    /// Each customer's orders, in the order in which they were placed.
    pub orders_of: BTreeMap<CustomerId, Vec<OrderId>>,
    /// The orders that each SKU stands in.
    pub orders_with: BTreeMap<Sku, Vec<OrderId>>,
    /// Each SKU's movements.
    pub stock: BTreeMap<Sku, StockFold>,
    /// Each customer's account.
    pub accounts: BTreeMap<CustomerId, AccountFold>,
    /// Each customer's states, by version.
    pub customers: BTreeMap<CustomerId, BTreeMap<u64, Customer>>,
    /// Each product's states, by version.
    pub products: BTreeMap<Sku, BTreeMap<u64, Product>>,
    /// Each service beside the shop's.
    pub newcomers: BTreeMap<Service, NewcomerFold>,
    /// The newest version of any customer that a charge names.
    customer_named: u64,
}

impl Fold {
    /// Takes the next event of a stream.
    pub fn take(&mut self, event: &StoredEvent) {
        let kind = event.headers.kind;
        self.take_envelope(&event.headers, event.chain);
        if kind.is_recovered() {
            return;
        }
        match kind.service() {
            service::CUSTOMER => self.take_customer(event),
            service::PRODUCT => self.take_product(event),
            service::ORDER | service::SHIPPING => self.take_order(event),
            service::INVENTORY => self.take_inventory(event),
            service::PAYMENT => self.take_payment(event),
            _ => {}
        }
    }

    /// Takes the next event of a service beside the shop's, of which only the envelope is understood.
    pub fn take_beside(&mut self, headers: &Headers, chain: Chain) {
        self.take_envelope(headers, chain);
        if !headers.kind.is_recovered() {
            self.newcomers.entry(headers.kind.service()).or_default().take(headers);
        }
    }

    /// Takes a row that is not understood: it counts, and says nothing.
    pub fn skip(&mut self, service: Service, row: &Row) {
        let keeps_kinds = !self.newcomers.is_empty();
        let stream = self.streams.entry(service).or_default();
        stream.chains.push(row.chain);
        stream.kinds.extend(keeps_kinds.then_some(None));
    }

    /// The kind of a row, where there is somebody beside the shop who may have reacted to it.
    pub fn kind_at(&self, place: RowRef) -> Option<Kind> {
        self.streams.get(&place.service)?.kind_at(place.sequence)
    }

    fn take_envelope(&mut self, headers: &Headers, chain: Chain) {
        let keeps_kinds = !self.newcomers.is_empty();
        let stream = self.streams.entry(headers.kind.service()).or_default();
        stream.take(headers, chain);
        stream.kinds.extend(keeps_kinds.then_some(Some(headers.kind)));
    }

    /// Orders that are not settled: not ended, or ended and somebody still owes something.
    pub fn unsettled(&self) -> impl Iterator<Item = (&OrderId, &OrderFold)> {
        self.orders.iter().filter(|(id, order)| !self.is_settled(id, order))
    }

    /// Whether an order has ended and nobody owes anything any more, in the shop or beside it.
    pub fn is_settled(&self, id: &Id, order: &OrderFold) -> bool {
        order.is_settled() && self.newcomers.values().all(|one| one.owed(id, order).is_empty())
    }

    /// How far a stream was read.
    pub fn rows(&self, service: Service) -> u64 {
        self.streams.get(&service).map_or(0, StreamFold::rows)
    }

    /// How far each stream must be read for all that was read to have its causes: the positions that
    /// events name, and the states of customers that charges name.
    pub fn named(&self) -> BTreeMap<Service, u64> {
        let mut named = BTreeMap::from([(service::CUSTOMER, self.customer_named)]);
        for (service, position) in self.streams.values().flat_map(|stream| &stream.vector.0) {
            let furthest = named.entry(*service).or_default();
            *furthest = position.sequence.max(*furthest);
        }
        named
    }

    fn take_order(&mut self, event: &StoredEvent) {
        let id = &event.headers.id;
        let order = self.orders.entry(id.clone().into()).or_default();
        let is_new = order.agreed.is_none();
        order.take(event);
        if let Some(agreed) = order.agreed.as_ref().filter(|_| is_new) {
            self.orders_of.entry(agreed.customer.clone()).or_default().push(id.clone().into());
            for sku in agreed.units.keys() {
                self.orders_with.entry(sku.clone()).or_default().push(id.clone().into());
            }
        }
    }

    fn take_inventory(&mut self, event: &StoredEvent) {
        for (sku, movement) in stock::movements(event) {
            self.stock.entry(sku).or_default().movements.push(movement);
        }
        if event.headers.kind != kind::INVENTORY_STOCKED {
            self.take_order(event);
        }
    }

    fn take_payment(&mut self, event: &StoredEvent) {
        if let Some((customer, movement)) = account::movement(event) {
            if let account::What::Charged { version, .. } = movement.what {
                self.customer_named = version.max(self.customer_named);
            }
            self.accounts.entry(customer).or_default().movements.push(movement);
        }
        if event.headers.kind != kind::PAYMENT_SETTLED {
            self.take_order(event);
        }
    }

    fn take_customer(&mut self, event: &StoredEvent) {
        if let Event::CustomerRegistered(state)
        | Event::CustomerChanged(state)
        | Event::CustomerClosed(state) = &event.event
        {
            let versions = self.customers.entry(state.id.clone()).or_default();
            versions.insert(event.headers.sequence, state.clone());
        }
    }

    fn take_product(&mut self, event: &StoredEvent) {
        if let Event::ProductListed(state)
        | Event::ProductChanged(state)
        | Event::ProductDiscontinued(state) = &event.event
        {
            let versions = self.products.entry(state.sku.clone()).or_default();
            versions.insert(event.headers.sequence, state.clone());
        }
    }
}

impl fmt::Display for RowRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service.stream(), self.sequence)
    }
}

impl Serialize for RowRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
