//! Shipping on a real engine over a database in memory, and the streams that it reads.

use contracts::events::order::{Confirmed, EndReason, Ended, Placed, Prepared};
use contracts::events::payment::{Charged, DeclineReason, Declined, Refunded, Settled, Voided};
use contracts::events::shipping::{CancelReason, Cancelled, Dispatched};
use contracts::events::{Address, Customer, Line, Snapshot};
use contracts::{CustomerId, Event, Money, OrderId, service};
use engine::{Database, Domain as _, Engine, Outcome, QueuedInput};
use protocol::choreography::State;
use protocol::{HistoryId, Id, Kind, Recovered, Row, Timestamp};

use super::stream::Stream;
use crate::domain::ShippingDomain;
use crate::domain::state::{Shipment, state_of};
use crate::tables;

pub(super) const NOW: Timestamp = Timestamp::from_micros(1_000_000);
pub(super) const OPEN: bool = false;
pub(super) const CLOSED: bool = true;

/// Shipping, which does not deliver to `XX`, with the streams that it reads.
pub(super) struct World {
    pub(super) engine: Engine<ShippingDomain>,
    customers: Stream,
    orders: Stream,
    payments: Stream,
}

impl World {
    pub(super) fn new() -> Self {
        let mut engine = new_engine();
        engine.begin_history(HistoryId::from_bytes([7; 16])).unwrap();
        let [customers, orders, payments] = [Stream::new(), Stream::new(), Stream::new()];
        Self { engine, customers, orders, payments }
    }

    /// Hands in the next event of the stream that it belongs to, and says what shipping published.
    pub(super) fn hear(&mut self, event: Event) -> Option<Event> {
        let stream = match event.kind().service() {
            service::CUSTOMER => &mut self.customers,
            service::ORDER => &mut self.orders,
            service::PAYMENT => &mut self.payments,
            _ => panic!("never read"),
        };
        let work = QueuedInput::Event(Box::new(stream.next(event)));
        let batch = self.engine.run(&[work], NOW).unwrap();
        assert!(matches!(batch.outcomes[..], [Outcome::Event]), "{:?}", batch.outcomes);
        batch.rows.first().map(|row| row.parse().unwrap().event)
    }

    /// The service with a new database, restored from its rows, that does not deliver to `country`.
    pub(super) fn restored_without(self, country: &str) -> Self {
        let mut engine = engine_without(country);
        engine.restore(&outbox(&self.engine)).unwrap();
        Self { engine, ..self }
    }

    pub(super) fn shipment(&self) -> Option<Shipment> {
        tables::find(&self.engine.read(), &id("o-1")).unwrap()
    }

    pub(super) fn state(&self) -> State {
        state_of(self.shipment().as_ref())
    }
}

pub(super) fn new_engine() -> Engine<ShippingDomain> {
    engine_without("XX")
}

fn engine_without(country: &str) -> Engine<ShippingDomain> {
    let database =
        Database::in_memory(ShippingDomain::SERVICE, ShippingDomain::MIGRATIONS).unwrap();
    Engine::new(ShippingDomain::new([country].into_iter().collect()), database, keys()).unwrap()
}

fn keys() -> std::sync::Arc<protocol::SealKeys> {
    std::sync::Arc::new(protocol::SealKeys::of_bytes([7; protocol::seal::SEAL_KEY_BYTES]))
}

pub(super) fn id<T: From<Id>>(text: &str) -> T {
    text.parse::<Id>().unwrap().into()
}

pub(super) fn gbp(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

pub(super) fn address(country: &str) -> Address {
    Address { street: "Mill Lane 1".into(), city: "Ely".into(), country: country.into() }
}

pub(super) fn customer(country: &str, closed: bool) -> Customer {
    let (id, credit_limit, address) = (id("c-1"), gbp(10_000), address(country));
    Customer { id, name: "Ada".into(), address, credit_limit, closed }
}

pub(super) fn line(sku: &str, quantity: u32) -> Line {
    Line { sku: id(sku), name: sku.into(), quantity, unit_price: gbp(100) }
}

pub(super) fn charge(version: u64, customer: Customer) -> Charged {
    Charged {
        order_id: id("o-1"),
        customer: Snapshot { version, customer },
        lines: vec![line("a", 2), line("b", 3), line("a", 1)],
        amount: gbp(600),
        outstanding: gbp(600),
    }
}

pub(super) fn charged(version: u64, customer: Customer) -> Event {
    Event::PaymentCharged(charge(version, customer))
}

pub(super) fn confirmed() -> Event {
    Event::OrderConfirmed(Confirmed { order_id: id("o-1") })
}

pub(super) fn ended() -> Ended {
    Ended { order_id: id("o-1"), reason: EndReason::Requested, detail: String::new() }
}

pub(super) fn order_cancelled() -> Event {
    Event::OrderCancelled(ended())
}

pub(super) fn dispatched() -> Option<Event> {
    Some(Event::ShippingDispatched(Dispatched { order_id: id("o-1") }))
}

pub(super) fn cancelled_for(reason: CancelReason) -> Option<Event> {
    Some(Event::ShippingCancelled(Cancelled { order_id: id("o-1"), reason }))
}

pub(super) fn kind_of(event: Option<Event>) -> Option<Kind> {
    event.map(|event| event.kind())
}

pub(super) fn outbox(engine: &Engine<ShippingDomain>) -> Vec<Row> {
    engine::outbox::rows(&engine.read(), 1, 1_000).unwrap()
}

pub(super) fn order_events() -> Vec<Event> {
    let Charged { order_id, customer, lines, amount: total, .. } = charge(1, customer("GB", OPEN));
    let (deadline, business_date) = (NOW, "2026-01-31".to_owned());
    let placed = Placed {
        order_id: order_id.clone(),
        customer,
        lines,
        total,
        deadline,
        hand_over_ms: 0,
        business_date,
    };
    vec![
        Event::OrderPlaced(placed),
        Event::OrderPrepared(Prepared { order_id, until: NOW }),
        confirmed(),
        Event::OrderCompleted(ended()),
        Event::OrderRejected(ended()),
        order_cancelled(),
        Event::OrderRecovered(Recovered {
            service: id("order"),
            rows: 1,
            up_to: 1,
            foreign: Vec::new(),
        }),
    ]
}

pub(super) fn payment_events() -> Vec<Event> {
    let (order_id, customer_id) = (id::<OrderId>("o-1"), id::<CustomerId>("c-1"));
    let (amount, outstanding) = (gbp(1), gbp(2));
    let declined = Declined {
        order_id: order_id.clone(),
        customer_id: customer_id.clone(),
        reason: DeclineReason::OverLimit,
        amount,
        outstanding,
        limit: gbp(2),
        customer_version: 1,
    };
    let refunded = Refunded {
        order_id: order_id.clone(),
        customer_id: customer_id.clone(),
        amount,
        outstanding,
    };
    vec![
        charged(1, customer("GB", OPEN)),
        Event::PaymentDeclined(declined),
        Event::PaymentRefunded(refunded),
        Event::PaymentVoided(Voided { order_id }),
        Event::PaymentSettled(Settled { customer_id, amount, outstanding }),
        Event::PaymentRecovered(Recovered {
            service: id("payment"),
            rows: 1,
            up_to: 1,
            foreign: Vec::new(),
        }),
    ]
}

pub(super) fn all(engine: &Engine<ShippingDomain>) -> Vec<Shipment> {
    tables::page(&engine.read(), "", 100).unwrap()
}
