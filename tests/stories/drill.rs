//! `murmur drill`: stores are taken away under load, and whatever comes of it is told.

use serde_json::{Value, json};

use crate::support::System;

#[test]
fn a_database_the_broker_and_redis_come_back_and_nothing_is_lost_or_doubled() {
    let system = System::start();
    let said = system.expect(&["drill", "--json", "--rate", "20"]);
    let report: Value = serde_json::from_str(&said).unwrap();
    let losses = report["losses"].as_array().unwrap();
    let stores: Vec<_> = losses.iter().map(|loss| loss["store"].as_str().unwrap()).collect();
    assert_eq!(stores, ["payment", "nats", "redis"]);
    assert!(losses.iter().all(|loss| loss["events"].as_u64() > Some(0)), "{report}");
    assert_eq!((&report["lost"], &report["doubled"]), (&json!([]), &json!([])));
    assert_eq!(report["audit"]["verdict"], "clean");
    assert!(report["orders"].as_u64() > Some(0), "{report}");
}

#[test]
fn what_is_not_back_in_time_is_a_failure_and_is_named() {
    let system = System::start();
    let ended = system.murmur(&["drill", "redis", "--within", "0"]);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("redis is not well"), "{said}");
}

#[test]
fn a_system_that_is_not_well_is_not_drilled() {
    let system = System::start();
    system.expect(&["stop", "payment"]);
    let ended = system.murmur(&["drill"]);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("payment is stopped"), "{said}");
}
