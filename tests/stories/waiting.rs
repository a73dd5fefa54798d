//! What an order waits for, while a service that it needs is down.

use serde_json::{Value, json};

use crate::support::{System, wait_until};

fn stuck(system: &System, older_than: &str) -> (Option<i32>, Value) {
    let said = system.murmur(&["stuck", "--older-than", older_than, "--json"]);
    (said.status.code(), serde_json::from_slice(&said.stdout).unwrap_or(Value::Null))
}

#[test]
fn an_order_that_waits_is_listed_under_the_service_that_it_waits_for() {
    let system = System::start();
    system.stock_up();
    assert_eq!(stuck(&system, "0ms"), (Some(0), json!({"held": [], "orders": 0, "stuck": {}})));
    system.expect(&["stop", "payment"]);
    let order =
        json!({"id": "o-1", "customer_id": "ann", "lines": [{"sku": "mug", "quantity": 1}]});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
    wait_until("the order waits for payment", || {
        let (exit, said) = stuck(&system, "100ms");
        let waiting = &said["stuck"]["payment"][0];
        exit == Some(1)
            && waiting["order_id"] == "o-1"
            && waiting["one_of"] == json!(["payment.charged", "payment.declined"])
    });
    assert_eq!(stuck(&system, "1h"), (Some(0), json!({"held": [], "orders": 1, "stuck": {}})));
    let traced = system.expect(&["trace", "o-1"]);
    for line in [
        "payment owes payment.charged or payment.declined, on inventory.reserved",
        "awaits payment.declined or shipping.created or shipping.cancelled",
        "it can end with order.completed or order.rejected or order.cancelled",
    ] {
        assert!(traced.contains(line), "{line} is not in {traced}");
    }
    system.expect(&["start", "payment"]);
    wait_until("the order ends", || system.state_of_ended("o-1"));
    wait_until("nothing waits", || stuck(&system, "0ms").0 == Some(0));
    let traced = system.expect(&["trace", "o-1"]);
    assert!(traced.contains("nothing is owed") && !traced.contains("it can end"), "{traced}");
}
