//! Histories as stories need them: plain, forked, with hands from outside.

use std::collections::BTreeMap;
use std::path::Path;

use contracts::{Event, kind, service};
use engine::starting::Claim;
use protocol::{Cause, Chain, Headers, HistoryId, Position, Row, Timestamp, Vector};
use runtime::async_nats::jetstream::stream;
use runtime::nats::{streams, wire};
use runtime::seal_keys::{self, file_beside};

use super::broker::Broker;
use super::process::Process;

/// A first start that registers these, and a stop.
pub(crate) fn with_customers(data: &Path, broker: &Broker, ids: &[&str]) {
    let process = Process::first(data, broker);
    for id in ids {
        assert_eq!(process.register(id, &[]).status, 201);
    }
    process.stop();
}

/// A database with rows a, b and c, and a stream with a and x: b and c were answered as local, and
/// then an older copy of the database went on in place of this one.
pub(crate) fn fork(broker: &mut Broker, data: &Path) {
    with_customers(data, broker, &["a"]);
    let older = data.with_extension("older");
    copy_files(data, &older);
    let mut process = Process::again(data, broker);
    process.until_state("ready");
    broker.kill();
    process.until_state("alone");
    for id in ["b", "c"] {
        assert!(process.register(id, &[]).head.contains("murmur-durability: local"));
    }
    process.signal("KILL");
    process.ended();
    broker.restart();
    let process = Process::again(&older, broker);
    process.until_state("ready");
    assert_eq!(process.register("x", &[]).status, 201);
    process.stop();
}

/// Somebody else's message in the stream.
pub(crate) async fn inject(broker: &Broker) {
    let context = broker.jetstream().await;
    let publishing = context.publish("customer.registered.x", "{}".into()).await;
    publishing.unwrap().await.unwrap();
}

/// Somebody who may publish, and has no key, appends a row that follows the chain: the last event once
/// more, about somebody else and with their seal.
pub(crate) async fn forge(broker: &Broker, id: &str) -> Row {
    let context = broker.jetstream().await;
    let stream = context.get_stream("CUSTOMER").await.unwrap();
    let last = streams::tail(&stream).await.unwrap().unwrap();
    let mut event = last.parse().unwrap();
    event.headers.sequence = last.sequence + 1;
    event.headers.id = id.parse().unwrap();
    let Event::CustomerRegistered(customer) = &mut event.event else { panic!("{last:?}") };
    customer.id = event.headers.id.clone().into();
    customer.credit_limit.minor = 9_000_000_000_000_000;
    let mut row = event.to_row().unwrap();
    row.chain = last.chain.next(&row.subject, &row.headers, &row.payload);
    let (headers, subject) = (wire::headers_of(&row), row.subject.clone());
    let payload = row.payload.to_vec().into();
    context.publish_with_headers(subject, headers, payload).await.unwrap().await.unwrap();
    row
}

/// A row that this service once had, by the mark on it, and that nobody holds.
pub(crate) fn lost_row(data: &Path, sequence: u64) -> Position {
    let keys = seal_keys::load_or_make(&seal_keys::file_beside(data)).unwrap();
    let chain = keys.mark(sequence, Chain::START.next("lost", "", b""));
    Position { sequence, chain }
}

/// Somebody claims the stream of customers up to here.
pub(crate) async fn publish_claim(broker: &Broker, head: Position) {
    let context = broker.jetstream().await;
    let config = stream::Config {
        name: "CUSTOMER_CLAIMS".to_owned(),
        subjects: vec!["customer.claim".to_owned()],
        ..stream::Config::default()
    };
    context.create_stream(config).await.unwrap();
    let history = HistoryId::from_bytes([1; 16]);
    let claim = Claim { history, head, writer: history }.to_string();
    context.publish("customer.claim", claim.into()).await.unwrap().await.unwrap();
}

/// An order whose vector says that its service had read this much about customers.
pub(crate) async fn publish_witness(broker: &Broker, seen: Position) {
    let headers = Headers {
        sequence: 1,
        kind: kind::ORDER_PLACED,
        version: 1,
        id: "o-1".parse().unwrap(),
        time: Timestamp::from_micros(1),
        cause: Cause::Command("place".to_owned()),
        vector: Vector(BTreeMap::from([(service::CUSTOMER, seen)])),
        history: HistoryId::from_bytes([1; 16]),
        traceparent: None,
        idempotency: None,
        seal: None,
    };
    let subject = headers.kind.subject(&headers.id);
    let (headers, payload) = (headers.to_canonical(), b"{}".as_slice().into());
    let row = Row { sequence: 1, subject, headers, payload, chain: Chain::START };
    let context = broker.jetstream().await;
    streams::create(&context, &streams::wanted(service::ORDER, 1)).await.unwrap();
    let (headers, subject) = (wire::headers_of(&row), row.subject);
    let publishing = context.publish_with_headers(subject, headers, "{}".into()).await;
    publishing.unwrap().await.unwrap();
}

/// Copies a folder of files, and the keys beside it.
pub(crate) fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    std::fs::copy(file_beside(from), file_beside(to)).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
