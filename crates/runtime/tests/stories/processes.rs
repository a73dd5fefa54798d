//! One process: who owns the database, how it stops, what it promises.

use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::support::broker::Broker;
use crate::support::process::{DRAIN, Process};
use crate::support::{Folder, eventually};

/// What a busy machine may take to start a process's end, and to notice it.
const SLACK: Duration = Duration::from_secs(2);

#[test]
fn a_second_process_is_refused_and_told_why() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let first = Process::first(&data, &broker);
    let mut second = Process::again(&data, &broker);
    assert!(!second.ended().success());
    assert!(second.log().contains("another process owns this database"), "{}", second.log());
    assert_eq!(first.register("a", &[]).status, 201);
}

#[test]
fn a_taken_port_ends_the_process_and_the_log_says_which_setting_to_change() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut process = Process::on_port(&folder.path().join("customer"), &broker, port);
    assert!(!process.ended().success());
    eventually("it says why", || {
        let log = process.log();
        (log.contains(&port.to_string()) && log.contains("--listen")).then_some(())
    });
}

#[test]
fn a_graceful_stop_ends_with_success_and_loses_nothing() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    process.signal("TERM");
    assert_eq!(process.ended().code(), Some(0));
    eventually("it says that nothing is left", || {
        process.log().contains("all that was committed is acknowledged").then_some(())
    });
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    assert!(process.knows("a"));
}

#[test]
fn a_stop_that_is_cut_off_says_so_and_the_next_start_publishes_the_rest() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    broker.signal("STOP");
    assert!(process.register("b", &[]).head.contains("murmur-durability: local"));
    process.signal("TERM");
    assert_eq!(process.ended().code(), Some(75));
    eventually("it says what is left", || {
        process.log().contains("the stream has 1 of 2 rows").then_some(())
    });
    broker.signal("CONT");
    let process = Process::again(&data, &broker);
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 2);
}

#[test]
fn a_silent_broker_and_a_half_sent_request_together_take_one_deadline() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let mut process = Process::first(&folder.path().join("customer"), &broker);
    let mut half = process.connect().unwrap();
    let head = "POST /customers HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    half.write_all(format!("{head}content-length: 3\r\n\r\n\"").as_bytes()).unwrap();
    assert_eq!(process.register("a", &[]).status, 201);
    broker.signal("STOP");
    let waits = process.begin_send("POST", "/customers", &[], "\"b\"").unwrap();
    process.until("the row waits", |status| status["head"] == 2);
    let asked = Instant::now();
    process.signal("TERM");
    let waited = Process::read_reply(waits).unwrap();
    assert_eq!(process.ended().code(), Some(75));
    let took = asked.elapsed();
    assert!(DRAIN - SLACK < took && took < DRAIN + SLACK, "{took:?}");
    assert_eq!(waited.status, 503, "what became of it is told before the end: {waited:?}");
    assert!(Process::read_reply(half).is_none(), "nobody waited for the other half");
    broker.signal("CONT");
}

#[test]
fn a_removed_database_file_ends_the_process_and_the_next_one_restores_it() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    std::fs::remove_dir_all(&data).unwrap();
    assert_ne!(process.register("b", &[]).status, 201);
    assert!(!process.ended().success(), "{}", process.log());
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    assert!(process.knows("a") && !process.knows("b"));
}

#[test]
fn a_repeated_command_has_one_effect_and_the_same_answer() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    let key = ["idempotency-key: k-1"];
    let first = process.register("a", &key);
    let again = process.register("a", &key);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert!(again.head.contains("idempotency-replayed: true"), "{}", again.head);
    assert_eq!(process.register("b", &key).status, 422);
    assert_eq!(process.register("a", &[]).status, 409);
}
