//! Which records an event is folded into.

use contracts::choreography::MURMURATION;
use contracts::{Event, StoredEvent, kind, service};
use protocol::{Kind, Service, Timestamp};

use super::Records;
use super::latency::STEPS;
use super::order::{Order, Step, state_after};
use super::sold::{self, Booking, Grouping, month_of};

/// Minutes and hours that are kept: each shares its record with the one that is so many before it.
const MINUTES: Ring = Ring { seconds: 60, slots: 60 };
const HOURS: Ring = Ring { seconds: 3_600, slots: 48 };

#[derive(Clone, Copy)]
struct Ring {
    seconds: i64,
    slots: i64,
}

impl Ring {
    const fn number(self, time: Timestamp) -> i64 {
        time.micros().div_euclid(self.seconds * 1_000_000)
    }
}

impl Records {
    /// Folds an event into every record that it touches. Says whether it could be.
    pub(super) fn fold(&mut self, event: &StoredEvent) -> bool {
        let service = event.headers.kind.service();
        let folded = match service {
            service::CUSTOMER => self.fold_customer(event),
            service::PRODUCT => self.fold_product(event),
            service::ORDER => self.fold_order(event),
            service::INVENTORY => self.fold_inventory(event),
            service::PAYMENT => self.fold_payment(event),
            service::SHIPPING => self.fold_shipping(event),
            _ => false,
        };
        if folded && is_of_order(event.headers.kind) {
            self.measure(event);
            self.count_refund(event);
        }
        folded
    }

    fn fold_customer(&mut self, event: &StoredEvent) -> bool {
        let at = event.headers.sequence;
        if let Event::CustomerRegistered(customer)
        | Event::CustomerChanged(customer)
        | Event::CustomerClosed(customer) = &event.event
        {
            self.customers.put(event.headers.id.as_str(), at, customer.clone());
        }
        self.entities.edit(service::CUSTOMER.stream(), at).take(event);
        true
    }

    fn fold_product(&mut self, event: &StoredEvent) -> bool {
        let at = event.headers.sequence;
        if let Event::ProductListed(product)
        | Event::ProductChanged(product)
        | Event::ProductDiscontinued(product) = &event.event
        {
            self.products.put(event.headers.id.as_str(), at, product.clone());
        }
        self.entities.edit(service::PRODUCT.stream(), at).take(event);
        true
    }

    fn fold_order(&mut self, event: &StoredEvent) -> bool {
        let (id, at, kind) =
            (event.headers.id.as_str(), event.headers.sequence, event.headers.kind);
        if !is_of_order(kind) {
            return true;
        }
        let known = self.orders.find(id, at);
        let before = known.as_ref().map_or("", |order| state_after(&order.steps));
        match (known, &event.event) {
            (None, Event::OrderPlaced(placed)) => {
                self.orders.put(id, at, Order::of(event, placed));
            }
            (Some(order), _) if kind != kind::ORDER_PLACED => order.take(event),
            _ => return false,
        }
        let Some(order) = self.orders.get(id) else { return true };
        self.days.edit(&order.business_date, at).take(before, order, event);
        self.sales.edit(service::ORDER.stream(), at).take(before, order, event);
        for (ring, slots) in [(MINUTES, &mut self.minutes), (HOURS, &mut self.hours)] {
            let number = ring.number(event.headers.time);
            let slot = number.rem_euclid(ring.slots).to_string();
            slots.edit(&slot, at).take(number, order, event);
        }
        if kind == kind::ORDER_COMPLETED {
            let (date, bookings) = (order.business_date.clone(), sold::of_sale(order));
            self.book_sale(&date, &bookings, at);
        }
        true
    }

    fn book_sale(&mut self, date: &str, bookings: &[Booking], at: u64) {
        self.book(service::ORDER, date, bookings, at);
        let leaders = self.leaders.edit(service::ORDER.stream(), at);
        for booking in bookings {
            if !matches!(booking.grouping, Grouping::Product | Grouping::Customer) {
                continue;
            }
            let seller = format!("{}/{}", booking.grouping.name(), booking.key);
            let in_all = self.sellers.edit(&seller, at).add(month_of(date), booking);
            leaders.take(booking, in_all);
        }
    }

    fn book(&mut self, service: Service, date: &str, bookings: &[Booking], at: u64) {
        let (stream, month) = (service.stream(), month_of(date));
        for booking in bookings {
            let id = format!("{stream}/{}/{month}/{}", booking.grouping.name(), booking.key);
            self.ledgers.edit(&id, at).add(date, booking);
        }
    }

