//! A small order service, and the streams that it reads.

use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;

use contracts::choreography::MURMURATION;
use contracts::events::{Customer, Snapshot, inventory, order, payment, shipping};
use contracts::{Event, Money, StoredEvent, events, service};
use protocol::choreography::Choreography;
use protocol::seal::SEAL_KEY_BYTES;
use protocol::{
    Cause, Chain, Event as _, Headers, HistoryId, Idempotency, Position, Row, SealKeys, Service,
    Timestamp, Vector,
};

use crate::batch::step::sealed;
use crate::batch::{Engine, QueuedInput, Request};
use crate::{Database, Decision, Domain, Input, Read, StateError, Validators, Write};

/// What the small service can be asked.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Place(&'static str),
    /// Emits what the choreography does not allow.
    Steal(&'static str),
    /// Emits what no broker takes.
    Huge(&'static str),
    /// Panics.
    Panic(&'static str),
}

#[derive(Debug)]
pub(crate) struct Orders;

/// A stream of another service, row by row.
pub(crate) struct Foreign {
    head: Position,
    /// What its next rows say that its service has seen.
    pub(crate) seen: Vector,
    /// Its last row.
    pub(crate) tail: Option<Row>,
}

pub(crate) struct Stage {
    pub(crate) engine: Engine<Orders>,
    pub(crate) customer: Foreign,
    pub(crate) inventory: Foreign,
    pub(crate) payment: Foreign,
    pub(crate) shipping: Foreign,
}

impl Domain for Orders {
    type Command = Ask;
    type Refusal = &'static str;
    type Event = Event;

    const SERVICE: Service = service::ORDER;
    const MIGRATIONS: &'static [&'static str] =
        &["CREATE TABLE orders (id TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT"];

    fn choreography() -> &'static Choreography {
        &MURMURATION
    }

    fn command_name(_: &Ask) -> &'static str {
        "place"
    }

    fn validators(&self, state: &Read<'_>, ask: &Ask) -> Result<Option<Validators>, StateError> {
        let (Ask::Place(id) | Ask::Steal(id) | Ask::Huge(id) | Ask::Panic(id)) = ask;
        let last = crate::outbox::of_id(state, &self::id(id))?.pop();
        last.map(|row| crate::outbox::validators(state, row.sequence)).transpose()
    }

    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Ask, Event>,
        now: Timestamp,
    ) -> Result<Decision<&'static str, Event>, StateError> {
        Ok(match input {
            Input::Command(Ask::Place(id)) => Decision::emit("none", placed(id, "x", now)),
            Input::Command(Ask::Steal(id)) => {
                Decision::emit("none", Event::OrderCompleted(ended(id)))
            }
            Input::Command(Ask::Huge(id)) => {
                let name = "x".repeat(crate::outbox::ROW_BYTES_MAX);
                Decision::emit("none", placed(id, &name, now))
            }
            Input::Command(Ask::Panic(id)) => panic!("over {id}"),
            Input::Timer { id, .. } => {
                Decision::emit("placed", Event::OrderCancelled(ended(id.as_str())))
            }
            Input::Event(event) => react(state, event)?,
        })
    }

    fn apply(&self, write: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        let (id, state) =
            (&event.headers.id, MURMURATION.state_after(event.headers.kind).unwrap_or("none"));
        if let Event::OrderPlaced(placed) = &event.event {
            write.execute("INSERT INTO orders VALUES (?1, ?2)", [id.as_str(), state])?;
            return write.set_timer("deadline", id, placed.deadline);
        }
        write.change_one(
            "order",
            "UPDATE orders SET state = ?2 WHERE id = ?1",
            [id.as_str(), state],
        )?;
        write.clear_timer("deadline", id)
    }
}

fn react(
    state: &Read<'_>,
    event: &StoredEvent,
) -> Result<Decision<&'static str, Event>, StateError> {
    let id = &event.headers.id;
    assert_ne!(id.as_str(), "panic", "it panics");
    if id.as_str() == "poison" {
        return Err(StateError::Contradiction("poison".into()));
    }
    let sql = "SELECT state FROM orders WHERE id = ?1";
    let found = state.one(sql, [id.as_str()], |row| row.get::<_, String>(0))?;
    Ok(match (found.as_deref(), &event.event) {
        (Some("placed"), Event::ShippingCreated(_)) => {
            let confirmed = order::Confirmed { order_id: id.clone().into() };
            Decision::emit("placed", Event::OrderConfirmed(confirmed))
        }
        (Some("placed"), Event::ShippingCancelled(_)) => {
            Decision::emit("placed", Event::OrderCancelled(ended(id.as_str())))
        }
        (Some("confirmed"), _) => Decision::nothing("confirmed"),
        _ => Decision::nothing("none"),
    })
}

impl Stage {
    pub(crate) fn empty_engine() -> Engine<Orders> {
        let database = Database::in_memory(service::ORDER, Orders::MIGRATIONS).unwrap();
        Engine::new(Orders, database, keys()).unwrap()
    }

