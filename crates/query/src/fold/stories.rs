//! The story of each order: what the four streams that speak of it say. Views may look at it.

use contracts::{OrderId, StoredEvent, service};
use foldhash::{HashMap, HashMapExt as _};
use protocol::Id;

use super::changes::IndexChange;
use super::family::{AnyFamily, Damaged, Family, Handle};
use crate::keys;
use crate::projection::{EventContext, is_about_one_order};
use crate::projections::orders::{self, OrderRecord};
use crate::projections::payments::PaymentRecord;
use crate::projections::reservations::StockRecord;
use crate::projections::shipments::ShipmentRecord;
use crate::projections::unsettled;
use crate::records::Contradiction;
use crate::saga::Saga;

/// The records of orders.
#[derive(Debug)]
pub(super) struct Stories {
    orders: Family<OrderRecord>,
    reservations: Family<StockRecord>,
    payments: Family<PaymentRecord>,
    shipments: Family<ShipmentRecord>,
    /// The orders that this batch is about.
    touched: HashMap<OrderId, Story>,
}

/// The four records of one order: whether it is settled and how long its steps took are rules over all
/// of them.
#[derive(Clone, Copy, Debug)]
struct Story {
    order: Handle,
    reservation: Handle,
    payment: Handle,
    shipment: Handle,
}

impl Default for Stories {
    fn default() -> Self {
        Self {
            orders: Family::new(keys::ORDER, orders::index),
            reservations: Family::new(keys::STOCK, |_, _| {}),
            payments: Family::new(keys::PAYMENT, |_, _| {}),
            shipments: Family::new(keys::SHIPMENT, |_, _| {}),
            touched: HashMap::new(),
        }
    }
}

impl Stories {
    /// Wants the records of an order.
    pub(super) fn want(&mut self, id: &Id) {
        self.story(id);
    }

    fn story(&mut self, id: &Id) -> Story {
        if let Some(story) = self.touched.get(id) {
            return *story;
        }
        let text = id.as_str();
        let story = Story {
            order: self.orders.want(text),
            reservation: self.reservations.want(text),
            payment: self.payments.want(text),
            shipment: self.shipments.want(text),
        };
        self.touched.insert(id.clone().into(), story);
        story
    }

    /// Folds an event into the records of its order, if it is about one.
    pub(super) fn fold<'a>(
        &'a mut self,
        event: &'a StoredEvent,
    ) -> Result<Result<EventContext<'a>, Contradiction>, Damaged> {
        if !is_about_one_order(event.headers.kind) {
            return Ok(Ok(EventContext { event, saga: Saga::default(), from: "" }));
        }
        let story = self.story(&event.headers.id);
        let from = self.orders.get(story.order).map_or("", OrderRecord::state);
        let at = Some(event.headers.sequence);
        match event.headers.kind.service() {
            service::ORDER => {
                if let Err(error) = OrderRecord::fold(self.orders.edit(story.order, at)?, event) {
                    return Ok(Err(error));
                }
            }
            service::INVENTORY => {
                StockRecord::fold(self.reservations.edit(story.reservation, at)?, event);
            }
            service::PAYMENT => PaymentRecord::fold(self.payments.edit(story.payment, at)?, event),
            service::SHIPPING => {
                ShipmentRecord::fold(self.shipments.edit(story.shipment, at)?, event);
            }
            _ => {}
        }
        Ok(Ok(EventContext { event, saga: self.saga(story), from }))
    }

    fn saga(&self, story: Story) -> Saga<'_> {
        Saga {
            order: self.orders.get(story.order),
            stock: self.reservations.get(story.reservation),
            payment: self.payments.get(story.payment),
            shipment: self.shipments.get(story.shipment),
        }
    }

    /// Says of each order that the batch is about whether it belongs among those that are not settled.
    pub(super) fn list_unsettled(&self, entries: &mut Vec<IndexChange>) {
        let mut touched: Vec<_> = self.touched.iter().collect();
        touched.sort_unstable_by_key(|(id, _)| *id);
        let entry =
            |(id, story): (&OrderId, &Story)| unsettled::entry(id.as_str(), &self.saga(*story));
        entries.extend(touched.into_iter().filter_map(entry));
    }

    pub(super) fn families(&mut self) -> [&mut dyn AnyFamily; 4] {
        [&mut self.orders, &mut self.reservations, &mut self.payments, &mut self.shipments]
    }

    pub(super) fn end_batch(&mut self) {
        self.touched.clear();
    }
}
