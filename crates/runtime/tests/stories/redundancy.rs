//! A service is ready as soon as it may decide, and redundant only when all that it holds is in two
//! places.

use serde_json::Value;

use crate::support::broker::Broker;
use crate::support::history::with_customers;
use crate::support::process::Process;
use crate::support::{Folder, eventually, proof};

/// What the gauge says; nothing while it says nothing.
fn measured(process: &Process) -> Option<u8> {
    let metrics = process.text("/metrics")?;
    metrics.lines().find_map(|line| line.strip_prefix("murmur_redundant ")?.parse().ok())
}

fn reason(status: &Value) -> &str {
    status["redundant_reason"].as_str().unwrap_or_default()
}

/// The stream is gone, and its successor is empty: what the former one had acknowledged is nowhere but
/// in the database, while commands are taken already.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_stream_begins_anew_is_ready_and_not_redundant_until_all_is_published() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b", "c"]);
    let before = proof::stream_equals_outbox(&broker, &data).await;
    broker.jetstream().await.delete_stream("CUSTOMER").await.unwrap();
    broker.stop();
    broker.restart_with_room(1);
    let process = Process::again(&data, &broker);
    let takes_commands = |status: &Value| ["ready", "alone"].contains(&text(&status["state"]));
    let status = process.until("ready", takes_commands);
    assert_eq!(status["redundant"], false);
    // A broker takes one row more than it has room for.
    let rows = 3 - status["acknowledged"].as_u64().unwrap();
    assert!(
        rows >= 2 && reason(&status).contains(&format!("{rows} rows are in the database only"))
    );
    assert_eq!(status["missing"][0], serde_json::json!({"what": "rows", "rows": rows}));
    let ready = process.try_send("GET", "/readyz?verbose", &[], "").unwrap();
    assert_eq!((ready.status, &ready.body["redundant"]), (200, &false.into()), "{ready:?}");
    eventually("it is measured", || (measured(&process)? == 0).then_some(()));
    broker.stop();
    broker.restart();
    let status = process.until("redundant", |s| s["redundant"] == true);
    assert_eq!(status["redundant_reason"], Value::Null);
    assert_eq!(status["acknowledged"], 3);
    eventually("it is measured", || (measured(&process)? == 1).then_some(()));
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await, before);
}

#[test]
fn a_row_that_the_broker_has_not_acknowledged_is_in_one_place_and_so_may_all_be_without_a_broker() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    process.until("redundant", |s| s["redundant"] == true);
    broker.signal("STOP");
    let waiting = process.begin_send("POST", "/customers", &[], "\"b\"");
    let status = process.until("it is committed", |s| s["head"] == 2);
    assert_eq!(status["redundant"], false);
    assert!(reason(&status).contains("1 row is in the database only"), "{status}");
    broker.signal("CONT");
    assert_eq!(Process::read_reply(waiting.unwrap()).unwrap().status, 201);
    process.until("redundant again", |s| s["redundant"] == true);
    broker.kill();
    let status = process.until("it is noticed", |s| s["redundant"] == false);
    assert_eq!(status["head"], status["acknowledged"], "all was acknowledged, and may be lost");
    broker.restart();
    process.until("redundant once more", |s| s["redundant"] == true);
}

/// A broker that hangs raises no error, and what it was seen to hold may have gone meanwhile.
#[test]
fn what_was_not_seen_for_long_is_not_counted_on() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    process.until("redundant", |s| s["redundant"] == true);
    broker.signal("STOP");
    process.until("it is not known any more", |s| s["redundant"] == false);
    broker.signal("CONT");
    process.until("redundant again", |s| s["redundant"] == true);
}

#[test]
fn a_fenced_service_says_beside_its_reason_that_it_is_not_redundant() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    broker.wipe();
    std::fs::remove_dir_all(&data).unwrap();
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    assert!(reason(&status).starts_with("it is fenced: "), "{status}");
    let plain = process.try_send("GET", "/readyz", &[], "").unwrap();
    assert_eq!((plain.status, &plain.body["redundant"]), (503, &Value::Null));
    let verbose = process.try_send("GET", "/readyz?verbose", &[], "").unwrap();
    assert_eq!((verbose.status, &verbose.body["redundant"]), (503, &false.into()));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
