//! Reading a stream through all that happens to its broker.

use std::time::Duration;

use contracts::service;
use engine::reading::Alarm;
use protocol::{Position, Row};
use runtime::async_nats::jetstream::stream::Config;
use runtime::nats::streams;
use runtime::reading::{self, ConsumerLife};
use tokio::sync::mpsc;

use crate::support::broker::Broker;
use crate::support::process::Process;
use crate::support::{Folder, proof};

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_survives_kills_of_the_broker_without_a_hole_or_a_duplicate() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    let (sink, mut rows) = mpsc::channel::<Row>(16);
    let start = Position::default();
    let connection = broker.connection().await;
    let reading = reading::spawn(connection, "test", service::CUSTOMER, start, sink);
    let mut position = start;
    for round in 0..3 {
        for nth in 0..50 {
            assert_eq!(process.register(&format!("c-{round}-{nth}"), &[]).status, 201);
        }
        while position.sequence < (round + 1) * 50 {
            let row = tokio::time::timeout(crate::support::WITHIN, rows.recv()).await;
            let row = row.expect("rows come in time").unwrap();
            assert!(row.follows(position), "{} after {}", row.sequence, position.sequence);
            position = row.position();
        }
        broker.kill();
        broker.restart();
    }
    assert_eq!(reading.progress.borrow().handed_over, position);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_of_another_history_raises_an_alarm_and_hands_nothing_over() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    let chain = protocol::Chain::START.next("another", "history", b"");
    let from = Position { sequence: 1, chain };
    let (sink, mut rows) = mpsc::channel::<Row>(16);
    let connection = broker.connection().await;
    let reading = reading::spawn(connection, "test", service::CUSTOMER, from, sink);
    let mut progress = reading.progress.clone();
    let alarm = progress.wait_for(|progress| progress.alarm.is_some());
    let alarm = tokio::time::timeout(crate::support::WITHIN, alarm).await.unwrap().unwrap();
    assert!(alarm.alarm.as_ref().unwrap().contains("another history"));
    drop(alarm);
    assert!(rows.try_recv().is_err());
}

/// The broker counts every message and delivers all but one: only a consumer notices.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_misses_a_row_has_its_owner_look_at_it_and_rebuild_the_stream() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::first(&data, &broker);
    for id in ["aaaa", "bbbb", "cccc", "dddd"] {
        assert_eq!(process.register(id, &[]).status, 201);
    }
    let before = proof::stream_equals_outbox(&broker, &data).await;
    process.stop();
    broker.stop();
    broker.flip_a_bit_in("{\"id\":\"bbbb\"");
    broker.restart();
    let mut process = Process::again(&data, &broker);
    process.until_state("ready");
    let (sink, mut rows) = mpsc::channel::<Row>(16);
    let start = Position::default();
    let connection = broker.connection().await;
    let reading = reading::spawn(connection, "test", service::CUSTOMER, start, sink);
    assert!(!process.ended().success());
    let wrong = reading.progress.borrow().wrong;
    assert_eq!(wrong.and_then(|alarm| alarm.row()), Some(2), "{wrong:?}");
    let process = Process::again(&data, &broker);
    process.until("rebuilt", |s| s["state"] == "ready" && s["acknowledged"] == 4);
    assert!(process.log().contains("published again from row 1"), "{}", process.log());
    for expected in &before {
        let row = tokio::time::timeout(crate::support::WITHIN, rows.recv()).await;
        assert_eq!(row.expect("rows come in time").as_ref(), Some(expected));
    }
    process.stop();
    Process::again(&data, &broker).until_state("ready");
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_renews_its_consumer_by_time_too_without_a_hole_or_a_duplicate() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    let (sink, mut rows) = mpsc::channel::<Row>(16);
    let mut position = Position::default();
    let life = ConsumerLife { lasts: Duration::from_millis(30), ..ConsumerLife::default() };
    let connection = broker.connection().await;
    let stream = service::CUSTOMER;
    let _reading = reading::spawn_with(life, connection, "renewing", stream, position, sink);
    for nth in 0..60 {
        assert_eq!(process.register(&format!("c-{nth}"), &[]).status, 201);
        let row = tokio::time::timeout(crate::support::WITHIN, rows.recv()).await;
        let row = row.expect("rows come in time").unwrap();
        assert!(row.follows(position), "{} after {}", row.sequence, position.sequence);
        position = row.position();
    }
    let stream = broker.jetstream().await.get_stream("CUSTOMER").await.unwrap();
    assert!(stream.cached_info().state.consumer_count > 1, "it was renewed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_over_counters_is_over_when_they_are_right_again_though_no_row_comes() {
    let broker = Broker::start();
    let context = broker.jetstream().await;
    let wanted = streams::wanted(service::CUSTOMER, 1);
    let config = Config { deny_purge: false, ..wanted.clone() };
    let stream = context.create_stream(config).await.unwrap();
    stream.purge().sequence(5).await.unwrap();
    let (sink, _rows) = mpsc::channel::<Row>(16);
    let connection = broker.connection().await;
    let start = Position::default();
    let reading = reading::spawn(connection, "test", service::CUSTOMER, start, sink);
    let mut progress = reading.progress.clone();
    let raised = progress.wait_for(|progress| progress.wrong == Some(Alarm::Holed));
    assert!(tokio::time::timeout(crate::support::WITHIN, raised).await.unwrap().is_ok());
    context.delete_stream("CUSTOMER").await.unwrap();
    streams::create(&context, &wanted).await.unwrap();
    let over = progress.wait_for(|progress| progress.connected && progress.wrong.is_none());
    assert!(tokio::time::timeout(crate::support::WITHIN, over).await.unwrap().is_ok());
}
