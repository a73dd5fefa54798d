//! Streams as the services would write them: chained rows of whole sagas, with every kind of end.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;

use contracts::events::order::{EndReason, Ended, Placed, Prepared};
use contracts::events::payment::{Charged, DeclineReason, Declined, Refunded, Settled, Voided};
use contracts::events::shipping::{CancelReason, Cancelled, Created, Dispatched, Recipient};
use contracts::events::{Address, Customer, Line, Product, Snapshot, inventory, order};
use contracts::{Event, Money, OrderId, StoredEvent, service};
use protocol::{Cause, Headers, HistoryId, Position, Row, Service, Timestamp, Vector};

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Reserved, charged, confirmed, dispatched, committed.
    Completed,
    /// A line falls short.
    OutOfStock,
    /// Over the limit: the reservation is released.
    Declined,
    /// All is taken, then all is undone within the hand-over window.
    CancelledInWindow,
    /// Payment hears of the end before it charges, and puts up a tombstone.
    DeadlinePassed,
    /// Charged, and shipping says nothing.
    WaitsForShipping,
    /// Placed, and nobody says anything.
    JustPlaced,
}

impl Fate {
    pub(crate) const ALL: [Self; 7] = [
        Self::Completed,
        Self::OutOfStock,
        Self::Declined,
        Self::CancelledInWindow,
        Self::DeadlinePassed,
        Self::WaitsForShipping,
        Self::JustPlaced,
    ];
}

/// The six streams.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) rows: BTreeMap<Service, Vec<Row>>,
    id: HistoryId,
    clock: i64,
}

pub(crate) const QUANTITY: u32 = 2;
pub(crate) const PRICE: i64 = 1_250;
pub(crate) const TOTAL: i64 = PRICE * QUANTITY as i64;

