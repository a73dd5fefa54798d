//! Loyalty on a real engine over a database in memory, and the stream that it reads.

use std::sync::Arc;

use contracts::events::order::{EndReason, Ended, Placed};
use contracts::events::{Address, Customer, Line, Snapshot};
use contracts::{Money, service};
use engine::{Database, Engine, Outcome, QueuedInput};
use protocol::seal::SEAL_KEY_BYTES;
use protocol::{Cause, Chain, Headers, HistoryId, Id, Position, SealKeys, Vector};

use super::*;
use crate::tables::Account;

const NOW: Timestamp = Timestamp::from_micros(1_000_000);

struct World {
    engine: Engine<LoyaltyDomain>,
    orders: Position,
}

impl World {
    fn new() -> Self {
        let mut engine = engine();
        engine.begin_history(HistoryId::from_bytes([7; 16])).unwrap();
        Self { engine, orders: Position::default() }
    }

    /// Hands in the next event of ORDER, and says what loyalty published.
    fn hear(&mut self, event: contracts::Event) -> Option<Event> {
        let stored = self.next(Event::Shop(event));
        let batch = self.engine.run(&[QueuedInput::Event(Box::new(stored))], NOW).unwrap();
        assert!(matches!(batch.outcomes[..], [Outcome::Event]), "{:?}", batch.outcomes);
        batch.rows.first().map(|row| row.parse().unwrap().event)
    }

    fn next(&mut self, event: Event) -> StoredEvent<Event> {
        let headers = Headers {
            sequence: self.orders.sequence + 1,
            kind: event.kind(),
            version: event.version(),
            id: event.id().clone(),
            time: NOW,
            cause: Cause::Command("place".into()),
            vector: Vector::default(),
            history: HistoryId::from_bytes([9; 16]),
            traceparent: None,
            idempotency: None,
            seal: None,
        };
        let mut stored = StoredEvent { headers, event, chain: Chain::START };
        let row = stored.to_row().unwrap();
        stored.chain = self.orders.chain.next(&row.subject, &row.headers, &row.payload);
        self.orders = stored.position();
        stored
    }

    fn account(&self) -> Option<Account> {
        tables::account(&self.engine.read(), &id("c-1")).unwrap()
    }
}

fn engine() -> Engine<LoyaltyDomain> {
    let database = Database::in_memory(LOYALTY, tables::MIGRATIONS).unwrap();
    let keys = Arc::new(SealKeys::of_bytes([7; SEAL_KEY_BYTES]));
    Engine::new(LoyaltyDomain, database, keys).unwrap()
}

fn id<T: From<Id>>(text: &str) -> T {
    text.parse::<Id>().unwrap().into()
}

fn placed(order: &str, minor: i64, currency: &str) -> contracts::Event {
    let money = |minor| Money::new(minor, currency.parse().unwrap());
    let address = Address { street: String::new(), city: String::new(), country: "UK".into() };
    let customer = Customer {
        id: id("c-1"),
        name: "Ada".into(),
        address,
        credit_limit: money(100_000),
        closed: false,
    };
    let line = Line { sku: id("mug"), name: "Mug".into(), quantity: 1, unit_price: money(minor) };
    contracts::Event::OrderPlaced(Placed {
        order_id: id(order),
        customer: Snapshot { version: 1, customer },
        lines: vec![line],
        total: money(minor),
        deadline: NOW,
        hand_over_ms: 0,
        business_date: "2026-01-31".into(),
    })
}

fn ended(order: &str) -> Ended {
    Ended { order_id: id(order), reason: EndReason::Requested, detail: String::new() }
}

#[test]
fn points_are_promised_and_earned_or_taken_back() {
    let mut world = World::new();
    assert_eq!(world.account(), None);
    world.hear(placed("o-1", 1_250, "GBP"));
    world.hear(placed("o-2", 399, "GBP"));
    world.hear(placed("o-3", 500, "JPY"));
    assert_eq!(world.account(), Some(Account { points: 0, promised: 12 + 3 + 500 }));
    let earned = world.hear(contracts::Event::OrderCompleted(ended("o-1")));
    assert!(matches!(earned, Some(Event::Earned(Points { points: 12, .. }))), "{earned:?}");
    world.hear(contracts::Event::OrderRejected(ended("o-2")));
    world.hear(contracts::Event::OrderCancelled(ended("o-3")));
    assert_eq!(world.account(), Some(Account { points: 12, promised: 0 }));
}

#[test]
fn an_end_comes_once_and_other_events_change_nothing() {
    let mut world = World::new();
    world.hear(placed("o-1", 100, "GBP"));
    let confirmed = contracts::events::order::Confirmed { order_id: id("o-1") };
    assert_eq!(world.hear(contracts::Event::OrderConfirmed(confirmed)), None);
    world.hear(contracts::Event::OrderCompleted(ended("o-1")));
    assert_eq!(world.hear(contracts::Event::OrderCancelled(ended("o-1"))), None);
    assert_eq!(world.hear(contracts::Event::OrderCompleted(ended("unheard-of"))), None);
    assert_eq!(world.account(), Some(Account { points: 1, promised: 0 }));
}

#[test]
fn its_rows_alone_make_its_database_again() {
    let mut world = World::new();
    world.hear(placed("o-1", 1_250, "GBP"));
    world.hear(contracts::Event::OrderCompleted(ended("o-1")));
    let rows = engine::outbox::rows(&world.engine.read(), 1, u32::MAX).unwrap();
    let mut restored = engine();
    restored.restore(&rows).unwrap();
    assert_eq!(tables::account(&restored.read(), &id("c-1")).unwrap(), world.account());
    assert_eq!(restored.positions().of(service::ORDER).decided, world.orders);
}
