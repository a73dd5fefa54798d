//! Reading a stream through all that happens to its broker.

use contracts::{Position, Row, Service};
use runtime::reading;
use tokio::sync::mpsc;

use crate::support::Folder;
use crate::support::broker::Broker;
use crate::support::process::Process;

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_survives_kills_of_the_broker_without_a_hole_or_a_duplicate() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    let (sink, mut rows) = mpsc::channel::<Row>(16);
    let start = Position::default();
    let connection = broker.connection().await;
    let reading = reading::spawn(connection, "test", Service::Customer, start, sink);
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
    let chain = contracts::Chain::START.next("another", "history", b"");
    let from = Position { sequence: 1, chain };
    let (sink, mut rows) = mpsc::channel::<Row>(16);
    let connection = broker.connection().await;
    let reading = reading::spawn(connection, "test", Service::Customer, from, sink);
    let mut progress = reading.progress.clone();
    let alarm = progress.wait_for(|progress| progress.alarm.is_some());
    let alarm = tokio::time::timeout(crate::support::WITHIN, alarm).await.unwrap().unwrap();
    assert!(alarm.alarm.as_ref().unwrap().contains("another history"));
    drop(alarm);
    assert!(rows.try_recv().is_err());
}
