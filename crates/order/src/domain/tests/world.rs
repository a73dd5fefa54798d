//! A real engine over a database in memory, and the streams of the other services around it.

use std::collections::BTreeMap;

use contracts::events::shipping::{CancelReason, Cancelled, Created, Dispatched, Recipient};
use contracts::events::{Address, Customer, Product};
use contracts::{Event, Money, StoredEvent};
use engine::{Answer, Batch, Database, Domain as _, Engine, Outcome, QueuedInput, Request};
use protocol::{
    Cause, Headers, HistoryId, Id, Idempotency, Position, Row, Service, Timestamp, Vector,
};

use crate::domain::{Command, NewLine, OrderDomain, PlaceOrder};
use crate::tables::{self, OrderRow};
use crate::{OrderState, Refusal};

pub(super) const DEADLINE_MS: u32 = 30_000;

pub(super) struct World {
    pub(super) engine: Engine<OrderDomain>,
    pub(super) now: Timestamp,
    pub(super) rows: Vec<Row>,
    streams: BTreeMap<Service, Position>,
}

impl World {
    /// The engine has heard of the open customer `c-1` in GBP, and of the products `cup` and `pot`.
    pub(super) fn new() -> Self {
        let mut world = Self::empty();
        world.hears(Event::CustomerRegistered(customer("c-1", "GBP")));
        world.hears(Event::ProductListed(product("cup", 250)));
        world.hears(Event::ProductListed(product("pot", 1_000)));
        world
    }

    /// Nothing was heard yet.
    pub(super) fn empty() -> Self {
        let mut engine = new_engine();
        engine.begin_history(HistoryId::from_bytes([1; 16])).unwrap();
        let now = "2026-01-31T08:00:00Z".parse().unwrap();
        Self { engine, now, rows: Vec::new(), streams: BTreeMap::new() }
    }

    /// What follows from another service's event.
    pub(super) fn hears(&mut self, event: Event) -> Vec<Event> {
        let stored = self.next_of_stream(event);
        let batch = self.run(&[QueuedInput::Event(Box::new(stored))]);
        assert!(matches!(batch.outcomes[..], [Outcome::Event]), "{:?}", batch.outcomes);
        events(&batch.rows)
    }

    pub(super) fn asks(&mut self, command: Command) -> Answer<Refusal, Event> {
        self.asks_with(command, Request::default())
    }

    pub(super) fn asks_with_key(&mut self, command: Command, key: &str) -> Answer<Refusal, Event> {
        let key = key.parse().unwrap();
        let idempotency = Some(Idempotency { key, request_hash: format!("{command:?}") });
        self.asks_with(command, Request { idempotency, ..Request::default() })
    }

