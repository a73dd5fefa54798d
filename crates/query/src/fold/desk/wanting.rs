//! Which records must be read before a batch can be folded.
//!
//! First what the events name themselves, then what the orders that they are about name.

use contracts::events::order::Placed;
use contracts::events::payment::{Charged, Refunded};
use contracts::{Event, Id, Kind, Service, StoredEvent};
use foldhash::HashMap;

use super::{Desk, is_about_one_order};
use crate::keys;
use crate::records::booking::{Booking, Sale, bookings_of_refund};
use crate::records::ledger::month_of;
use crate::records::on_hand::movements;
use crate::records::pulse::{HOURS, MINUTES};
use crate::saga::pace::STRIDES;

/// What a batch itself says of the orders that it is about.
#[derive(Default)]
struct Told<'a> {
    placed: HashMap<&'a Id, &'a Placed>,
    charged: HashMap<&'a Id, &'a Charged>,
}

impl Desk {
    /// Wants what the event touches, as far as the event itself says it.
    pub(in crate::fold) fn want(&mut self, event: &StoredEvent) {
        if is_about_one_order(event.headers.kind) {
            self.want_order(event.headers.id.as_str());
            self.want_latencies(event.headers.kind);
        }
        let (id, stream) = (event.headers.id.as_str(), event.headers.kind.service().stream());
        match event.headers.kind.service() {
            Service::Customer => {
                self.tables.customers.want(id);
                self.tables.entity_totals.want(stream);
            }
            Service::Product => {
                self.tables.products.want(id);
                self.tables.entity_totals.want(stream);
            }
            Service::Order => {
                self.tables.sales.want(stream);
                let time = event.headers.time;
                self.tables.minutes.want(&MINUTES.slot(MINUTES.number(time)));
                self.tables.hours.want(&HOURS.slot(HOURS.number(time)));
            }
            Service::Inventory => {
                self.tables.stock_totals.want(stream);
                movements(&event.event)
                    .keys()
                    .for_each(|sku| self.tables.on_hand.want(sku.as_str()));
            }
            Service::Payment => self.tables.account_totals.want(stream),
            Service::Shipping => self.tables.shipment_totals.want(stream),
        }
    }

    /// All four records of an order: whether it is settled and how long its steps took are rules
    /// over all of them.
    fn want_order(&mut self, id: &str) {
        if self.touched_orders.contains(id) {
            return;
        }
        self.tables.orders.want(id);
        self.tables.stocks.want(id);
        self.tables.payments.want(id);
        self.tables.shipments.want(id);
        self.touched_orders.insert(id.to_owned());
    }

    /// Of the steps that such an event begins or ends; whether the other end is there, too, is known later.
    fn want_latencies(&mut self, kind: Kind) {
        for stride in STRIDES.iter().filter(|stride| stride.from == kind || stride.to == kind) {
            self.tables.latencies.want(stride.name);
        }
    }

    /// Wants what the orders of these events are counted and booked to.
    pub(in crate::fold) fn want_booked<'a>(
        &mut self,
        events: impl Iterator<Item = &'a StoredEvent> + Clone,
    ) {
        let told = Told::of(events.clone());
        for event in events {
            if let Event::OrderPlaced(placed) = &event.event {
                self.tables.days.want(&placed.business_date);
            } else if event.headers.kind.service() == Service::Order {
                self.want_sale(&told, event);
            }
            if let Event::PaymentRefunded(refunded) = &event.event {
                self.want_refund(&told, refunded, &event.headers.time.day());
            }
        }
    }

    fn want_sale(&mut self, told: &Told<'_>, event: &StoredEvent) {
        let id = &event.headers.id;
        let placed = || told.placed.get(id).map(|placed| Sale::from(*placed));
        let known = self.tables.orders.get(id.as_str()).map(Sale::from);
        let Some(sale) = known.or_else(placed) else { return };
        let date = sale.date.to_owned();
        let completed = event.headers.kind == Kind::OrderCompleted;
        let bookings = if completed { sale.bookings() } else { Vec::new() };
        self.tables.days.want(&date);
        if completed {
            self.tables.leaders.want(Service::Order.stream());
            self.want_ledgers(Service::Order, &date, &bookings);
        }
        for booking in bookings.iter().filter(|booking| booking.has_seller()) {
            self.tables.sellers.want(&keys::seller(booking.grouping, &booking.key));
        }
    }

    /// Of both countries, should the charge be told again with another.
    fn want_refund(&mut self, told: &Told<'_>, refunded: &Refunded, date: &str) {
        let known = self.tables.payments.get(refunded.order_id.as_str());
        let known = known.and_then(|payment| payment.country.clone());
        let charged = told.charged.get(&refunded.order_id);
        let charged = charged.map(|charged| charged.customer.customer.address.country.as_str());
        for country in [known.as_deref(), charged] {
            self.want_ledgers(Service::Payment, date, &bookings_of_refund(refunded, None, country));
        }
    }

    fn want_ledgers(&mut self, service: Service, date: &str, bookings: &[Booking]) {
        for Booking { grouping, key, .. } in bookings {
            self.tables.ledgers.want(&keys::ledger(service, *grouping, month_of(date), key));
        }
    }
}

impl<'a> Told<'a> {
    fn of(events: impl Iterator<Item = &'a StoredEvent>) -> Self {
        let mut told = Self::default();
        for event in events {
            if let Event::OrderPlaced(placed) = &event.event {
                told.placed.entry(&placed.order_id).or_insert(placed);
            }
            if let Event::PaymentCharged(charged) = &event.event {
                told.charged.insert(&charged.order_id, charged);
            }
        }
        told
    }
}
