//! What a start heals, and what it leaves to a person.

use std::time::Duration;

use runtime::async_nats::jetstream::stream::Config;

use crate::support::broker::Broker;
use crate::support::history::with_customers;
use crate::support::process::Process;
use crate::support::{Folder, eventually};

#[test]
fn a_deleted_database_is_restored_and_takes_the_end_of_the_stream() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b", "c"]);
    std::fs::remove_dir_all(&data).unwrap();
    let process = Process::again(&data, &broker);
    process.until("restored", |s| s["state"] == "ready" && s["head"] == 4);
    assert!(process.knows("a") && process.knows("c"));
    assert_eq!(process.register("d", &[]).body, 5);
}

#[test]
fn a_wiped_broker_gets_every_row_again() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b", "c"]);
    broker.wipe();
    let process = Process::again(&data, &broker);
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_deleted_while_the_service_runs_ends_it_and_the_next_start_rebuilds_it() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    broker.jetstream().await.delete_stream("CUSTOMER").await.unwrap();
    assert!(!process.ended().success());
    assert!(process.log().contains("the stream is gone"), "{}", process.log());
    let process = Process::again(&data, &broker);
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_stream_is_rebuilt_from_row_one_after_a_copy_was_written() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b", "c"]);
    let context = broker.jetstream().await;
    let stream = context.get_stream("CUSTOMER").await.unwrap();
    let mut config = stream.cached_info().config.clone();
    // The limit does what deny_purge forbids; then everything looks as it was wanted.
    config.max_messages = 1;
    config.discard = runtime::async_nats::jetstream::stream::DiscardPolicy::Old;
    context.update_stream(&config).await.unwrap();
    let process = Process::again(&data, &broker);
    process.until("rebuilt", |s| s["state"] == "ready" && s["acknowledged"] == 3);
    let mut stream = context.get_stream("CUSTOMER").await.unwrap();
    let state = &stream.info().await.unwrap().state;
    assert_eq!((state.first_sequence, state.last_sequence, state.messages), (1, 3, 3));
    let names = std::fs::read_dir(folder.path()).unwrap();
    let copies = names.filter(|name| {
        name.as_ref().unwrap().file_name().to_string_lossy().contains("before-rebuild")
    });
    assert_eq!(copies.count(), 1);
}

#[test]
fn a_stream_with_a_flipped_bit_is_rebuilt() {
    for damaged in ["aaaa", "bbbb", "cccc"] {
        let (mut broker, folder) = (Broker::start(), Folder::new());
        let data = folder.path().join("customer");
        with_customers(&data, &broker, &["aaaa", "bbbb", "cccc"]);
        broker.kill();
        broker.flip_a_bit_in(&format!("{{\"id\":\"{damaged}\""));
        broker.restart();
        let process = Process::again(&data, &broker);
        process.until("rebuilt", |s| s["state"] == "ready" && s["acknowledged"] == 3);
        assert!(process.log().contains("published again from row 1"), "{}", process.log());
    }
}

#[test]
fn a_database_that_is_removed_before_the_start_is_through_ends_the_process() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    broker.kill();
    std::fs::remove_dir_all(&data).unwrap();
    let mut process = Process::again(&data, &broker);
    process.until_state("starting");
    std::fs::remove_dir_all(&data).unwrap();
    broker.restart();
    assert!(!process.ended().success());
    assert!(process.log().contains("was removed or replaced"), "{}", process.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_another_configuration_is_set_right() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let subjects = vec!["customer.*.*".to_owned()];
    let config = Config { name: "CUSTOMER".to_owned(), subjects, ..Config::default() };
    broker.jetstream().await.create_stream(config).await.unwrap();
    let process = Process::first(&folder.path().join("customer"), &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    let context = broker.jetstream().await;
    let stream = context.get_stream("CUSTOMER").await.unwrap();
    assert!(stream.cached_info().config.deny_purge);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_cannot_be_set_right_is_told() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let subjects = vec!["customer.*.*".to_owned()];
    let storage = runtime::async_nats::jetstream::stream::StorageType::Memory;
    let config = Config { name: "CUSTOMER".to_owned(), subjects, storage, ..Config::default() };
    broker.jetstream().await.create_stream(config).await.unwrap();
    let process = Process::again(&folder.path().join("customer"), &broker);
    let status = process.until_state("fenced");
    assert!(status["reason"].as_str().unwrap().contains("storage"), "{status}");
}

/// A bad setting must not leave a process behind that does nothing.
#[test]
fn a_start_that_cannot_begin_ends_the_process() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    broker.kill();
    let data = folder.path().join("file");
    std::fs::write(&data, "not a folder").unwrap();
    let mut process = Process::again(&data, &broker);
    assert!(process.has_ended_within(Duration::from_secs(20)), "{}", process.log());
    eventually("it says why", || process.log().contains("cannot use").then_some(()));
}
