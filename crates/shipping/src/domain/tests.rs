//! The domain on a real engine over a database in memory, fed with streams of PAYMENT, ORDER and
//! CUSTOMER.

mod stream;

use contracts::events::order::{Confirmed, EndReason, Ended, Placed, Prepared};
use contracts::events::payment::{DeclineReason, Declined, Refunded, Settled, Voided};
use contracts::events::{Address, Line, Recovered, Snapshot};
use contracts::{HistoryId, Kind, Money, Row};
use engine::{Database, Engine, Outcome, Work};

use super::*;
use crate::tables::Parcel;
use stream::Stream;

const NOW: Timestamp = Timestamp::from_micros(1_000_000);
const OPEN: bool = false;
const CLOSED: bool = true;

/// Shipping, which does not deliver to `XX`, with the streams that it reads.
struct World {
    engine: Engine<Shipping>,
    customers: Stream,
    orders: Stream,
    payments: Stream,
}

impl World {
    fn new() -> Self {
        let mut engine = new_engine();
        engine.begin_history(HistoryId::from_bytes([7; 16])).unwrap();
        let [customers, orders, payments] = [Stream::new(), Stream::new(), Stream::new()];
        Self { engine, customers, orders, payments }
    }

    /// Hands in the next event of the stream that it belongs to, and says what shipping published.
    fn hear(&mut self, event: Event) -> Option<Event> {
        let stream = match event.kind().service() {
            Service::Customer => &mut self.customers,
            Service::Order => &mut self.orders,
            Service::Payment => &mut self.payments,
            Service::Product | Service::Inventory | Service::Shipping => panic!("never read"),
        };
        let work = Work::Event(Box::new(stream.next(event)));
        let batch = self.engine.run(&[work], NOW).unwrap();
        assert!(matches!(batch.outcomes[..], [Outcome::Event]), "{:?}", batch.outcomes);
        batch.rows.first().map(|row| row.parse().unwrap().event)
    }

    fn shipment(&self) -> Option<Shipment> {
        tables::find(&self.engine.read(), &id("o-1")).unwrap()
    }

    fn state(&self) -> State {
        state_of(self.shipment().as_ref())
    }
}

fn new_engine() -> Engine<Shipping> {
    let database = Database::in_memory(Shipping::SERVICE, Shipping::MIGRATIONS).unwrap();
    Engine::new(Shipping::new(["XX"].into_iter().collect()), database).unwrap()
}

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn gbp(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

fn address(country: &str) -> Address {
    Address { street: "Mill Lane 1".into(), city: "Ely".into(), country: country.into() }
}

fn customer(country: &str, closed: bool) -> Customer {
    let (id, credit_limit, address) = (id("c-1"), gbp(10_000), address(country));
    Customer { id, name: "Ada".into(), address, credit_limit, closed }
}

fn line(sku: &str, quantity: u32) -> Line {
    Line { sku: id(sku), name: sku.into(), quantity, unit_price: gbp(100) }
}

fn charge(version: u64, customer: Customer) -> Charged {
    Charged {
        order_id: id("o-1"),
        customer: Snapshot { version, customer },
        lines: vec![line("a", 2), line("b", 3), line("a", 1)],
        amount: gbp(600),
        outstanding: gbp(600),
    }
}

fn charged(version: u64, customer: Customer) -> Event {
    Event::PaymentCharged(charge(version, customer))
}

fn confirmed() -> Event {
    Event::OrderConfirmed(Confirmed { order_id: id("o-1") })
}

fn ended() -> Ended {
    Ended { order_id: id("o-1"), reason: EndReason::Requested, detail: String::new() }
}

fn order_cancelled() -> Event {
    Event::OrderCancelled(ended())
}

fn dispatched() -> Option<Event> {
    Some(Event::ShippingDispatched(Dispatched { order_id: id("o-1") }))
}

fn cancelled_for(reason: CancelReason) -> Option<Event> {
    Some(cancelled(&id("o-1"), reason))
}

fn kind_of(event: Option<Event>) -> Option<Kind> {
    event.map(|event| event.kind())
}

fn outbox(engine: &Engine<Shipping>) -> Vec<Row> {
    engine::outbox::rows(&engine.read(), 1, 1_000).unwrap()
}

#[test]
fn a_charge_makes_a_shipment_that_leaves_when_the_order_is_confirmed() {
    let mut world = World::new();
    let created = Created {
        order_id: id("o-1"),
        customer_id: id("c-1"),
        name: "Ada".into(),
        address: address("GB"),
        units: 6,
    };
    let event = world.hear(charged(1, customer("GB", OPEN)));
    assert_eq!(event, Some(Event::ShippingCreated(created)));
    assert_eq!(world.hear(confirmed()), dispatched());
    let parcel =
        Parcel { customer_id: id("c-1"), name: "Ada".into(), address: address("GB"), units: 6 };
    let (order_id, state) = (id("o-1"), ShipmentState::Dispatched);
    assert_eq!(world.shipment(), Some(Shipment { order_id, state, parcel: Some(parcel) }));
}

#[test]
fn nothing_is_made_for_a_country_that_is_not_served() {
    let mut world = World::new();
    let event = world.hear(charged(1, customer("xx", OPEN)));
    assert_eq!(event, cancelled_for(CancelReason::NotServed));
}

#[test]
fn nothing_is_made_for_a_closed_customer() {
    let mut world = World::new();
    let event = world.hear(charged(1, customer("GB", CLOSED)));
    assert_eq!(event, cancelled_for(CancelReason::CustomerClosed));
}

#[test]
fn a_replica_that_is_newer_than_the_charge_decides() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("GB", OPEN)));
    world.hear(Event::CustomerChanged(customer("XX", OPEN)));
    let event = world.hear(charged(1, customer("GB", OPEN)));
    assert_eq!(event, cancelled_for(CancelReason::NotServed));
}