    /// What follows when that much time has passed.
    pub(super) fn waits(&mut self, millis: u32) -> Vec<Event> {
        self.now = self.now.plus_millis(millis);
        let due = self.engine.timers_due(self.now, 100).unwrap();
        let inputs: Vec<_> = due.into_iter().map(QueuedInput::Timer).collect();
        let batch = self.run(&inputs);
        assert!(batch.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Timer)));
        events(&batch.rows)
    }

    pub(super) fn refusal(&mut self, place: PlaceOrder) -> Refusal {
        let answer = self.asks(Command::Place(place));
        let Answer::Refused(refusal) = answer else { panic!("{answer:?}") };
        refusal
    }

    pub(super) fn order(&self, id: &str) -> Option<OrderRow> {
        tables::order(&self.engine.read(), &self::id(id)).unwrap()
    }

    /// Where order `o-1` stands.
    pub(super) fn stage(&self) -> OrderState {
        tables::stage(&self.engine.read(), &id("o-1")).unwrap()
    }

    pub(super) fn timers(&self) -> u64 {
        engine::timers::count(&self.engine.read()).unwrap()
    }

    /// The order `o-1` of four cups, brought to that stage.
    pub(super) fn with_order(stage: OrderState) -> Self {
        let mut world = Self::new();
        let hand_over_ms = if stage == OrderState::Prepared { 5_000 } else { 0 };
        if stage == OrderState::None {
            return world;
        }
        world.accepts(Command::Place(PlaceOrder {
            hand_over_ms: Some(hand_over_ms),
            ..four_cups()
        }));
        match stage {
            OrderState::None | OrderState::Placed => {}
            OrderState::Prepared | OrderState::Confirmed => {
                world.hears(created());
            }
            OrderState::Completed => {
                world.hears(created());
                world.hears(dispatched());
            }
            OrderState::Rejected => {
                world.hears(crate::domain::tests::out_of_stock());
            }
            OrderState::Cancelled => world.accepts(Command::Cancel(id("o-1"))),
        }
        assert_eq!(world.stage(), stage);
        world
    }

    pub(super) fn accepts(&mut self, command: Command) {
        let answer = self.asks(command);
        assert!(matches!(answer, Answer::Accepted { repeated: false, .. }), "{answer:?}");
    }

    fn asks_with(&mut self, command: Command, request: Request) -> Answer<Refusal, Event> {
        let mut batch = self.run(&[QueuedInput::Command { command, request }]);
        match batch.outcomes.pop() {
            Some(Outcome::Command(answer)) => answer,
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    fn run(&mut self, inputs: &[QueuedInput<Command, Event>]) -> Batch<Refusal, Event> {
        let batch = self.engine.run(inputs, self.now).unwrap();
        self.rows.extend(batch.rows.iter().cloned());
        batch
    }

    fn next_of_stream(&mut self, event: Event) -> StoredEvent {
        let before = self.streams.entry(event.kind().service()).or_default();
        let stored = follow(*before, event, self.now);
        *before = stored.position();
        stored
    }
}

pub(super) fn new_engine() -> Engine<OrderDomain> {
    let database = Database::in_memory(OrderDomain::SERVICE, OrderDomain::MIGRATIONS).unwrap();
    Engine::new(OrderDomain { deadline_ms: DEADLINE_MS, hand_over_ms: 0 }, database, keys())
        .unwrap()
}

fn keys() -> std::sync::Arc<protocol::SealKeys> {
    std::sync::Arc::new(protocol::SealKeys::of_bytes([7; protocol::seal::SEAL_KEY_BYTES]))
}

pub(super) fn id<T: From<Id>>(text: &str) -> T {
    text.parse::<Id>().unwrap().into()
}

pub(super) fn money(minor: i64, currency: &str) -> Money {
    Money::new(minor, currency.parse().unwrap())
}

pub(super) fn customer(customer_id: &str, currency: &str) -> Customer {
    let address = Address { street: String::new(), city: String::new(), country: "GB".into() };
    let credit_limit = money(100_000, currency);
    Customer { id: id(customer_id), name: "Ada".into(), address, credit_limit, closed: false }
}

pub(super) fn product(sku: &str, minor: i64) -> Product {
    let price = money(minor, "GBP");
    Product { sku: id(sku), name: format!("A {sku}"), price, discontinued: false }
}

pub(super) fn line(sku: &str, quantity: i64) -> NewLine {
    NewLine { sku: id(sku), quantity, unit_price: None }
}

/// Order `o-1` of customer `c-1`.
pub(super) fn four_cups() -> PlaceOrder {
    PlaceOrder {
        id: id("o-1"),
        customer_id: id("c-1"),
        lines: vec![line("cup", 4)],
        deadline_ms: None,
        hand_over_ms: None,
        business_date: None,
    }
}

pub(super) fn created() -> Event {
    let Customer { id: customer_id, name, address, .. } = customer("c-1", "GBP");
    Event::ShippingCreated(Created {
        order_id: id("o-1"),
        recipient: Recipient { customer_id, name, address, customer_version: Some(1) },
        units: 4,
    })
}

pub(super) fn dispatched() -> Event {
    Event::ShippingDispatched(Dispatched { order_id: id("o-1") })
}

pub(super) fn shipment_cancelled(reason: CancelReason) -> Event {
    Event::ShippingCancelled(Cancelled { order_id: id("o-1"), reason })
}

/// The event as the next of a stream that stands at `before`.
fn follow(before: Position, event: Event, time: Timestamp) -> StoredEvent {
    let headers = Headers {
        sequence: before.sequence + 1,
        kind: event.kind(),
        version: 1,
        id: event.id().clone(),
        time,
        cause: Cause::Command("test".into()),
        vector: Vector::default(),
        history: HistoryId::from_bytes([2; 16]),
        traceparent: None,
        idempotency: None,
        seal: None,
    };
    let mut stored = StoredEvent { headers, event, chain: before.chain };
    let row = stored.to_row().unwrap();
    stored.chain = before.chain.next(&row.subject, &row.headers, &row.payload);
    stored
}

fn events(rows: &[Row]) -> Vec<Event> {
    rows.iter().map(|row| row.parse().unwrap().event).collect()
}
