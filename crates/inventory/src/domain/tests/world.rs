//! Inventory on a real engine over a database in memory, and the streams that it reads.

use contracts::events::inventory::{Rejected, Returned, Shortage, Units};
use contracts::events::order::{EndReason, Ended, Placed};
use contracts::events::{Address, Customer, Line, Product, Snapshot};
use contracts::{Event, Money};
use engine::{Answer, Batch, Database, Domain as _, Engine, Outcome, QueuedInput, Request};
use protocol::choreography::State;
use protocol::{HistoryId, Id, Row, Timestamp};

use super::stream::Stream;
use crate::domain::state::{Reservation, Stock, state_of};
use crate::domain::{Command, InventoryDomain};
use crate::refusal::Refusal;
use crate::tables;

pub(super) const NOW: Timestamp = Timestamp::from_micros(1_000_000);

/// Inventory with the two streams that it reads.
pub(super) struct World {
    pub(super) engine: Engine<InventoryDomain>,
    pub(super) orders: Stream,
    pub(super) products: Stream,
}

impl World {
    /// Products `a`, `b` and `c` are listed, nothing is stocked.
    pub(super) fn new() -> Self {
        let mut engine = new_engine();
        engine.begin_history(HistoryId::from_bytes([7; 16])).unwrap();
        let mut world = Self { engine, orders: Stream::new(), products: Stream::new() };
        for sku in ["a", "b", "c"] {
            world.product(Event::ProductListed(product(sku)));
        }
        world
    }

    pub(super) fn stocked(stock: &[(&str, u32)]) -> Self {
        let mut world = Self::new();
        for (sku, quantity) in stock {
            assert!(matches!(world.stock(sku, *quantity), Answer::Accepted { .. }));
        }
        world
    }

    pub(super) fn run(&mut self, inputs: &[QueuedInput<Command, Event>]) -> Batch<Refusal, Event> {
        self.engine.run(inputs, NOW).unwrap()
    }

    pub(super) fn product(&mut self, event: Event) {
        let work = QueuedInput::Event(Box::new(self.products.next(event)));
        self.run(&[work]);
    }

    /// Hands in an event of ORDER, and says what inventory published.
    pub(super) fn order(&mut self, event: Event) -> Option<Event> {
        let work = QueuedInput::Event(Box::new(self.orders.next(event)));
        let batch = self.run(&[work]);
        assert!(matches!(batch.outcomes[..], [Outcome::Event]), "{:?}", batch.outcomes);
        batch.rows.first().map(|row| row.parse().unwrap().event)
    }

    pub(super) fn ask(
        &mut self,
        sku: &str,
        quantity: u32,
        request: Request,
    ) -> Answer<Refusal, Event> {
        let command = Command::Stock { sku: id(sku), quantity };
        answer(self.run(&[QueuedInput::Command { command, request }]))
    }

    pub(super) fn stock(&mut self, sku: &str, quantity: u32) -> Answer<Refusal, Event> {
        self.ask(sku, quantity, Request::default())
    }

    pub(super) fn refusal(&mut self, sku: &str, quantity: u32) -> Refusal {
        let answer = self.stock(sku, quantity);
        let Answer::Refused(refusal) = answer else { panic!("not refused: {answer:?}") };
        refusal
    }

    /// On hand, reserved, stocked and committed.
    pub(super) fn counts(&self, sku: &str) -> [u64; 4] {
        let stock = tables::stock(&self.engine.read(), &id(sku)).unwrap().unwrap();
        [stock.on_hand, stock.reserved, stock.stocked, stock.committed]
    }

    pub(super) fn state(&self) -> State {
        state_of(tables::reservation(&self.engine.read(), &id("o-1")).unwrap().as_ref())
    }
}

pub(super) fn new_engine() -> Engine<InventoryDomain> {
    let database =
        Database::in_memory(InventoryDomain::SERVICE, InventoryDomain::MIGRATIONS).unwrap();
    Engine::new(InventoryDomain, database, keys()).unwrap()
}

fn keys() -> std::sync::Arc<protocol::SealKeys> {
    std::sync::Arc::new(protocol::SealKeys::of_bytes([7; protocol::seal::SEAL_KEY_BYTES]))
}

pub(super) fn answer(batch: Batch<Refusal, Event>) -> Answer<Refusal, Event> {
    let [Outcome::Command(answer)] = <[_; 1]>::try_from(batch.outcomes).unwrap() else {
        panic!("a command was not answered")
    };
    answer
}

pub(super) fn id<T: From<Id>>(text: &str) -> T {
    text.parse::<Id>().unwrap().into()
}

pub(super) fn gbp(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

pub(super) fn product(sku: &str) -> Product {
    Product { sku: id(sku), name: sku.into(), price: gbp(100), discontinued: false }
}

pub(super) fn snapshot() -> Snapshot {
    let address = Address { street: String::new(), city: String::new(), country: "GB".into() };
    let customer = Customer {
        id: id("c-1"),
        name: "Ada".into(),
        address,
        credit_limit: gbp(10_000),
        closed: false,
    };
    Snapshot { version: 4, customer }
}

pub(super) fn line((sku, quantity): &(&str, u32)) -> Line {
    Line { sku: id(sku), name: (*sku).into(), quantity: *quantity, unit_price: gbp(100) }
}

pub(super) fn order(lines: &[(&str, u32)]) -> Placed {
    Placed {
        order_id: id("o-1"),
        customer: snapshot(),
        lines: lines.iter().map(line).collect(),
        total: gbp(500),
        deadline: NOW.plus_millis(1_000),
        hand_over_ms: 0,
        business_date: "2026-01-31".into(),
    }
}

pub(super) fn placed(lines: &[(&str, u32)]) -> Event {
    Event::OrderPlaced(order(lines))
}

pub(super) fn ended() -> Ended {
    Ended { order_id: id("o-1"), reason: EndReason::Requested, detail: String::new() }
}

pub(super) fn cancelled() -> Event {
    Event::OrderCancelled(ended())
}

pub(super) fn units(lines: &[(&str, u32)]) -> Vec<Units> {
    lines.iter().map(|(sku, quantity)| Units { sku: id(sku), quantity: *quantity }).collect()
}

pub(super) fn returned(lines: &[(&str, u32)]) -> Returned {
    Returned { order_id: id("o-1"), lines: units(lines) }
}

pub(super) fn rejected(sku: &str, wanted: u32, available: u64) -> Option<Event> {
    let shortages = vec![Shortage { sku: id(sku), wanted, available }];
    Some(Event::InventoryRejected(Rejected { order_id: id("o-1"), shortages }))
}

pub(super) fn tables_of(
    engine: &Engine<InventoryDomain>,
    orders: &[&str],
) -> (Vec<Stock>, Vec<Option<Reservation>>) {
    let find = |order: &&str| tables::reservation(&engine.read(), &id(order)).unwrap();
    (tables::page(&engine.read(), "", 100).unwrap(), orders.iter().map(find).collect())
}

pub(super) fn outbox(engine: &Engine<InventoryDomain>) -> Vec<Row> {
    engine::outbox::rows(&engine.read(), 1, 1_000).unwrap()
}
