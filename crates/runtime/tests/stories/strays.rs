//! A writer that was replaced slips rows in behind its replacement: the broker compares numbers.

use contracts::service;
use protocol::{Chain, Headers, Row};
use runtime::nats::{streams, wire};

use crate::support::broker::Broker;
use crate::support::history::{inject, with_customers};
use crate::support::process::Process;
use crate::support::{Folder, proof};

async fn publish(broker: &Broker, row: &Row) {
    let (headers, payload) = (wire::headers_of(row), row.payload.to_vec().into());
    let context = broker.jetstream().await;
    let publishing = context.publish_with_headers(row.subject.clone(), headers, payload).await;
    publishing.unwrap().await.unwrap();
}

/// A row of the stream's own history that follows another one than stands before it.
async fn slip_in(broker: &Broker, sequence: u64) {
    let stream = broker.jetstream().await.get_stream("CUSTOMER").await.unwrap();
    let mut row = streams::message(&stream, 1).await.unwrap().unwrap();
    let headers = Headers { sequence, ..Headers::parse(&row.headers).unwrap() };
    (row.sequence, row.headers) = (sequence, headers.to_canonical());
    let elsewhere = Chain::START.next("customer.registered.y", "", b"{}");
    row.chain = elsewhere.next(&row.subject, &row.headers, &row.payload);
    publish(broker, &row).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_slipped_in_goes_and_the_stream_is_published_anew() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    slip_in(&broker, 3).await;
    let process = Process::again(&data, &broker);
    process.until("rebuilt", |s| s["state"] == "ready" && s["acknowledged"] == 2);
    assert_eq!(process.register("c", &[]).status, 201);
    proof::stream_equals_outbox(&broker, &data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_it_does_after_the_database_was_lost() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    slip_in(&broker, 3).await;
    std::fs::remove_dir_all(&data).unwrap();
    let process = Process::again(&data, &broker);
    process.until("rebuilt", |s| s["state"] == "ready" && s["acknowledged"] == 2);
    assert_eq!(process.register("a", &[]).status, 409, "what was restored is known");
    assert_eq!(process.register("c", &[]).status, 201);
    proof::stream_equals_outbox(&broker, &data).await;
}

/// The tails are equal, and still row 2 is not in the stream.
#[tokio::test(flavor = "multi_thread")]
async fn the_own_tail_behind_the_row_of_another_proves_nothing_to_a_process_nor_to_its_next_start()
{
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    broker.kill();
    process.until_state("alone");
    for id in ["b", "c"] {
        assert!(process.register(id, &[]).head.contains("murmur-durability: local"));
    }
    process.signal("STOP");
    broker.restart();
    inject(&broker).await;
    publish(&broker, &proof::outbox(&data)[2]).await;
    process.signal("CONT");
    assert!(!process.ended().success());
    assert!(process.log().contains("message 2 is not row 2"), "{}", process.log());
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    assert!(status["reason"].as_str().unwrap().contains('2'), "{status}");
}

/// As a replacement leaves it that has deleted the stream and is about to publish its own rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_somebody_else_began_anew_is_not_written_to() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    process.signal("STOP");
    let context = broker.jetstream().await;
    context.delete_stream("CUSTOMER").await.unwrap();
    let mut anew = streams::create(&context, &streams::wanted(service::CUSTOMER, 1)).await.unwrap();
    process.signal("CONT");
    assert!(!process.ended().success());
    assert!(process.log().contains("another was created"), "{}", process.log());
    assert_eq!(anew.info().await.unwrap().state.messages, 0);
    let process = Process::again(&data, &broker);
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 1);
}
