//! A service whose state is folded anew from its stream: the same comes out, and what a hand has changed does not.

use rusqlite::Connection;
use serde_json::Value;

use crate::page::place;
use crate::support::{System, wait_until};

fn rebuilt(system: &System) -> (i32, Value) {
    let output = system.murmur(&["rebuild", "order", "--json"]);
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
    let (exit, said) = rebuilt(&system);
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
    let (exit, said) = rebuilt(&system);
    assert_eq!(exit, 1, "{said}");
    let difference = table(&said, "orders")["difference"].as_str().unwrap();
    assert!(difference.contains("'o-1'") && difference.contains("'cancelled'"), "{difference}");
    assert_eq!(system.state_of("o-1"), "completed", "it is what the events say");
    let kept = said["kept"].as_str().unwrap();
    assert!(std::path::Path::new(kept).join("order.db").exists(), "{kept}");
}
