//! The domain on a real engine over a database in memory.

use contracts::StoredEvent;
use contracts::money::AMOUNT_MINOR_MAX;
use engine::entity::table;
use engine::{Answer, Batch, Database, Domain, Engine, Outcome, QueuedInput, Request};
use protocol::{Cause, Chain, Headers, HistoryId, Row, Timestamp, Vector};

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_000_000);

fn new_engine() -> Engine<ProductDomain> {
    let database = Database::in_memory(ProductDomain::SERVICE, ProductDomain::MIGRATIONS).unwrap();
    Engine::new(ProductDomain::default(), database, keys()).unwrap()
}

fn keys() -> std::sync::Arc<protocol::SealKeys> {
    std::sync::Arc::new(protocol::SealKeys::of_bytes([7; protocol::seal::SEAL_KEY_BYTES]))
}

fn started() -> Engine<ProductDomain> {
    let mut engine = new_engine();
    engine.begin_history(HistoryId::from_bytes([7; 16])).unwrap();
    engine
}

/// As a process finds itself that has this event from before.
fn restored(event: Event) -> Engine<ProductDomain> {
    let headers = Headers {
        sequence: 1,
        kind: event.kind(),
        version: 1,
        id: event.id().clone(),
        time: NOW,
        cause: Cause::Command("before".into()),
        vector: Vector::default(),
        history: HistoryId::from_bytes([7; 16]),
        traceparent: None,
        idempotency: None,
        seal: None,
    };
    let mut stored = StoredEvent { headers, event, chain: Chain::START };
    let row = stored.to_row().unwrap();
    stored.chain = stored.chain.next(&row.subject, &row.headers, &row.payload);
    let mut engine = new_engine();
    engine.restore(&[stored.to_row().unwrap()]).unwrap();
    engine
}

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn details() -> Details {
    Details { name: "Lantern".into(), price: Money::new(10_000, "GBP".parse().unwrap()) }
}

fn named(name: &str) -> Details {
    Details { name: name.into(), ..details() }
}

fn list_as(text: &str) -> Command {
    Command::Create { id: id(text), details: details() }
}

fn change_to(text: &str, details: Details) -> Command {
    Command::Change { id: id(text), details }
}

fn discontinue(text: &str) -> Command {
    Command::End { id: id(text) }
}

fn run(
    engine: &mut Engine<ProductDomain>,
    command: Command,
    request: Request,
) -> Batch<Refusal, Event> {
    engine.run(&[QueuedInput::Command { command, request }], NOW).unwrap()
}

fn answer(batch: Batch<Refusal, Event>) -> Answer<Refusal, Event> {
    let [Outcome::Command(answer)] = <[_; 1]>::try_from(batch.outcomes).unwrap() else {
        panic!("a command was not answered")
    };
    answer
}

fn ask(engine: &mut Engine<ProductDomain>, command: Command) -> Answer<Refusal, Event> {
    answer(run(engine, command, Request::default()))
}

fn accepted(answer: Answer<Refusal, Event>) -> Event {
    let Answer::Accepted { event, .. } = answer else { panic!("not accepted: {answer:?}") };
    event.event
}

fn refused(answer: Answer<Refusal, Event>) -> Refusal {
    let Answer::Refused(refusal) = answer else { panic!("not refused: {answer:?}") };
    refusal
}

fn all(engine: &Engine<ProductDomain>) -> Vec<(u64, Product)> {
    table::page::<Products>(&engine.read(), "", 100).unwrap()
}

fn outbox(engine: &Engine<ProductDomain>) -> Vec<Row> {
    engine::outbox::rows(&engine.read(), 1, 1_000).unwrap()
}

#[test]
fn each_event_carries_the_whole_state_and_its_sequence_is_the_version() {
    let mut engine = started();
    let mut product = Products::with(&id("p-1"), &details());
    let event = accepted(ask(&mut engine, list_as("p-1")));
    assert_eq!(event, Event::ProductListed(product.clone()));

    product.name = "Candle".into();
    let event = accepted(ask(&mut engine, change_to("p-1", named("Candle"))));
    assert_eq!(event, Event::ProductChanged(product.clone()));

    product.discontinued = true;
    let event = accepted(ask(&mut engine, discontinue("p-1")));
    assert_eq!(event, Event::ProductDiscontinued(product.clone()));
    assert_eq!(all(&engine), [(3, product)]);
}

#[test]
fn a_sku_is_listed_once() {
    let mut engine = started();
    accepted(ask(&mut engine, list_as("p-1")));
    let refusal = refused(ask(&mut engine, list_as("p-1")));
    assert_eq!(refusal, Refusal::AlreadyListed(id("p-1").into()));
    accepted(ask(&mut engine, discontinue("p-1")));
    let refusal = refused(ask(&mut engine, list_as("p-1")));
    assert_eq!(refusal, Refusal::AlreadyListed(id("p-1").into()));
}

#[test]
fn what_changes_nothing_makes_no_event() {
    let mut engine = started();
    accepted(ask(&mut engine, list_as("p-1")));
    assert!(matches!(ask(&mut engine, change_to("p-1", details())), Answer::Unchanged));
    accepted(ask(&mut engine, discontinue("p-1")));
    assert!(matches!(ask(&mut engine, discontinue("p-1")), Answer::Unchanged));
    assert_eq!(outbox(&engine).len(), 2);
}