    pub(crate) fn begun() -> Self {
        let mut engine = Self::empty_engine();
        engine.begin_history(HistoryId::from_bytes([1; 16])).unwrap();
        let foreign = Foreign::empty;
        let (customer, inventory) = (foreign(), foreign());
        Self { engine, customer, inventory, payment: foreign(), shipping: foreign() }
    }

    pub(crate) fn place(&mut self, id: &'static str) {
        let batch = self.engine.run(&[place(id, None)], at(0)).unwrap();
        assert_eq!(batch.rows.len(), 1);
    }
}

impl Foreign {
    pub(crate) fn empty() -> Self {
        Self { head: Position::default(), seen: Vector::default(), tail: None }
    }

    pub(crate) fn last(&self) -> u64 {
        self.head.sequence
    }

    /// The next event of this stream, as it is queued.
    pub(crate) fn next(&mut self, event: Event) -> QueuedInput<Ask, Event> {
        QueuedInput::Event(Box::new(self.next_row(event).parse().unwrap()))
    }

    /// The next row of this stream.
    pub(crate) fn next_row(&mut self, event: Event) -> Row {
        let headers = Headers {
            sequence: self.head.sequence + 1,
            kind: event.kind(),
            version: event.version(),
            id: event.id().clone(),
            time: at(0),
            cause: Cause::Recovery,
            vector: self.seen.clone(),
            history: HistoryId::from_bytes([2; 16]),
            traceparent: None,
            idempotency: None,
            seal: None,
        };
        let payload = event.to_payload().unwrap();
        let (_, row) = sealed(headers, payload, self.head, &keys());
        self.head = row.position();
        assert_ne!(self.head.chain, Chain::START);
        self.tail = Some(row.clone());
        row
    }
}

/// The keys of the service under test.
pub(crate) fn keys() -> Arc<SealKeys> {
    Arc::new(SealKeys::of_bytes([7; SEAL_KEY_BYTES]))
}

pub(crate) fn at(millis: u32) -> Timestamp {
    Timestamp::from_micros(0).plus_millis(millis)
}

pub(crate) fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(crate) fn key(key: &str, hash: &str) -> Idempotency {
    Idempotency { key: key.parse().unwrap(), request_hash: hash.to_owned() }
}

pub(crate) fn ask(command: Ask, idempotency: Option<Idempotency>) -> QueuedInput<Ask, Event> {
    QueuedInput::Command { command, request: Request { idempotency, ..Request::default() } }
}

pub(crate) fn place(
    order: &'static str,
    idempotency: Option<Idempotency>,
) -> QueuedInput<Ask, Event> {
    ask(Ask::Place(order), idempotency)
}

pub(crate) fn orders(engine: &Engine<Orders>) -> Vec<(String, String)> {
    orders_in(&engine.read())
}

pub(crate) fn orders_in(state: &Read<'_>) -> Vec<(String, String)> {
    let sql = "SELECT id, state FROM orders ORDER BY id";
    state.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

fn money(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

fn customer() -> Customer {
    let address =
        events::Address { street: String::new(), city: String::new(), country: "UK".into() };
    let credit_limit = money(1_000);
    Customer { id: id("c"), name: "Ann".into(), address, credit_limit, closed: false }
}

/// A placed order with a deadline 100 ms after it.
fn placed(order: &str, name: &str, now: Timestamp) -> Event {
    let line =
        events::Line { sku: id("s"), name: name.to_owned(), quantity: 1, unit_price: money(5) };
    Event::OrderPlaced(order::Placed {
        order_id: id(order),
        customer: Snapshot { version: 1, customer: customer() },
        lines: vec![line],
        total: money(5),
        deadline: now.plus_millis(100),
        hand_over_ms: 0,
        business_date: "2026-01-31".into(),
    })
}

fn ended(order: &str) -> order::Ended {
    let reason = order::EndReason::DeadlinePassed;
    order::Ended { order_id: id(order), reason, detail: String::new() }
}

pub(crate) fn registered() -> Event {
    Event::CustomerRegistered(customer())
}

pub(crate) fn stocked() -> Event {
    Event::InventoryStocked(inventory::Stocked { sku: id("s"), quantity: 1, on_hand: 1 })
}

pub(crate) fn created(order: &str) -> Event {
    let address = customer().address;
    let (order_id, customer_id) = (id(order), id("c"));
    let name = "Ann".to_owned();
    let recipient = shipping::Recipient { customer_id, name, address, customer_version: None };
    Event::ShippingCreated(shipping::Created { order_id, recipient, units: 1 })
}

pub(crate) fn cancelled(order: &str) -> Event {
    let reason = shipping::CancelReason::NotServed;
    Event::ShippingCancelled(shipping::Cancelled { order_id: id(order), reason })
}

pub(crate) fn declined(order: &str) -> Event {
    Event::PaymentDeclined(payment::Declined {
        order_id: id(order),
        customer_id: id("c"),
        reason: payment::DeclineReason::OverLimit,
        amount: money(5),
        outstanding: money(0),
        limit: money(1),
        customer_version: 1,
    })
}
