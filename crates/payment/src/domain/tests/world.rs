//! A real engine over a database in memory, and the streams of the other services around it.

use std::collections::BTreeMap;

use contracts::events::inventory::Reserved;
use contracts::events::order::{EndReason, Ended};
use contracts::events::{Address, Customer, Snapshot};
use contracts::{Event, Money, StoredEvent};
use engine::{Answer, Batch, Database, Domain as _, Engine, Outcome, QueuedInput, Request};
use protocol::{
    Cause, Headers, HistoryId, Id, Idempotency, Position, Row, Service, Timestamp, Vector,
};

use crate::domain::{Command, PaymentDomain};
use crate::tables::{self, Charge};
use crate::{ChargeState, Refusal};

/// What customers may owe.
pub(super) const LIMIT: i64 = 10_000;

pub(super) struct World {
    pub(super) engine: Engine<PaymentDomain>,
    pub(super) rows: Vec<Row>,
    now: Timestamp,
    streams: BTreeMap<Service, Position>,
}

impl World {
    /// The engine has heard of the open customer `c-1` in GBP.
    pub(super) fn new() -> Self {
        let mut world = Self::empty();
        world.hears(Event::CustomerRegistered(customer(LIMIT, "GBP")));
        world
    }

    /// Nothing was heard yet.
    pub(super) fn empty() -> Self {
        let mut engine = new_engine();
        engine.begin_history(HistoryId::from_bytes([1; 16])).unwrap();
        let now = "2026-01-31T08:00:00Z".parse().unwrap();
        Self { engine, rows: Vec::new(), now, streams: BTreeMap::new() }
    }

    /// The charge of order `o-1`, brought to that stage.
    pub(super) fn with_charge(stage: ChargeState) -> Self {
        let mut world = Self::new();
        match stage {
            ChargeState::None => {}
            ChargeState::Charged => drop(world.hears(reserved("o-1", 400))),
            ChargeState::Declined => drop(world.hears(reserved("o-1", LIMIT + 1))),
            ChargeState::Refunded => {
                world.hears(reserved("o-1", 400));
                world.hears(cancelled("o-1"));
            }
            ChargeState::Voided => drop(world.hears(cancelled("o-1"))),
        }
        assert_eq!(world.stage(), stage);
        world
    }

    /// What follows from another service's event.
    pub(super) fn hears(&mut self, event: Event) -> Vec<Event> {
        let before = self.streams.entry(event.kind().service()).or_default();
        let stored = follow(*before, event, self.now);
        *before = stored.position();
        let batch = self.run(&[QueuedInput::Event(Box::new(stored))]);
        assert!(matches!(batch.outcomes[..], [Outcome::Event]), "{:?}", batch.outcomes);
        batch.rows.iter().map(|row| row.parse().unwrap().event).collect()
    }

    /// The customer `c-1` pays in.
    pub(super) fn pays_in(&mut self, amount: Money) -> Answer<Refusal, Event> {
        self.asks(settle("c-1", amount), Request::default())
    }

    pub(super) fn pays_in_with_key(&mut self, amount: Money, key: &str) -> Answer<Refusal, Event> {
        let (key, request_hash) = (key.parse().unwrap(), format!("{amount}"));
        let idempotency = Some(Idempotency { key, request_hash });
        self.asks(settle("c-1", amount), Request { idempotency, ..Request::default() })
    }

    pub(super) fn refusal(&mut self, command: Command) -> Refusal {
        let answer = self.asks(command, Request::default());
        let Answer::Refused(refusal) = answer else { panic!("{answer:?}") };
        refusal
    }

    pub(super) fn charge(&self, order_id: &str) -> Option<Charge> {
        tables::charge(&self.engine.read(), &id(order_id)).unwrap()
    }

    /// Where the charge of order `o-1` stands.
    pub(super) fn stage(&self) -> ChargeState {
        tables::stage(&self.engine.read(), &id("o-1")).unwrap()
    }

    /// What customer `c-1` owes in that currency.
    pub(super) fn owed(&self, currency: &str) -> i64 {
        let currency = currency.parse().unwrap();
        let account = tables::account(&self.engine.read(), &id("c-1"), currency).unwrap();
        account.outstanding.minor
    }

    fn asks(&mut self, command: Command, request: Request) -> Answer<Refusal, Event> {
        let mut batch = self.run(&[QueuedInput::Command { command, request }]);
        let Some(Outcome::Command(answer)) = batch.outcomes.pop() else { panic!("no answer") };
        answer
    }

    fn run(&mut self, inputs: &[QueuedInput<Command, Event>]) -> Batch<Refusal, Event> {
        let batch = self.engine.run(inputs, self.now).unwrap();
        self.rows.extend(batch.rows.iter().cloned());
        batch
    }
}

pub(super) fn new_engine() -> Engine<PaymentDomain> {
    let database = Database::in_memory(PaymentDomain::SERVICE, PaymentDomain::MIGRATIONS).unwrap();
    Engine::new(PaymentDomain, database, keys()).unwrap()
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

pub(super) fn gbp(minor: i64) -> Money {
    money(minor, "GBP")
}

/// Customer `c-1` with that limit.
pub(super) fn customer(limit: i64, currency: &str) -> Customer {
    let address = Address { street: String::new(), city: String::new(), country: "GB".into() };
    let credit_limit = money(limit, currency);
    Customer { id: id("c-1"), name: "Ada".into(), address, credit_limit, closed: false }
}

pub(super) fn settle(customer_id: &str, amount: Money) -> Command {
    Command::Settle { customer_id: id(customer_id), amount }
}

/// The stock of an order of `c-1` is reserved; the order knew the customer's first version.
pub(super) fn reserved(order_id: &str, minor: i64) -> Event {
    reserved_for(order_id, gbp(minor), Snapshot { version: 1, customer: customer(LIMIT, "GBP") })
}

pub(super) fn reserved_for(order_id: &str, total: Money, customer: Snapshot) -> Event {
    let order_id = id(order_id);
    Event::InventoryReserved(Reserved { order_id, customer, lines: Vec::new(), total })
}

pub(super) fn ended(order_id: &str, reason: EndReason) -> Ended {
    Ended { order_id: id(order_id), reason, detail: String::new() }
}

pub(super) fn cancelled(order_id: &str) -> Event {
    Event::OrderCancelled(ended(order_id, EndReason::Requested))
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