#[test]
fn a_discontinued_product_changes_no_more() {
    let mut engine = started();
    accepted(ask(&mut engine, list_as("p-1")));
    accepted(ask(&mut engine, discontinue("p-1")));
    let refusal = refused(ask(&mut engine, change_to("p-1", named("Candle"))));
    assert_eq!(refusal, Refusal::Discontinued(id("p-1").into()));
}

#[test]
fn an_unknown_product_is_neither_changed_nor_discontinued() {
    let mut engine = started();
    for command in [change_to("p-9", details()), discontinue("p-9")] {
        assert_eq!(refused(ask(&mut engine, command)), Refusal::Unknown(id("p-9").into()));
    }
    assert_eq!(all(&engine), []);
}

#[test]
fn details_that_no_product_may_have_are_refused() {
    let with = |change: fn(&mut Details)| {
        let mut details = details();
        change(&mut details);
        Products::check(&details, None).unwrap_err()
    };
    assert_eq!(with(|d| d.name.clear()), Refusal::EmptyName);
    assert_eq!(with(|d| d.name = " \t".into()), Refusal::EmptyName);
    assert_eq!(with(|d| d.name = "x".repeat(201)), Refusal::LongName);
    assert_eq!(with(|d| d.name = "a\nb".into()), Refusal::UnprintableName);
    assert!(matches!(with(|d| d.price.minor = -1), Refusal::NegativePrice(_)));
}

#[test]
fn details_at_the_bounds_are_accepted() {
    let mut engine = started();
    let mut bounds = named(&"x".repeat(NAME_BYTES_MAX));
    bounds.price.minor = 0;
    let command = Command::Create { id: id("p-1"), details: bounds.clone() };
    accepted(ask(&mut engine, command));
    bounds.price.minor = AMOUNT_MINOR_MAX;
    accepted(ask(&mut engine, change_to("p-1", bounds)));
}

#[test]
fn prices_beyond_the_bound_and_in_no_currency_are_refused() {
    let mut engine = started();
    accepted(ask(&mut engine, list_as("p-1")));
    for (minor, currency) in [(AMOUNT_MINOR_MAX + 1, "GBP"), (i64::MAX, "JPY"), (1, "ZZZ")] {
        let details = Details { price: Money::new(minor, currency.parse().unwrap()), ..details() };
        let listed = Command::Create { id: id("p-2"), details: details.clone() };
        for command in [listed, change_to("p-1", details)] {
            let refusal = refused(ask(&mut engine, command));
            assert!(matches!(refusal, Refusal::UnacceptablePrice(_)), "{refusal:?}");
        }
    }
}

#[test]
fn a_product_from_before_the_bound_is_read_renamed_and_discontinued() {
    for (minor, currency) in [(i64::MAX, "GBP"), (100, "ZZZ")] {
        let price = Money::new(minor, currency.parse().unwrap());
        let old = Details { price, ..details() };
        let mut engine = restored(Event::ProductListed(Products::with(&id("p-1"), &old)));
        let renamed = Details { name: "Lamp".into(), ..old.clone() };
        accepted(ask(&mut engine, change_to("p-1", renamed)));
        accepted(ask(&mut engine, discontinue("p-1")));
        assert_eq!(all(&engine)[0].1.price, price);
    }
}

#[test]
fn refused_details_leave_no_trace() {
    let mut engine = started();
    let command = Command::Create { id: id("p-1"), details: named("") };
    assert_eq!(refused(ask(&mut engine, command)), Refusal::EmptyName);
    accepted(ask(&mut engine, list_as("p-1")));
    let refusal = refused(ask(&mut engine, change_to("p-1", named(""))));
    assert_eq!(refusal, Refusal::EmptyName);
    assert_eq!(outbox(&engine).len(), 1);
}

#[test]
fn one_key_asked_ten_times_lists_once() {
    let mut engine = started();
    let idempotency = protocol::Idempotency { key: "k".parse().unwrap(), request_hash: "h".into() };
    let request = Request { idempotency: Some(idempotency), ..Request::default() };
    for nth in 0..10 {
        let command = list_as(&format!("p-{nth}"));
        let event = accepted(answer(run(&mut engine, command, request.clone())));
        assert_eq!(event.id(), &id("p-0"));
    }
    assert_eq!(all(&engine).len(), 1);
}

#[test]
fn pages_follow_the_skus() {
    let mut engine = started();
    for name in ["p-2", "p-3", "p-1"] {
        accepted(ask(&mut engine, list_as(name)));
    }
    let ids = |after: &str, limit| {
        let page = table::page::<Products>(&engine.read(), after, limit).unwrap();
        page.into_iter().map(|(_, product)| product.sku.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids("", 2), ["p-1", "p-2"]);
    assert_eq!(ids("p-2", 2), ["p-3"]);
    assert_eq!(ids("p-3", 2), [""; 0]);
}

#[test]
fn restored_rows_make_the_same_table() {
    let mut engine = started();
    for name in ["p-1", "p-2", "p-3"] {
        accepted(ask(&mut engine, list_as(name)));
    }
    accepted(ask(&mut engine, change_to("p-1", named("Candle"))));
    accepted(ask(&mut engine, discontinue("p-2")));

    let mut restored = new_engine();
    restored.restore(&outbox(&engine)).unwrap();
    assert_eq!(all(&restored), all(&engine));
    assert_eq!(restored.head(), engine.head());
}
