//! The process dies at each named point, and nothing that was promised is lost.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Mutex;

use crate::support::broker::Broker;
use crate::support::history::with_customers;
use crate::support::process::Process;
use crate::support::{Folder, eventually, proof};

/// What `abort` ends a process with.
const SIGABRT: i32 = 6;

/// Clients at once, so that several rows are under way.
const CLIENTS: usize = 8;

/// Registers from several clients until the process is gone; returns the ids that were answered.
fn register_until_it_dies(process: &Process) -> Vec<String> {
    let answered = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let answered = &answered;
            scope.spawn(move || {
                for nth in 0.. {
                    let id = format!("c-{client}-{nth}");
                    let reply = process.try_send("POST", "/customers", &[], &format!("\"{id}\""));
                    let Some(reply) = reply else { return };
                    if reply.status == 201 {
                        answered.lock().unwrap().push(id);
                    }
                }
            });
        }
    });
    answered.into_inner().unwrap()
}

fn assert_died_at(process: &mut Process, point: &str) {
    assert_eq!(process.ended().signal(), Some(SIGABRT), "{}", process.log());
    eventually("the log says where it died", || {
        let log = process.log();
        let logged = log.contains("the process dies at a failpoint") && log.contains(point);
        (logged && log.contains("ARMED")).then_some(())
    });
}

/// Dies at the point, starts again, and holds all that it had answered, in both stores alike.
async fn dies_under_load_and_loses_nothing(point: &str) {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::armed(&data, &broker, &format!("{point}=abort@40"));
    process.until_state("ready");
    let answered = register_until_it_dies(&process);
    assert_died_at(&mut process, point);
    let process = Process::again(&data, &broker);
    process.until("healed", |s| s["state"] == "ready" && s["acknowledged"] == s["head"]);
    assert!(!answered.is_empty());
    for id in &answered {
        assert!(process.knows(id), "{id} was promised, at {point}");
    }
    let rows = proof::stream_equals_outbox(&broker, &data).await;
    assert!(rows.len() >= answered.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_around_the_commit_loses_nothing_that_was_answered() {
    dies_under_load_and_loses_nothing("before-commit").await;
    dies_under_load_and_loses_nothing("after-commit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_while_publishing_loses_nothing_that_was_answered() {
    dies_under_load_and_loses_nothing("before-publish").await;
    dies_under_load_and_loses_nothing("mid-pipeline").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_before_the_answer_loses_nothing_that_was_answered() {
    dies_under_load_and_loses_nothing("after-ack").await;
    dies_under_load_and_loses_nothing("before-reply").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_while_a_lost_database_is_restored_is_taken_up_by_the_next_start() {
    for pass in 1..=2 {
        let (broker, folder) = (Broker::start(), Folder::new());
        let data = folder.path().join("customer");
        with_customers(&data, &broker, &["a", "b", "c"]);
        std::fs::remove_dir_all(&data).unwrap();
        let mut process = Process::armed(&data, &broker, &format!("mid-restore=abort@{pass}"));
        assert_died_at(&mut process, "mid-restore");
        let process = Process::again(&data, &broker);
        process.until("restored", |s| s["state"] == "ready" && s["acknowledged"] == s["head"]);
        assert!(process.knows("a") && process.knows("c"));
        let rows = proof::stream_equals_outbox(&broker, &data).await;
        assert!(rows.last().unwrap().subject.starts_with("customer.recovered."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_while_the_stream_is_rebuilt_is_taken_up_by_the_next_start() {
    for point in ["mid-rebuild", "after-rebuild"] {
        let (mut broker, folder) = (Broker::start(), Folder::new());
        let data = folder.path().join("customer");
        with_customers(&data, &broker, &["a", "b", "c"]);
        let before = proof::stream_equals_outbox(&broker, &data).await;
        broker.kill();
        broker.flip_a_bit_in("{\"id\":\"b\"");
        broker.restart();
        let mut process = Process::armed(&data, &broker, &format!("{point}=abort@1"));
        assert_died_at(&mut process, point);
        let process = Process::again(&data, &broker);
        process.until("rebuilt", |s| s["state"] == "ready" && s["acknowledged"] == 3);
        assert_eq!(proof::stream_equals_outbox(&broker, &data).await, before);
    }
}

#[test]
fn a_point_that_does_not_exist_ends_the_process_at_its_start() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::armed(&data, &broker, "after-lunch=abort@1");
    assert_eq!(process.ended().code(), Some(64));
    eventually("it says why", || process.log().contains("there is no point").then_some(()));
    assert!(!data.exists(), "nothing has begun");
}
