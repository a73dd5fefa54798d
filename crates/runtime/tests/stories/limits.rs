//! Brokers that take less than a row may need.

use crate::support::Folder;
use crate::support::broker::Broker;
use crate::support::domain::HUGE;
use crate::support::process::Process;

const SMALL: &str = "jetstream {}\nmax_payload: 128KB\n";

#[test]
fn a_broker_that_takes_less_than_a_row_may_need_is_not_started_with() {
    let (mut broker, folder) = (Broker::configured(SMALL), Folder::new());
    let process = Process::first_unready(&folder.path().join("customer"), &broker);
    process.until_unready(&["131072", "set max_payload to 1MB"]);
    broker.stop();
    broker.restart();
    process.until_state("ready");
}

#[test]
fn a_raised_limit_is_noticed_without_a_restart_of_anything() {
    let (mut broker, folder) = (Broker::away(), Folder::new());
    // A broker reads its configuration anew only if its store is named there.
    let store = format!("{{ store_dir: \"{}\" }}", broker.folder().display());
    let small = SMALL.replace("{}", &store);
    broker.restart_as(&small);
    let process = Process::first_unready(&folder.path().join("customer"), &broker);
    process.until_unready(&["max_payload"]);
    std::fs::write(broker.folder().join("broker.conf"), small.replace("128KB", "1MB")).unwrap();
    broker.signal("HUP");
    process.until_state("ready");
}

#[test]
fn a_running_service_refuses_what_the_broker_that_has_come_back_does_not_take() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    broker.stop();
    broker.restart_as(SMALL);
    let is_shown = |status: &serde_json::Value| {
        let reason = status["reason"].as_str().unwrap_or_default();
        status["state"] == "ready" && reason.contains("131072") && reason.contains("max_payload")
    };
    process.until("it says what limit it has met", is_shown);
    let refused = process.register(HUGE, &[]);
    assert_eq!((refused.status, &refused.body["type"]), (413, &"/problems/row-too-large".into()));
    assert_eq!(refused.body["bytes_max"], 128 * 1024 - 1024, "{refused:?}");
    let taken = process.register("a", &[]);
    assert_eq!(taken.status, 201);
    assert!(taken.head.contains("murmur-durability: replicated"), "{taken:?}");
}

#[test]
fn a_row_that_the_broker_does_not_take_is_named_with_the_limit_until_it_does() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    broker.stop();
    process.until_state("alone");
    assert!(process.register(HUGE, &[]).head.contains("murmur-durability: local"));
    broker.restart_as(SMALL);
    let stuck = process.until("it says what is in the way", |status| {
        let reason = status["reason"].as_str().unwrap_or_default();
        ["row 1 has 25", "131072", "max_payload"].iter().all(|part| reason.contains(part))
    });
    assert_eq!(stuck["state"], "alone");
    broker.stop();
    broker.restart();
    process.until("all is published", |s| s["state"] == "ready" && s["acknowledged"] == 1);
}
