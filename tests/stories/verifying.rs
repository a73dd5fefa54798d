//! A service's rows, verified by an operator: in a sound system, after a hand on the database, and after somebody
//! has published to the stream.

use rusqlite::Connection;
use serde_json::Value;

use crate::page::place;
use crate::support::{System, wait_until};

fn verified(system: &System, service: &str) -> (i32, Value) {
    let output = system.murmur(&["verify", service, "--json"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code().unwrap(), serde_json::from_str(&said).unwrap_or_default())
}

fn with_orders() -> System {
    let system = System::start();
    system.stock_up();
    for order in ["o-1", "o-2"] {
        place(&system, order, 0);
        wait_until("the end", || system.state_of(order) == "completed");
    }
    system
}

#[test]
fn rows_are_chained_sealed_and_alike_until_a_hand_changes_one() {
    let system = with_orders();
    let said = system.expect(&["verify"]);
    assert_eq!(said.matches("both hold the same rows").count(), 6, "{said}");
    let (exit, order) = verified(&system, "order");
    assert_eq!((exit, &order["verdict"]), (0, &"clean".into()), "{order}");
    let rows = order["database"]["rows"].as_u64().unwrap();
    assert!(rows >= 6 && order["stream"]["sealed"] == rows, "{order}");

    // The file is changed while nobody looks, and nothing else is: who reads it alone notices nothing.
    let database = Connection::open(system.folder("order").join("order.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let change = "UPDATE outbox SET payload = CAST('{}' AS BLOB) WHERE sequence = 2";
    assert_eq!(database.execute(change, []).unwrap(), 1);
    let (exit, order) = verified(&system, "order");
    assert_eq!((exit, &order["verdict"]), (1, &"broken".into()), "{order}");
    assert_eq!(order["database"]["troubles"][0]["row"], 2);
    assert_eq!(
        (&order["stream"]["rows"], &order["stream"]["troubles"]),
        (&rows.into(), &Value::Array(vec![]))
    );
    assert_eq!(verified(&system, "payment").0, 0);
}

#[test]
fn what_cannot_be_looked_at_is_told_and_is_no_finding() {
    let system = with_orders();
    let (file, away) = (system.folder("order.seal"), system.folder("order.seal-away"));
    std::fs::rename(&file, &away).unwrap();
    let (exit, order) = verified(&system, "order");
    assert_eq!((exit, &order["verdict"]), (3, &"unknown".into()), "{order}");
    assert!(order["unknown"][0].as_str().unwrap().contains("seals are not looked at"), "{order}");
    std::fs::rename(&away, &file).unwrap();
    assert_eq!(verified(&system, "order").0, 0);
}