    fn fold_inventory(&mut self, event: &StoredEvent) -> bool {
        let at = event.headers.sequence;
        if is_of_order(event.headers.kind) {
            self.reservations.edit(event.headers.id.as_str(), at).take(event);
        }
        let on_hand = &mut self.on_hand;
        #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else moves goods")]
        match &event.event {
            Event::InventoryStocked(stocked) => {
                on_hand.edit(stocked.sku.as_str(), at).stock(u64::from(stocked.quantity));
            }
            Event::InventoryReserved(reserved) => {
                for line in &reserved.lines {
                    on_hand.edit(line.sku.as_str(), at).reserve(u64::from(line.quantity));
                }
            }
            Event::InventoryReleased(back) => {
                for line in &back.lines {
                    on_hand.edit(line.sku.as_str(), at).release(u64::from(line.quantity));
                }
            }
            Event::InventoryCommitted(gone) => {
                for line in &gone.lines {
                    on_hand.edit(line.sku.as_str(), at).commit(u64::from(line.quantity));
                }
            }
            _ => {}
        }
        self.stock.edit(service::INVENTORY.stream(), at).take(event);
        true
    }

    fn fold_payment(&mut self, event: &StoredEvent) -> bool {
        let (id, at) = (event.headers.id.as_str(), event.headers.sequence);
        if is_of_order(event.headers.kind) {
            self.payments.edit(id, at).take(event);
        }
        if let Event::PaymentRefunded(refunded) = &event.event {
            let payment = self.payments.get(refunded.order_id.as_str());
            let country = payment.and_then(|payment| payment.country.as_deref());
            let name = payment.and_then(|payment| payment.customer_name.as_deref());
            let customer = (refunded.customer_id.as_str(), name.unwrap_or_default());
            let bookings = sold::of_refund(customer, refunded.amount, country);
            self.book(service::PAYMENT, &event.headers.time.day(), &bookings, at);
        }
        self.accounts.edit(service::PAYMENT.stream(), at).take(event);
        true
    }

    fn fold_shipping(&mut self, event: &StoredEvent) -> bool {
        let at = event.headers.sequence;
        if is_of_order(event.headers.kind) {
            self.shipments.edit(event.headers.id.as_str(), at).take(event);
        }
        self.parcels.edit(service::SHIPPING.stream(), at).take(event);
        true
    }

    /// Counts the steps of which this event is the second end to come, whichever that is.
    fn measure(&mut self, event: &StoredEvent) {
        let (id, kind) = (event.headers.id.as_str(), event.headers.kind);
        let is_first =
            self.time_of(id, kind).is_some_and(|(sequence, _)| sequence == event.headers.sequence);
        if !is_first {
            return;
        }
        for (name, from, to) in STEPS.iter().filter(|(_, from, to)| *from == kind || *to == kind) {
            let ends = self.time_of(id, *from).zip(self.time_of(id, *to));
            if let Some(((_, start), (_, end))) = ends {
                self.latencies.edit(name, 0).take(start, end);
            }
        }
    }

    /// Counts what was paid back once both that and the order's end have come, whichever is the second.
    fn count_refund(&mut self, event: &StoredEvent) {
        let (id, kind) = (event.headers.id.as_str(), event.headers.kind);
        if !MURMURATION.ends.contains(&kind) && kind != kind::PAYMENT_REFUNDED {
            return;
        }
        let end = self.orders.get(id).and_then(|order| order.end.as_ref());
        let refunded = self.payments.get(id).and_then(|payment| payment.refunded);
        if let (Some(end), Some(amount)) = (end, refunded) {
            let refunds = self.refunds.edit(service::PAYMENT.stream(), 0);
            refunds.entry(end.reason).or_default().take(amount);
        }
    }

    /// The row and the time of the first event of that kind about an order.
    fn time_of(&self, id: &str, kind: Kind) -> Option<(u64, Timestamp)> {
        let step = self.steps(id, kind.service()).iter().find(|step| step.kind == kind)?;
        Some((step.sequence, step.time))
    }

    /// What one service said of an order.
    pub(super) fn steps(&self, id: &str, service: Service) -> &[Step] {
        let steps = match service {
            service::ORDER => self.orders.get(id).map(|order| &order.steps),
            service::INVENTORY => self.reservations.get(id).map(|stock| &stock.steps),
            service::PAYMENT => self.payments.get(id).map(|payment| &payment.steps),
            service::SHIPPING => self.shipments.get(id).map(|shipment| &shipment.steps),
            _ => None,
        };
        steps.map_or(&[], Vec::as_slice)
    }
}

/// Whether events of this kind have an order's id, and are a part of its story.
fn is_of_order(kind: Kind) -> bool {
    let service = kind.service();
    !matches!(service, service::CUSTOMER | service::PRODUCT)
        && !matches!(kind, kind::INVENTORY_STOCKED | kind::PAYMENT_SETTLED)
        && !kind.is_recovered()
}