#[test]
fn a_charge_that_is_newer_than_the_replica_decides() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("XX", OPEN)));
    let event = world.hear(charged(2, customer("GB", OPEN)));
    assert_eq!(kind_of(event), Some(Kind::ShippingCreated));
}

#[test]
fn a_customer_who_was_closed_meanwhile_gets_nothing() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("GB", OPEN)));
    world.hear(charged(1, customer("GB", OPEN)));
    world.hear(Event::CustomerClosed(customer("GB", CLOSED)));
    assert_eq!(world.hear(confirmed()), cancelled_for(CancelReason::CustomerClosed));
    assert_eq!(world.hear(order_cancelled()), None);
}

#[test]
fn a_parcel_goes_where_it_was_made_for_when_the_replica_is_behind() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("XX", OPEN)));
    world.hear(charged(2, customer("GB", OPEN)));
    assert_eq!(world.hear(confirmed()), dispatched());
}

#[test]
fn a_cancelled_order_leaves_a_tombstone_that_no_charge_wakes() {
    let mut world = World::new();
    let tombstone = cancelled_for(CancelReason::OrderCancelled);
    assert_eq!(world.hear(order_cancelled()), tombstone);
    assert_eq!(world.hear(charged(1, customer("GB", OPEN))), None);
    assert_eq!(world.hear(confirmed()), None);
    assert_eq!(world.shipment().unwrap().parcel, None);
}

#[test]
fn a_shipment_that_was_made_is_cancelled_with_its_order() {
    let mut world = World::new();
    world.hear(charged(1, customer("GB", OPEN)));
    assert_eq!(world.hear(order_cancelled()), cancelled_for(CancelReason::OrderCancelled));
    assert!(world.shipment().unwrap().parcel.is_some());
}

#[test]
fn repeated_events_have_one_effect() {
    let mut world = World::new();
    for nth in 0..10 {
        assert_eq!(world.hear(charged(1, customer("GB", OPEN))).is_some(), nth == 0);
    }
    for nth in 0..10 {
        assert_eq!(world.hear(confirmed()).is_some(), nth == 0);
    }
    assert_eq!(world.hear(order_cancelled()), None);
    assert_eq!(outbox(&world.engine).len(), 2);
}

/// Brings a fresh world's order `o-1` into a state.
fn world_in(state: State) -> World {
    let mut world = World::new();
    let events = match state {
        "none" => vec![],
        "created" => vec![charged(1, customer("GB", OPEN))],
        "dispatched" => vec![charged(1, customer("GB", OPEN)), confirmed()],
        _ => vec![order_cancelled()],
    };
    for event in events {
        world.hear(event);
    }
    assert_eq!(world.state(), state);
    world
}

fn order_events() -> Vec<Event> {
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
        Event::OrderRecovered(Recovered { service: id("order"), rows: 1, up_to: 1 }),
    ]
}

fn payment_events() -> Vec<Event> {
    let (order_id, customer_id, amount, outstanding) = (id("o-1"), id("c-1"), gbp(1), gbp(2));
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
        Event::PaymentRecovered(Recovered { service: id("payment"), rows: 1, up_to: 1 }),
    ]
}

#[test]
fn every_pair_of_state_and_event_does_what_the_choreography_says() {
    let events: Vec<_> = order_events().into_iter().chain(payment_events()).collect();
    for state in ["none", "created", "dispatched", "cancelled"] {
        for event in &events {
            let kind = event.kind();
            let expected = match (state, kind) {
                ("none", Kind::PaymentCharged) => Some(Kind::ShippingCreated),
                ("created", Kind::OrderConfirmed) => Some(Kind::ShippingDispatched),
                ("none" | "created", Kind::OrderCancelled) => Some(Kind::ShippingCancelled),
                _ => None,
            };
            let published = kind_of(world_in(state).hear(event.clone()));
            assert_eq!(published, expected, "{kind} in {state}");
        }
    }
}

#[test]
fn restored_rows_make_the_same_table() {
    let mut world = World::new();
    let of = |name: &str, charged: Charged| {
        Event::PaymentCharged(Charged { order_id: id(name), ..charged })
    };
    world.hear(of("o-1", charge(1, customer("GB", OPEN))));
    world.hear(of("o-2", charge(1, customer("XX", OPEN))));
    world.hear(of("o-3", charge(1, customer("GB", OPEN))));
    world.hear(of("o-4", charge(1, customer("GB", OPEN))));
    world.hear(confirmed());
    world.hear(Event::OrderCancelled(Ended { order_id: id("o-3"), ..ended() }));
    world.hear(Event::OrderCancelled(Ended { order_id: id("o-5"), ..ended() }));

    let mut restored = new_engine();
    restored.restore(&outbox(&world.engine)).unwrap();
    let all = |engine: &Engine<Shipping>| tables::page(&engine.read(), "", 100).unwrap();
    assert_eq!(all(&world.engine).len(), 5);
    assert_eq!(all(&restored), all(&world.engine));
    assert_eq!(restored.head(), world.engine.head());
}