pub(crate) fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(crate) fn gbp(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

pub(crate) fn customer(name: &str) -> Customer {
    Customer {
        id: id(name),
        name: format!("Customer {name}"),
        address: Address {
            street: "Mill Lane 1".into(),
            city: "Bath".into(),
            country: "GB".into(),
        },
        credit_limit: gbp(1_000_000),
        closed: false,
    }
}

impl History {
    /// Streams that begin now, told apart from others by `name`.
    pub(crate) fn begin(name: u8) -> Self {
        Self {
            rows: service::ALL.into_iter().map(|service| (service, Vec::new())).collect(),
            id: HistoryId::from_bytes([name; 16]),
            clock: 1_769_848_000_000_000,
        }
    }

    /// Appends an event; says which row it became.
    pub(crate) fn emit(&mut self, event: Event, cause: Cause) -> Cause {
        let service = event.kind().service();
        self.clock += 1_500;
        let before = self.head(service);
        let headers = Headers {
            sequence: before.sequence + 1,
            kind: event.kind(),
            version: 1,
            id: event.id().clone(),
            time: Timestamp::from_micros(self.clock),
            cause,
            vector: Vector::default(),
            history: self.id,
            traceparent: None,
            idempotency: None,
            seal: None,
        };
        let sequence = headers.sequence;
        let mut row = StoredEvent { headers, event, chain: before.chain }.to_row().unwrap();
        row.chain = before.chain.next(&row.subject, &row.headers, &row.payload);
        self.rows.get_mut(&service).unwrap().push(row);
        Cause::Event { service, sequence }
    }

    pub(crate) fn head(&self, service: Service) -> Position {
        self.rows[&service].last().map_or_else(Position::default, Row::position)
    }

    pub(crate) fn command(&mut self, event: Event) -> Cause {
        self.emit(event, Cause::Command("test".into()))
    }

    /// One customer, one product, and its stock.
    pub(crate) fn open_shop(&mut self) {
        self.command(Event::CustomerRegistered(customer("c-1")));
        self.command(Event::ProductListed(Product {
            sku: id("MUG"),
            name: "Mug".into(),
            price: gbp(PRICE),
            discontinued: false,
        }));
        let stocked = inventory::Stocked { sku: id("MUG"), quantity: 1_000, on_hand: 1_000 };
        self.command(Event::InventoryStocked(stocked));
    }

    /// An order with this fate.
    pub(crate) fn order(&mut self, order: &str, fate: Fate) {
        let placed = self.place(order, "c-1", "2026-01-31", 60_000);
        match fate {
            Fate::JustPlaced => {}
            Fate::OutOfStock => {
                let shortage =
                    inventory::Shortage { sku: id("MUG"), wanted: QUANTITY, available: 1 };
                let rejected =
                    inventory::Rejected { order_id: id(order), shortages: vec![shortage] };
                let cause = self.emit(Event::InventoryRejected(rejected), placed);
                self.end(order, EndReason::OutOfStock, cause);
            }
            Fate::Declined => {
                let cause = self.reserve(order, placed);
                let cause = self.decline(order, cause);
                let cause = self.end(order, EndReason::PaymentDeclined, cause);
                self.emit(Event::InventoryReleased(returned(order)), cause);
            }
            Fate::DeadlinePassed => {
                self.reserve(order, placed);
                let cause = Cause::Timer("deadline".into());
                let end = self.end(order, EndReason::DeadlinePassed, cause);
                self.emit(Event::InventoryReleased(returned(order)), end.clone());
                self.emit(Event::PaymentVoided(Voided { order_id: id(order) }), end.clone());
                self.emit(Event::ShippingCancelled(cancelled(order)), end);
            }
            Fate::WaitsForShipping => {
                let cause = self.reserve(order, placed);
                self.charge(order, cause);
            }
            Fate::Completed => self.complete(order, placed),
            Fate::CancelledInWindow => self.cancel_in_window(order, placed),
        }
    }

    pub(crate) fn place(&mut self, order: &str, who: &str, date: &str, hand_over_ms: u32) -> Cause {
        let deadline = Timestamp::from_micros(self.clock).plus_millis(30_000);
        self.command(Event::OrderPlaced(Placed {
            order_id: id(order),
            customer: snapshot(who),
            lines: lines(),
            total: gbp(TOTAL),
            deadline,
            hand_over_ms,
            business_date: date.into(),
        }))
    }

    fn complete(&mut self, order: &str, placed: Cause) {
        let cause = self.reserve(order, placed);
        let cause = self.charge(order, cause);
        let cause = self.ship(order, cause);
        let confirmed = order::Confirmed { order_id: id(order) };
        let cause = self.emit(Event::OrderConfirmed(confirmed), cause);
        let dispatched = Dispatched { order_id: id(order) };
        let cause = self.emit(Event::ShippingDispatched(dispatched), cause);
        let cause = self.end(order, EndReason::Dispatched, cause);
        self.emit(Event::InventoryCommitted(returned(order)), cause);
    }

    fn cancel_in_window(&mut self, order: &str, placed: Cause) {
        let cause = self.reserve(order, placed);
        let cause = self.charge(order, cause);
        let cause = self.ship(order, cause);
        let until = Timestamp::from_micros(self.clock).plus_millis(60_000);
        self.emit(Event::OrderPrepared(Prepared { order_id: id(order), until }), cause);
        let end = self.end(order, EndReason::Requested, Cause::Command("cancel".into()));
        self.emit(Event::InventoryReleased(returned(order)), end.clone());
        let refunded = Refunded {
            order_id: id(order),
            customer_id: id("c-1"),
            amount: gbp(TOTAL),
            outstanding: gbp(0),
        };
        self.emit(Event::PaymentRefunded(refunded), end.clone());
        self.emit(Event::ShippingCancelled(cancelled(order)), end);
    }

    pub(crate) fn reserve(&mut self, order: &str, cause: Cause) -> Cause {
        let reserved = inventory::Reserved {
            order_id: id(order),
            customer: snapshot("c-1"),
            lines: lines(),
            total: gbp(TOTAL),
        };
        self.emit(Event::InventoryReserved(reserved), cause)
    }

    pub(crate) fn charge(&mut self, order: &str, cause: Cause) -> Cause {
        let charged = Charged {
            order_id: id(order),
            customer: snapshot("c-1"),
            lines: lines(),
            amount: gbp(TOTAL),
            outstanding: gbp(TOTAL),
        };
        self.emit(Event::PaymentCharged(charged), cause)
    }

    fn decline(&mut self, order: &str, cause: Cause) -> Cause {
        let declined = Declined {
            order_id: id(order),
            customer_id: id("c-1"),
            reason: DeclineReason::OverLimit,
            amount: gbp(TOTAL),
            outstanding: gbp(999_000),
            limit: gbp(1_000_000),
            customer_version: 1,
        };
        self.emit(Event::PaymentDeclined(declined), cause)
    }

    fn ship(&mut self, order: &str, cause: Cause) -> Cause {
        let created = Created {
            order_id: id(order),
            recipient: recipient(&customer("c-1")),
            units: u64::from(QUANTITY),
        };
        self.emit(Event::ShippingCreated(created), cause)
    }

    pub(crate) fn end(&mut self, order: &str, reason: EndReason, cause: Cause) -> Cause {
        let ended = Ended { order_id: id(order), reason, detail: String::new() };
        let event = match reason {
            EndReason::Dispatched => Event::OrderCompleted(ended),
            EndReason::OutOfStock | EndReason::PaymentDeclined => Event::OrderRejected(ended),
            EndReason::Requested | EndReason::DeadlinePassed | EndReason::ShipmentFailed => {
                Event::OrderCancelled(ended)
            }
        };
        self.emit(event, cause)
    }

    /// An order of this customer with these lines, from placed to completed.
    pub(crate) fn sell(&mut self, order: &str, buyer: &Customer, date: &str, lines: &[Line]) {
        let total = lines.iter().map(|line| line.unit_price.minor * i64::from(line.quantity)).sum();
        let total = Money::new(total, buyer.credit_limit.currency);
        let (order_id, lines): (OrderId, _) = (id(order), lines.to_vec());
        let customer = Snapshot { version: 1, customer: buyer.clone() };
        let units = lines.iter().map(|line| u64::from(line.quantity)).sum();
        let returned = lines
            .iter()
            .map(|line| inventory::Units { sku: line.sku.clone(), quantity: line.quantity });
        let returned =
            inventory::Returned { order_id: order_id.clone(), lines: returned.collect() };
        let cause = self.command(Event::OrderPlaced(Placed {
            order_id: order_id.clone(),
            customer: customer.clone(),
            lines: lines.clone(),
            total,
            deadline: Timestamp::from_micros(self.clock).plus_millis(30_000),
            hand_over_ms: 0,
            business_date: date.into(),
        }));
        let cause = self.emit(
            Event::InventoryReserved(inventory::Reserved {
                order_id: order_id.clone(),
                customer: customer.clone(),
                lines: lines.clone(),
                total,
            }),
            cause,
        );
        let (amount, outstanding) = (total, total);
        let order_of = order_id.clone();
        let charged = Charged { order_id: order_of, customer, lines, amount, outstanding };
        let cause = self.emit(Event::PaymentCharged(charged), cause);
        let created = Created { order_id: order_id.clone(), recipient: recipient(buyer), units };
        let cause = self.emit(Event::ShippingCreated(created), cause);
        let confirmed = order::Confirmed { order_id: order_id.clone() };
        let cause = self.emit(Event::OrderConfirmed(confirmed), cause);
        let cause = self.emit(Event::ShippingDispatched(Dispatched { order_id }), cause);
        let cause = self.end(order, EndReason::Dispatched, cause);
        self.emit(Event::InventoryCommitted(returned), cause);
    }

    /// An order of one unit at this price, which is declined.
    pub(crate) fn decline_one(&mut self, order: &str, price: i64) {
        let placed = self.command(Event::OrderPlaced(Placed {
            order_id: id(order),
            customer: snapshot("c-1"),
            lines: vec![Line { quantity: 1, unit_price: gbp(price), ..lines().remove(0) }],
            total: gbp(price),
            deadline: Timestamp::from_micros(self.clock).plus_millis(30_000),
            hand_over_ms: 0,
            business_date: "2026-01-31".into(),
        }));
        let cause = self.reserve(order, placed);
        let cause = self.decline(order, cause);
        let cause = self.end(order, EndReason::PaymentDeclined, cause);
        self.emit(Event::InventoryReleased(returned(order)), cause);
    }

    pub(crate) fn settle(&mut self, amount: i64) {
        let outstanding = gbp(-amount);
        let settled = Settled { customer_id: id("c-1"), amount: gbp(amount), outstanding };
        self.command(Event::PaymentSettled(settled));
    }

    /// How many rows there are in all.
    pub(crate) fn len(&self) -> usize {
        self.rows.values().map(Vec::len).sum()
    }

    /// All rows, each stream in order, and the streams mixed as `picks` say; what these do not
    /// reach follows stream by stream.
    pub(crate) fn mixed(&self, picks: &[usize]) -> Vec<(Service, Row)> {
        let mut streams: Vec<_> =
            self.rows.iter().map(|(service, rows)| (*service, rows.iter())).collect();
        let mut mixed = Vec::with_capacity(self.len());
        for pick in picks {
            let (service, rows) = &mut streams[pick % service::ALL.len()];
            mixed.extend(rows.next().map(|row| (*service, row.clone())));
        }
        for (service, rows) in streams {
            mixed.extend(rows.map(|row| (service, row.clone())));
        }
        mixed
    }
}

fn recipient(customer: &Customer) -> Recipient {
    Recipient {
        customer_id: customer.id.clone(),
        name: customer.name.clone(),
        address: customer.address.clone(),
        customer_version: Some(1),
    }
}

fn snapshot(who: &str) -> Snapshot {
    Snapshot { version: 1, customer: customer(who) }
}

fn lines() -> Vec<Line> {
    vec![Line { sku: id("MUG"), name: "Mug".into(), quantity: QUANTITY, unit_price: gbp(PRICE) }]
}

fn returned(order: &str) -> inventory::Returned {
    let units = inventory::Units { sku: id("MUG"), quantity: QUANTITY };
    inventory::Returned { order_id: id(order), lines: vec![units] }
}

fn cancelled(order: &str) -> Cancelled {
    Cancelled { order_id: id(order), reason: CancelReason::OrderCancelled }
}
