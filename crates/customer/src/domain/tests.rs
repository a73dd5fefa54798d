//! The domain on a real engine over a database in memory.

mod histories;

use contracts::StoredEvent;
use contracts::money::AMOUNT_MINOR_MAX;
use engine::entity::table;
use engine::{Answer, Batch, Database, Domain, Engine, Outcome, QueuedInput, Request};
use protocol::{Cause, Chain, Headers, HistoryId, Row, Timestamp, Vector};

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_000_000);

fn new_engine() -> Engine<CustomerDomain> {
    let database =
        Database::in_memory(CustomerDomain::SERVICE, CustomerDomain::MIGRATIONS).unwrap();
    Engine::new(CustomerDomain::default(), database, keys()).unwrap()
}

fn keys() -> std::sync::Arc<protocol::SealKeys> {
    std::sync::Arc::new(protocol::SealKeys::of_bytes([7; protocol::seal::SEAL_KEY_BYTES]))
}

fn started() -> Engine<CustomerDomain> {
    let mut engine = new_engine();
    engine.begin_history(HistoryId::from_bytes([7; 16])).unwrap();
    engine
}

/// As a process finds itself that has this event from before.
fn restored(event: Event) -> Engine<CustomerDomain> {
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
    Details {
        name: "Ada".into(),
        address: Address { street: String::new(), city: String::new(), country: "GB".into() },
        credit_limit: Money::new(10_000, "GBP".parse().unwrap()),
    }
}

fn named(name: &str) -> Details {
    Details { name: name.into(), ..details() }
}

fn register_as(text: &str) -> Command {
    Command::Create { id: id(text), details: details() }
}

fn change_to(text: &str, details: Details) -> Command {
    Command::Change { id: id(text), details }
}

fn close_of(text: &str) -> Command {
    Command::End { id: id(text) }
}

