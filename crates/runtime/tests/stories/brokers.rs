//! The broker goes and comes back while a service runs.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::Folder;
use crate::support::broker::Broker;
use crate::support::process::Process;

#[test]
fn an_answer_says_where_it_is_kept_and_all_is_published_when_the_broker_is_back() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    let kept = process.register("a", &[]);
    assert!(kept.head.contains("murmur-durability: replicated"), "{}", kept.head);
    assert!(kept.head.contains("murmur-token: customer=1"), "{}", kept.head);
    broker.kill();
    process.until_state("alone");
    let local = process.register("b", &[]);
    assert_eq!(local.status, 201);
    assert!(local.head.contains("murmur-durability: local"), "{}", local.head);
    assert!(!local.head.contains("murmur-token"), "{}", local.head);
    let refused = process.register("c", &["murmur-require-durability: replicated"]);
    assert_eq!(refused.status, 503);
    assert!(!process.knows("c"));
    broker.restart();
    process.until("all is acknowledged", |s| s["state"] == "ready" && s["acknowledged"] == 2);
    let kept = process.register("c", &["murmur-require-durability: replicated"]);
    assert!(kept.head.contains("murmur-durability: replicated"), "{}", kept.head);
}

#[test]
fn the_relay_resumes_after_each_kill_of_the_broker() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    for round in 0..3 {
        for nth in 0..20 {
            assert_eq!(process.register(&format!("c-{round}-{nth}"), &[]).status, 201);
        }
        broker.kill();
        broker.restart();
    }
    process.until("all is acknowledged", |s| s["state"] == "ready" && s["acknowledged"] == 60);
}

#[test]
fn a_service_that_starts_without_a_broker_serves_reads_and_refuses_commands() {
    let (mut broker, folder) = (Broker::away(), Folder::new());
    let process = Process::again(&folder.path().join("customer"), &broker);
    process.until_state("starting");
    assert!(!process.knows("a"));
    let refused = process.register("a", &[]);
    assert_eq!(refused.status, 503);
    assert!(refused.head.contains("retry-after"), "{}", refused.head);
    broker.restart();
    process.until_state("fenced");
}

/// A broker that is silent keeps every command waiting, until it counts as away.
#[test]
fn more_commands_than_can_be_under_way_are_answered_with_503_and_the_others_are_kept() {
    const COMMANDS: usize = runtime::handle::COMMANDS_WAITING_MAX + 50;
    let (broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    broker.signal("STOP");
    let (accepted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for nth in 0..COMMANDS {
            let (process, accepted, refused) = (&process, &accepted, &refused);
            let client = std::thread::Builder::new().stack_size(128 * 1024);
            let command = move || {
                let reply = process.register(&format!("c-{nth}"), &[]);
                let count = if reply.status == 201 { accepted } else { refused };
                count.fetch_add(1, Ordering::Relaxed);
                let again = reply.head.contains("retry-after");
                assert!(reply.status == 201 || (reply.status == 503 && again), "{reply:?}");
            };
            client.spawn_scoped(scope, command).unwrap();
        }
    });
    assert_eq!(refused.into_inner(), 50);
    broker.signal("CONT");
    let accepted = accepted.into_inner();
    process.until("all is acknowledged", |s| s["acknowledged"] == accepted);
}
