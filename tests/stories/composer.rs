//! The composer over the real services, while one of them is away.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, System, wait_until};

const DETAILS: &str = "/order-details/o-1";

/// Far above the composer's deadline of 300 ms, for a busy machine; far below a hang.
const IN_TIME: Duration = Duration::from_secs(3);

fn ask(system: &System, path: &str) -> Answer {
    let begun = Instant::now();
    let answer = system.get("composer", path);
    assert!(begun.elapsed() < IN_TIME, "{path} took {:?}", begun.elapsed());
    answer
}

fn breaker(system: &System, owner: &str) -> Value {
    let all = ask(system, "/breakers").body;
    let all = all.as_array().unwrap();
    all.iter().find(|one| one["owner"] == owner).unwrap().clone()
}

fn place(system: &System, id: &str) {
    let line = json!({"sku": "mug", "quantity": 2});
    let order = json!({"id": id, "customer_id": "ann", "lines": [line]});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
    wait_until("the order completed", || system.state_of(id) == "completed");
}

#[test]
fn answers_are_whole_then_partial_while_an_owner_is_away_and_whole_again() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1");
    wait_until("all owners know of the order", || {
        let whole = ask(&system, DETAILS).body;
        whole["complete"] == true && whole["shipment"]["state"] == "dispatched"
    });
    let whole = ask(&system, DETAILS).body;
    assert_eq!(whole["order"]["total"]["minor"], 500);
    assert_eq!(whole["customer"]["name"], "Ann");
    assert_eq!(whole["products"][0]["name"], "Mug");
    assert_eq!(whole["charge"]["state"], "charged");

    system.expect(&["stop", "customer"]);
    wait_until("the breaker of customer opens", || {
        let partial = ask(&system, DETAILS);
        assert_eq!((partial.status, &partial.body["complete"]), (200, &json!(false)));
        assert_eq!(partial.body["order"], whole["order"]);
        assert_eq!(partial.body["customer"], whole["customer"], "as it was known before");
        breaker(&system, "customer")["state"] == "open"
    });
    assert_eq!(breaker(&system, "order")["state"], "closed");

    system.expect(&["start", "customer"]);
    wait_until("the answer is whole again", || ask(&system, DETAILS).body["complete"] == true);
    wait_until("the breaker of customer closes", || {
        ask(&system, DETAILS);
        breaker(&system, "customer")["state"] == "closed"
    });
    assert_eq!(ask(&system, DETAILS).body["stale"], json!([]));
}

#[test]
fn a_customers_overview_is_filtered_and_paged_by_the_order_service() {
    let system = System::start();
    system.stock_up();
    ["o-1", "o-2", "o-3"].iter().for_each(|id| place(&system, id));
    let first = ask(&system, "/customers/ann/overview?state=completed&limit=2");
    assert_eq!((first.status, &first.body["complete"]), (200, &json!(true)));
    assert_eq!(first.body["orders"]["items"].as_array().unwrap().len(), 2);
    let link = first.header("link").unwrap();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let second = ask(&system, next);
    assert_eq!(second.body["orders"]["items"][0]["order_id"], "o-1");
    assert!(second.header("link").is_none());
    let token = [("murmur-token", "PAYMENT=999999")];
    let late = system.get_with("composer", "/customers/ann/overview", &token);
    assert_eq!(late.body["missing"][0]["reason"], "timed-out", "{late:?}");
    let none = ask(&system, "/customers/ann/overview?state=no_such_state");
    assert_eq!((none.status, none.problem()), (400, "refused-by-owner"));
}
