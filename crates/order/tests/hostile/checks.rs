//! What must be true of whatever order somebody sends: for tests at random, and for the fuzz target.

use std::sync::Arc;

use contracts::events::{Address, Customer, Product};
use contracts::{Event, Money, StoredEvent};
use engine::{Answer, Database, Domain as _, Engine, Outcome, QueuedInput, Request};
use order::api::NewOrder;
use order::{Command, OrderDomain};
use protocol::seal::SEAL_KEY_BYTES;
use protocol::{Cause, Chain, Headers, HistoryId, SealKeys, Timestamp, Vector};
use runtime::http::command::parse_json;
use runtime::http::{CommandRequest, Problem};
use runtime::warp::http::{HeaderMap, Method};

/// A request is refused with a reason, or becomes an event that can be read, and whose total is that of its
/// lines.
pub(crate) fn order(headers: &HeaderMap, body: &[u8]) {
    let parsed = CommandRequest::parse(&Method::POST, "/orders", headers, body)
        .and_then(|request| Ok((request, parse_json::<NewOrder>(body)?)));
    let (request, order) = match parsed {
        Ok(parsed) => parsed,
        Err(problem) => return assert!(problem.status.is_client_error(), "{problem:?}"),
    };
    let CommandRequest { idempotency, traceparent, preconditions, .. } = request;
    let request = Request { idempotency, traceparent, preconditions };
    let command = Command::Place(order.into_place(|| "o-1".parse().unwrap()));
    let mut engine = shop();
    let mut batch = engine.run(&[QueuedInput::Command { command, request }], now()).unwrap();
    let Some(Outcome::Command(answer)) = batch.outcomes.pop() else { panic!("{batch:?}") };
    match answer {
        Answer::Accepted { event, repeated: false } => {
            let stored: StoredEvent = batch.rows[0].parse().unwrap();
            assert_eq!(stored, *event);
            is_well_placed(&stored.event);
        }
        Answer::Refused(refusal) => {
            let problem = Problem::from(refusal);
            assert!(problem.status.is_client_error(), "{problem:?}");
        }
        Answer::PreconditionFailed(_) => {}
        unexpected @ (Answer::Accepted { .. }
        | Answer::Unchanged
        | Answer::KeyReused
        | Answer::TooLarge { .. }
        | Answer::Failed(_)) => panic!("{unexpected:?}"),
    }
}

fn is_well_placed(event: &Event) {
    let Event::OrderPlaced(placed) = event else { panic!("{event:?}") };
    let line = |line: &contracts::events::Line| {
        i128::from(line.quantity) * i128::from(line.unit_price.minor)
    };
    let sum: i128 = placed.lines.iter().map(line).sum();
    assert!(
        !placed.lines.is_empty() && sum == i128::from(placed.total.minor) && sum >= 0,
        "{placed:?}"
    );
}

/// The order service, which knows the customer `c-1` and the product `cup`.
fn shop() -> Engine<OrderDomain> {
    let database = Database::in_memory(OrderDomain::SERVICE, OrderDomain::MIGRATIONS).unwrap();
    let domain = OrderDomain { deadline_ms: 30_000, hand_over_ms: 0 };
    let keys = Arc::new(SealKeys::of_bytes([7; SEAL_KEY_BYTES]));
    let mut engine = Engine::new(domain, database, keys).unwrap();
    engine.begin_history(HistoryId::from_bytes([1; 16])).unwrap();
    let price = |minor| Money::new(minor, "GBP".parse().unwrap());
    let address = Address { street: String::new(), city: String::new(), country: "GB".to_owned() };
    let customer = Customer {
        id: "c-1".parse().unwrap(),
        name: "Ada".to_owned(),
        address,
        credit_limit: price(100_000),
        closed: false,
    };
    let cup = Product {
        sku: "cup".parse().unwrap(),
        name: "A cup".to_owned(),
        price: price(250),
        discontinued: false,
    };
    for event in [Event::CustomerRegistered(customer), Event::ProductListed(cup)] {
        let input = QueuedInput::Event(Box::new(first_of_its_stream(event)));
        engine.run(&[input], now()).unwrap();
    }
    engine
}

fn first_of_its_stream(event: Event) -> StoredEvent {
    let headers = Headers {
        sequence: 1,
        kind: event.kind(),
        version: 1,
        id: event.id().clone(),
        time: now(),
        cause: Cause::Command("test".to_owned()),
        vector: Vector::default(),
        history: HistoryId::from_bytes([2; 16]),
        traceparent: None,
        idempotency: None,
        seal: None,
    };
    let mut stored = StoredEvent { headers, event, chain: Chain::START };
    let row = stored.to_row().unwrap();
    stored.chain = Chain::START.next(&row.subject, &row.headers, &row.payload);
    stored
}

fn now() -> Timestamp {
    "2026-01-31T08:00:00Z".parse().unwrap()
}
