//! The broker goes and comes back while a service runs.

use std::time::{Duration, Instant};

use engine::promise::ACKNOWLEDGEMENT_WAIT_MAX;

use crate::support::broker::Broker;
use crate::support::process::{Process, Reply};
use crate::support::{Folder, proof};

/// What a busy machine may add to a bound.
const SLACK: Duration = Duration::from_secs(3);

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

/// Registers one whose answer has to wait, runs `meanwhile` once it is committed, and says how long
/// the answer took from there.
fn register_waiting(process: &Process, id: &str, meanwhile: impl FnOnce()) -> (Reply, Duration) {
    let head = process.status().unwrap()["head"].as_u64().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| process.register(id, &[]));
        process.until("it is committed", |s| s["head"] == head + 1);
        assert!(!waiting.is_finished(), "nobody has acknowledged it");
        let from = Instant::now();
        meanwhile();
        (waiting.join().unwrap(), from.elapsed())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_command_is_answered_as_local_at_once_when_the_broker_dies() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    broker.signal("STOP");
    let (local, took) = register_waiting(&process, "b", || broker.kill());
    assert_eq!(local.status, 201);
    assert!(local.head.contains("murmur-durability: local"), "{}", local.head);
    assert!(took < SLACK, "{took:?}");
    broker.restart();
    process.until("all is acknowledged", |s| s["state"] == "ready" && s["acknowledged"] == 2);
    let kept = process.register("c", &[]);
    assert!(kept.head.contains("murmur-durability: replicated"), "{}", kept.head);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_command_is_answered_as_local_within_the_bound_when_the_broker_is_silent() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::first(&data, &broker);
    broker.signal("STOP");
    let (local, took) = register_waiting(&process, "a", || ());
    assert!(local.head.contains("murmur-durability: local"), "{}", local.head);
    let bound = ACKNOWLEDGEMENT_WAIT_MAX;
    assert!(took < bound + SLACK, "{took:?}");
    broker.signal("CONT");
    process.until("it is acknowledged", |s| s["state"] == "ready" && s["acknowledged"] == 1);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await.len(), 1);
}

/// It is connected, answers each question, and takes no row: that is being alone, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_without_room_counts_as_away_and_gets_the_rest_when_it_has_room() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    broker.stop();
    process.until_state("alone");
    broker.restart_with_room(1);
    process.until_state("ready");
    let begun = Instant::now();
    let local = process.register("b", &[]);
    assert!(local.head.contains("murmur-durability: local"), "{local:?}");
    let bound = ACKNOWLEDGEMENT_WAIT_MAX;
    assert!(begun.elapsed() < bound + SLACK, "{:?}", begun.elapsed());
    assert!(process.log().contains("insufficient resources"), "{}", process.log());
    let next = process.register("c", &[]);
    assert!(next.head.contains("murmur-durability: local"), "{next:?}");
    broker.stop();
    broker.restart();
    process.until("all is acknowledged", |s| s["state"] == "ready" && s["acknowledged"] == 3);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await.len(), 3);
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
fn of_more_commands_than_can_be_under_way_each_is_answered_and_what_is_accepted_is_kept() {
    const COMMANDS: usize = runtime::handle::COMMANDS_WAITING_MAX + 50;
    let (broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    broker.signal("STOP");
    let send = |nth: usize| {
        let id = format!("\"c-{nth}\"");
        process.begin_send("POST", "/customers", &[], &id).unwrap()
    };
    let requests: Vec<_> = (0..COMMANDS).map(send).collect();
    let replies = requests.into_iter().map(|request| Process::read_reply(request).unwrap());
    let (mut accepted, mut refused) = (0, 0);
    for reply in replies {
        let again = reply.head.contains("retry-after");
        assert!(reply.status == 201 || (reply.status == 503 && again), "{reply:?}");
        *(if reply.status == 201 { &mut accepted } else { &mut refused }) += 1;
    }
    // A busy machine may bring them so slowly that the first are answered before the last come.
    assert!(refused <= 50, "{refused}");
    broker.signal("CONT");
    process.until("all is acknowledged", |s| s["acknowledged"] == accepted);
}

#[test]
fn a_service_without_a_broker_tells_what_it_holds_and_stops_when_asked() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    process.stop();
    broker.kill();
    let process = Process::again(&data, &broker);
    let status = process.until_state("starting");
    assert_eq!(status["head"], 1, "{status}");
    let seen = process.try_send("GET", "/customers/a", &["murmur-token: CUSTOMER=1"], "").unwrap();
    assert_eq!((seen.status, seen.body), (200, true.into()));
    let asked = Instant::now();
    process.stop();
    assert!(asked.elapsed() < SLACK, "there is nothing to wait for");
}
