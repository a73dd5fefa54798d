//! What orders and accounts were after each of their events: the newest is what they are, and all stay so whatever is
//! folded anew or lost.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::replay::replay;
use crate::support::{System, send};

/// What was asked for, and what it was.
type Past = BTreeMap<String, Value>;

/// Of the file that is replayed.
const INVOICES: std::ops::Range<u32> = 536_000..536_040;
const CUSTOMERS: std::ops::Range<u32> = 12_000..12_005;

fn found(port: u16, path: &str) -> Value {
    let answer = send(port, "GET", path, &[], "").unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

/// Every order after each of its events. A version is the number of the row.
fn orders(port: u16) -> Past {
    let mut past = Past::new();
    for order in INVOICES {
        let events = found(port, &format!("/orders/{order}/events"));
        for event in events.as_array().unwrap() {
            let path = format!("/orders/{order}?at={}", event["sequence"]);
            let then = found(port, &path);
            assert!(past.insert(path, then).is_none());
        }
    }
    past
}

/// Every account after each row that its owner had written by then.
fn accounts(port: u16, rows: u64) -> Past {
    let asked = CUSTOMERS.flat_map(|customer| (1..=rows).map(move |row| (customer, row)));
    asked
        .map(|(customer, row)| {
            let path = format!("/accounts/{customer}?at={row}");
            let then = send(port, "GET", &path, &[], "").unwrap().body;
            (path, then)
        })
        .collect()
}

fn newest(past: &Past, of: &str, live: &Value) {
    let row = |path: &str| path.split_once('=').unwrap().1.parse::<u64>().unwrap();
    let versions = past.iter().filter(|(path, _)| path.starts_with(&format!("{of}?")));
    let (path, then) = versions.max_by_key(|(path, _)| row(path)).unwrap();
    assert_eq!(then, live, "{path}");
}

#[test]
fn every_version_of_every_replayed_order_and_account_stays_what_it_was() {
    let system = System::start();
    assert_eq!(replay(&system, &[])["clean"], true);
    let (order, payment) = (system.port("order"), system.port("payment"));
    let rows = found(payment, "/status")["head"].as_u64().unwrap();
    let past = || (orders(order), accounts(payment, rows));
    let before = past();
    assert!(before.0.len() >= 3 * INVOICES.len(), "{} versions", before.0.len());
    for path in INVOICES.map(|invoice| format!("/orders/{invoice}")) {
        newest(&before.0, &path, &found(order, &path));
    }
    for path in CUSTOMERS.map(|customer| format!("/accounts/{customer}")) {
        let mut live = found(payment, &path);
        // The customer service's: what it was then is not in this history.
        live["credit_limit"] = Value::Null;
        newest(&before.1, &path, &live);
    }
    for lost in
        [["rebuild", "order"], ["rebuild", "payment"], ["wipe", "order"], ["wipe", "broker"]]
    {
        system.wait_healed();
        system.expect(&lost);
        system.wait_healed();
        assert_eq!(past(), before, "{lost:?}");
    }
    system.expect(&["audit"]);
}