fn run(
    engine: &mut Engine<CustomerDomain>,
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

fn ask(engine: &mut Engine<CustomerDomain>, command: Command) -> Answer<Refusal, Event> {
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

fn all(engine: &Engine<CustomerDomain>) -> Vec<(u64, Customer)> {
    table::page::<Customers>(&engine.read(), "", 100).unwrap()
}

fn outbox(engine: &Engine<CustomerDomain>) -> Vec<Row> {
    engine::outbox::rows(&engine.read(), 1, 1_000).unwrap()
}

#[test]
fn each_event_carries_the_whole_state_and_its_sequence_is_the_version() {
    let mut engine = started();
    let mut customer = Customers::with(&id("c-1"), &details());
    let event = accepted(ask(&mut engine, register_as("c-1")));
    assert_eq!(event, Event::CustomerRegistered(customer.clone()));

    customer.name = "Grace".into();
    let event = accepted(ask(&mut engine, change_to("c-1", named("Grace"))));
    assert_eq!(event, Event::CustomerChanged(customer.clone()));

    customer.closed = true;
    let event = accepted(ask(&mut engine, close_of("c-1")));
    assert_eq!(event, Event::CustomerClosed(customer.clone()));
    assert_eq!(all(&engine), [(3, customer)]);
}

#[test]
fn an_id_is_registered_once() {
    let mut engine = started();
    accepted(ask(&mut engine, register_as("c-1")));
    let refusal = refused(ask(&mut engine, register_as("c-1")));
    assert_eq!(refusal, Refusal::AlreadyRegistered(id("c-1").into()));
    accepted(ask(&mut engine, close_of("c-1")));
    let refusal = refused(ask(&mut engine, register_as("c-1")));
    assert_eq!(refusal, Refusal::AlreadyRegistered(id("c-1").into()));
}

#[test]
fn what_changes_nothing_makes_no_event() {
    let mut engine = started();
    accepted(ask(&mut engine, register_as("c-1")));
    assert!(matches!(ask(&mut engine, change_to("c-1", details())), Answer::Unchanged));
    accepted(ask(&mut engine, close_of("c-1")));
    assert!(matches!(ask(&mut engine, close_of("c-1")), Answer::Unchanged));
    assert_eq!(outbox(&engine).len(), 2);
}

#[test]
fn a_closed_customer_changes_no_more() {
    let mut engine = started();
    accepted(ask(&mut engine, register_as("c-1")));
    accepted(ask(&mut engine, close_of("c-1")));
    let refusal = refused(ask(&mut engine, change_to("c-1", named("Grace"))));
    assert_eq!(refusal, Refusal::Closed(id("c-1").into()));
}

#[test]
fn an_unknown_customer_is_neither_changed_nor_closed() {
    let mut engine = started();
    for command in [change_to("c-9", details()), close_of("c-9")] {
        assert_eq!(refused(ask(&mut engine, command)), Refusal::Unknown(id("c-9").into()));
    }
    assert_eq!(all(&engine), []);
}

#[test]
fn details_that_no_customer_may_have_are_refused() {
    let with = |change: fn(&mut Details)| {
        let mut details = details();
        change(&mut details);
        Customers::check(&details, None).unwrap_err()
    };
    assert_eq!(with(|d| d.name.clear()), Refusal::Empty { field: "name" });
    assert_eq!(with(|d| d.name = " \t".into()), Refusal::Empty { field: "name" });
    assert_eq!(with(|d| d.name = "x".repeat(201)), Refusal::TooLong { field: "name" });
    assert_eq!(with(|d| d.name = "a\nb".into()), Refusal::Unprintable { field: "name" });
    assert_eq!(with(|d| d.address.country.clear()), Refusal::Empty { field: "address.country" });
    let refusal = with(|d| d.address.city = "ä".repeat(101));
    assert_eq!(refusal, Refusal::TooLong { field: "address.city" });
    let refusal = with(|d| d.address.street = "\u{7}".into());
    assert_eq!(refusal, Refusal::Unprintable { field: "address.street" });
    assert!(matches!(with(|d| d.credit_limit.minor = -1), Refusal::NegativeLimit(_)));
}

#[test]
fn a_mistyped_field_of_an_address_is_told_and_not_lost() {
    let parse = |address: &str| {
        let limit = r#"{"minor":1,"currency":"GBP"}"#;
        let json = format!(r#"{{"name":"Ada","address":{address},"credit_limit":{limit}}}"#);
        serde_json::from_str::<Details>(&json).map_err(|error| error.to_string())
    };
    let address = Address { street: String::new(), city: "Ely".into(), country: "GB".into() };
    assert_eq!(parse(r#"{"city":"Ely","country":"GB"}"#).unwrap().address, address);
    assert!(parse(r#"{"strete":"Mill Lane 1","country":"GB"}"#).unwrap_err().contains("strete"));
    assert!(parse(r#"{"city":"Ely"}"#).unwrap_err().contains("country"));
}

#[test]
fn details_at_the_bounds_are_accepted() {
    let mut engine = started();
    let mut bounds = named(&"x".repeat(TEXT_BYTES_MAX));
    bounds.credit_limit.minor = 0;
    let command = Command::Create { id: id("c-1"), details: bounds.clone() };
    accepted(ask(&mut engine, command));
    bounds.credit_limit.minor = AMOUNT_MINOR_MAX;
    accepted(ask(&mut engine, change_to("c-1", bounds)));
}

#[test]
fn refused_details_leave_no_trace() {
    let mut engine = started();
    let command = Command::Create { id: id("c-1"), details: named("") };
    assert_eq!(refused(ask(&mut engine, command)), Refusal::Empty { field: "name" });
    accepted(ask(&mut engine, register_as("c-1")));
    let refusal = refused(ask(&mut engine, change_to("c-1", named(""))));
    assert_eq!(refusal, Refusal::Empty { field: "name" });
    assert_eq!(outbox(&engine).len(), 1);
}

#[test]
fn one_key_asked_ten_times_registers_once() {
    let mut engine = started();
    let idempotency = protocol::Idempotency { key: "k".parse().unwrap(), request_hash: "h".into() };
    let request = Request { idempotency: Some(idempotency), ..Request::default() };
    for nth in 0..10 {
        // The id is made anew by each attempt of a client that names none.
        let command = register_as(&format!("c-{nth}"));
        let event = accepted(answer(run(&mut engine, command, request.clone())));
        assert_eq!(event.id(), &id("c-0"));
    }
    assert_eq!(all(&engine).len(), 1);
}

#[test]
fn pages_follow_the_ids() {
    let mut engine = started();
    for name in ["c-2", "c-3", "c-1"] {
        accepted(ask(&mut engine, register_as(name)));
    }
    let ids = |after: &str, limit| {
        let page = table::page::<Customers>(&engine.read(), after, limit).unwrap();
        page.into_iter().map(|(_, customer)| customer.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids("", 2), ["c-1", "c-2"]);
    assert_eq!(ids("c-2", 2), ["c-3"]);
    assert_eq!(ids("c-3", 2), [""; 0]);
}

#[test]
fn limits_beyond_the_bound_and_in_no_currency_are_refused() {
    let mut engine = started();
    accepted(ask(&mut engine, register_as("c-1")));
    for (minor, currency) in [(AMOUNT_MINOR_MAX + 1, "GBP"), (i64::MAX, "JPY"), (1, "ZZZ")] {
        let credit_limit = Money::new(minor, currency.parse().unwrap());
        let details = Details { credit_limit, ..details() };
        let registered = Command::Create { id: id("c-2"), details: details.clone() };
        for command in [registered, change_to("c-1", details)] {
            let refusal = refused(ask(&mut engine, command));
            assert!(matches!(refusal, Refusal::UnacceptableLimit(_)), "{refusal:?}");
        }
    }
}

#[test]
fn a_customer_from_before_the_bound_is_read_renamed_and_closed() {
    for (minor, currency) in [(i64::MAX, "GBP"), (100, "ZZZ")] {
        let credit_limit = Money::new(minor, currency.parse().unwrap());
        let old = Details { credit_limit, ..details() };
        let mut engine = restored(Event::CustomerRegistered(Customers::with(&id("c-1"), &old)));
        let renamed = Details { name: "Grace".into(), ..old.clone() };
        accepted(ask(&mut engine, change_to("c-1", renamed)));
        accepted(ask(&mut engine, close_of("c-1")));
        assert_eq!(all(&engine)[0].1.credit_limit, credit_limit);
    }
}

#[test]
fn restored_rows_make_the_same_table() {
    let mut engine = started();
    for name in ["c-1", "c-2", "c-3"] {
        accepted(ask(&mut engine, register_as(name)));
    }
    accepted(ask(&mut engine, change_to("c-1", named("Grace"))));
    accepted(ask(&mut engine, close_of("c-2")));

    let mut restored = new_engine();
    restored.restore(&outbox(&engine)).unwrap();
    assert_eq!(all(&restored), all(&engine));
    assert_eq!(restored.head(), engine.head());
}
