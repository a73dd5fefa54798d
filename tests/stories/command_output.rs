//! What the operator's commands print.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::{System, wait_until};

/// A `murmur` that goes on until it is interrupted.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(system: &System, arguments: &[&str]) -> Self {
        let mut child = system.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    fn line_with(&mut self, part: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(part) {
                return line;
            }
        }
    }

    fn interrupt(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

fn place(system: &System, id: &str) {
    let lines = [json!({"sku": "mug", "quantity": 1})];
    let order = json!({"id": id, "customer_id": "ann", "lines": lines});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
}

#[test]
fn what_is_gone_and_what_is_back_is_said_in_one_line() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1");
    wait_until("o-1 ends", || system.state_of_ended("o-1"));
    let line = |arguments: &[&str]| {
        let said = system.expect(arguments);
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    };
    let wiped = line(&["wipe", "inventory"]);
    assert!(wiped.starts_with("inventory: database (") && wiped.contains(" rows) deleted; "));
    assert!(wiped.contains("restored from the stream INVENTORY in "), "{wiped}");
    let wiped = line(&["wipe", "broker"]);
    assert!(wiped.starts_with("nats: all streams (") && wiped.contains(" messages) deleted; "));
    let wiped = line(&["wipe", "redis"]);
    assert!(wiped.contains(" keys) deleted; folded again from the streams in "), "{wiped}");
    let killed = line(&["kill", "payment"]);
    assert!(killed.contains("; ready again from its own database in "), "{killed}");
    let stopped = line(&["stop", "shipping"]);
    assert!(stopped.contains("until `murmur start shipping --data "), "{stopped}");
    assert!(line(&["start", "shipping"]).starts_with("shipping: started; ready in "));
    let wiped: Value = serde_json::from_str(&line(&["wipe", "order", "--json"])).unwrap();
    assert!(wiped["gone"]["items"].as_u64() > Some(0), "{wiped}");
    assert!(wiped["back"]["after_ms"].is_u64(), "{wiped}");
}

#[test]
fn orders_are_found_listed_and_traced_without_knowing_an_id() {
    let system = System::start();
    let none = system.murmur(&["trace"]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("there is no order yet"));
    system.stock_up();
    place(&system, "o-1");
    wait_until("o-1 ends", || system.state_of_ended("o-1"));
    system.expect(&["stop", "shipping"]);
    place(&system, "o-2");
    let ids = |arguments: &[&str]| {
        let listed = system.murmur(&[&["orders", "--json"], arguments].concat());
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        let orders = listed["orders"].as_array().unwrap().clone();
        orders
            .iter()
            .map(|order| order["order_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), ["o-2", "o-1"]);
    assert_eq!(ids(&["--state", "completed"]), ["o-1"]);
    assert_eq!(ids(&["--customer", "ann", "--limit", "1"]), ["o-2"]);
    assert_eq!(ids(&["--customer", "bob"]), Vec::<String>::new());
    assert_eq!(ids(&["--since", "1h"]), ["o-2", "o-1"]);
    assert_eq!(ids(&["--stuck", "0s"]), ["o-2"]);
    assert_eq!(ids(&["--stuck"]), Vec::<String>::new(), "not yet for half a minute");
    let stuck = system.murmur(&["orders", "--stuck", "0s"]);
    assert_eq!(stuck.status.code(), Some(1), "somebody has to look");
    assert!(system.expect(&["trace"]).starts_with("order o-2: placed"));
    assert!(system.expect(&["trace", "--latest", "completed"]).starts_with("order o-1: completed"));
    let none = system.murmur(&["trace", "--latest", "cancelled"]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("no order is cancelled"));
}

#[test]
fn logs_are_merged_and_followed_across_a_restart_and_status_is_shown_again_and_again() {
    let system = System::start();
    let logs = system.expect(&["logs", "-n", "5", "nats", "order"]);
    assert!(logs.lines().any(|line| line.starts_with("nats ")), "{logs}");
    let times = system.expect(&["logs", "--json"]);
    let times: Vec<Value> = times.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let times: Vec<_> = times.iter().filter_map(|line| line["time"].as_str()).collect();
    assert!(times.len() > 10 && times.is_sorted(), "{times:?}");

    let mut followed = Running::start(&system, &["logs", "-f", "-n", "1", "order"]);
    followed.line();
    system.expect(&["kill", "order"]);
    assert!(followed.line_with("stage=Ready").starts_with("order "));
    followed.interrupt();

    let mut watched = Running::start(&system, &["status", "--watch"]);
    for _ in 0..2 {
        let head = watched.line_with("last death");
        assert!(head.chars().count() <= 100, "{head}");
        assert!(watched.line_with("shipping").chars().count() <= 100);
    }
    watched.interrupt();
}
