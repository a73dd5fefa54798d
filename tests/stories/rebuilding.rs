//! A service whose state is folded anew from its stream: the same comes out, and what a hand has changed does not.

use rusqlite::Connection;
use serde_json::Value;

use crate::page::place;
use crate::support::{System, wait_until};

fn rebuilt(system: &System, from: &str) -> (i32, Value) {
    let output = system.murmur(&["rebuild", "order", "--from", from, "--json"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code().unwrap(), serde_json::from_str(&said).unwrap_or_default())
}

fn table<'a>(said: &'a Value, name: &str) -> &'a Value {
    let tables = said["tables"].as_array().unwrap();
    tables.iter().find(|table| table["table"] == name).unwrap()
}

#[test]
fn the_same_state_comes_out_and_a_hand_on_it_is_found_and_mended() {
    let system = System::start();
    system.stock_up();
    for order in ["o-1", "o-2"] {
        place(&system, order, 0);
        wait_until("the end", || system.state_of(order) == "completed");
    }
    system.wait_healed();
    let (exit, said) = rebuilt(&system, "start");
    assert_eq!(exit, 0, "{said}");
    assert_eq!((&table(&said, "orders")["now"], &said["decided_since"]), (&2.into(), &0.into()));
    assert!(table(&said, "timer")["difference"].is_null(), "{said}");

    system.expect(&["stop", "order"]);
    let database = Connection::open(system.folder("order").join("order.db")).unwrap();
    let change = "UPDATE orders SET state = 'cancelled' WHERE id = 'o-1'";
    assert_eq!(database.execute(change, []).unwrap(), 1);
    drop(database);
    system.expect(&["start", "order"]);
    assert_eq!(system.state_of("o-1"), "cancelled", "a hand was on it");
    system.wait_healed();
    let (exit, said) = rebuilt(&system, "start");
    assert_eq!(exit, 1, "{said}");
    let difference = table(&said, "orders")["difference"].as_str().unwrap();
    assert!(difference.contains("'o-1'") && difference.contains("'cancelled'"), "{difference}");
    assert_eq!(system.state_of("o-1"), "completed", "it is what the events say");
    let kept = said["kept"].as_str().unwrap();
    assert!(std::path::Path::new(kept).join("order.db").exists(), "{kept}");
}

/// An order is four rows of its own service.
#[test]
fn the_same_state_comes_out_of_a_snapshot_and_the_rows_after_it() {
    let system = System::start();
    system.expect(&["down"]);
    let mut up = system.command(&["up", "--detach", "--nice", "0", "--free-ports"]);
    assert!(up.env("MURMUR_SNAPSHOT_ROWS", "10").output().unwrap().status.success());
    system.stock_up();
    let refused = system.murmur(&["rebuild", "order", "--from", "snapshot"]);
    assert_eq!(refused.status.code(), Some(1), "there is none yet");
    let is_kept = || {
        let files = std::fs::read_dir(system.folder("order").join("snapshots"));
        let mut names = files.into_iter().flatten().map(|file| file.unwrap().file_name());
        names.any(|name| name.to_string_lossy().ends_with(".db"))
    };
    for order in 0..8 {
        let order = format!("o-{order}");
        place(&system, &order, 0);
        wait_until("the end", || system.state_of(&order) == "completed");
    }
    wait_until("a snapshot", is_kept);
    system.wait_healed();
    let (exit, said) = rebuilt(&system, "snapshot");
    assert_eq!(exit, 0, "{said}");
    let (row, rows) = (said["snapshot"].as_u64().unwrap(), said["rows"].as_u64().unwrap());
    assert!((10..=rows).contains(&row), "{said}");
    assert_eq!(table(&said, "orders")["now"], 8);
    let (exit, said) = rebuilt(&system, "start");
    assert_eq!((exit, &said["snapshot"]), (0, &Value::Null), "{said}");
}
