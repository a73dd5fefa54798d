//! Orders, from their command to the read model.

use serde_json::json;

use crate::support::{System, wait_until};

#[test]
fn an_order_reaches_its_end_and_the_read_model_shows_it() {
    let system = System::start();
    system.stock_up();
    let order =
        json!({"id": "o-1", "customer_id": "ann", "lines": [{"sku": "mug", "quantity": 3}]});
    let placed = system.post("order", "/orders", &order);
    assert_eq!(placed.status, 201, "{placed:?}");
    assert_eq!(placed.header("murmur-durability"), Some("replicated"));
    assert_eq!(placed.header("murmur-token"), Some("ORDER=1"));
    wait_until("the order completed", || system.state_of("o-1") == "completed");
    wait_until("the read model shows it", || {
        let seen = system.get("query", "/orders/o-1").body;
        seen["state"] == "completed" && seen["total"]["minor"] == 750
    });
    let stock = system.get("inventory", "/stock/mug").body;
    wait_until("the goods are gone", || {
        system.get("inventory", "/stock/mug").body["on_hand"] == 100_000 - 3
    });
    assert_eq!(stock["sku"], "mug");
    assert!(system.expect(&["trace", "o-1"]).contains("payment.charged"));
    assert!(system.expect(&["audit"]).contains("the audit is clean"));
}

#[test]
fn every_scenario_goes_as_it_says_and_the_audit_is_clean() {
    let system = System::start();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/scenarios");
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<String> =
        files.map(|file| file.unwrap().path().to_string_lossy().into_owned()).collect();
    files.sort();
    assert!(files.len() >= 12);
    let arguments: Vec<&str> =
        ["scenario", "run"].into_iter().chain(files.iter().map(String::as_str)).collect();
    system.expect(&arguments);
    system.expect(&["audit"]);
}
