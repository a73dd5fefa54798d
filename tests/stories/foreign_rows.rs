//! What somebody writes into a service's stream with that service's own login: who notices, and the way out.

use contracts::{Event, service};
use serde_json::{Value, json};

use crate::support::{Forger, System, wait_until};

fn place(system: &System, id: &str, customer: &str) -> u16 {
    let lines = json!([{"sku": "mug", "quantity": 1}]);
    let order = json!({"id": id, "customer_id": customer, "lines": lines});
    system.post("order", "/orders", &order).status
}

fn completed(system: &System, id: &str) {
    wait_until(&format!("{id} is completed"), || system.state_of(id) == "completed");
}

fn until_state(system: &System, service: &str, state: &str) {
    wait_until(&format!("{service} is {state}"), || {
        system.status()["services"][service]["state"] == state
    });
}

/// What `murmur heal` says as JSON, and its exit code.
fn heal(system: &System, options: &[&str]) -> (Value, Option<i32>) {
    let output = system.murmur(&[&["heal"], options, &["--json"]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next().unwrap_or_default();
    assert!(first.starts_with('{'), "{output:?}");
    (serde_json::from_str(first).unwrap(), output.status.code())
}

/// Who has decided, and about what.
fn decisions(found: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = found["decisions"].as_array().unwrap().iter();
    all.map(|one| (text(&one["by"]), text(&one["about"]))).collect()
}

fn pair(by: &str, about: &str) -> (String, String) {
    (by.to_owned(), about.to_owned())
}

#[test]
fn a_forged_order_is_taken_out_readers_go_back_and_what_they_decided_is_listed() {
    let system = System::start();
    system.stock_up();
    assert_eq!(place(&system, "o-1", "ann"), 201);
    completed(&system, "o-1");
    let forger = Forger::of(&system, service::ORDER);
    let is_placed = |event: &contracts::StoredEvent| matches!(event.event, Event::OrderPlaced(_));
    let forged = forger.append(is_placed, |event| {
        event.headers.id = "evil".parse().unwrap();
        let Event::OrderPlaced(placed) = &mut event.event else { panic!("{event:?}") };
        placed.order_id = event.headers.id.clone().into();
    });
    until_state(&system, "order", "fenced");
    wait_until("shipping has acted on it", || {
        system.get("shipping", "/shipments/evil").status == 200
    });
    let (found, code) = heal(&system, &["order"]);
    assert_eq!(
        (code, &found["foreign"]["messages"][0]["message"]),
        (Some(1), &json!(forged.sequence))
    );
    let listed = decisions(&found);
    for by in ["inventory", "payment", "shipping"] {
        assert!(listed.contains(&pair(by, "evil")), "{by}: {found}");
    }
    assert!(!listed.iter().any(|(_, about)| about == "o-1"), "{found}");
    let said = system.expect(&["heal", "order", "--drop-foreign", "--yes"]);
    assert!(said.contains("published its stream anew") && said.contains("evil"), "{said}");
    system.wait_healed();
    assert_eq!(system.get("order", "/orders/evil").status, 404);
    assert_eq!(place(&system, "o-2", "ann"), 201);
    completed(&system, "o-2");
    // It is still told, for people, and nothing is left to heal.
    let (found, code) = heal(&system, &["order"]);
    assert_eq!((code, &found["plan"]), (Some(0), &json!("nothing")));
    assert!(decisions(&found).contains(&pair("payment", "evil")), "{found}");
    let kept = std::fs::read_dir(system.folder("")).unwrap();
    let kept = kept.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("order.foreign-")
    });
    assert_eq!(kept.count(), 1);
}

#[test]
fn a_forged_customer_is_taken_out_and_replicas_are_folded_anew() {
    let system = System::start();
    system.stock_up();
    assert_eq!(place(&system, "o-1", "ann"), 201);
    completed(&system, "o-1");
    let forger = Forger::of(&system, service::CUSTOMER);
    forger.append(
        |_| true,
        |event| {
            event.headers.id = "thief".parse().unwrap();
            let Event::CustomerRegistered(customer) = &mut event.event else { panic!("{event:?}") };
            customer.id = event.headers.id.clone().into();
            customer.credit_limit.minor = 9_000_000_000_000_000;
        },
    );
    wait_until("order believes it", || place(&system, "o-thief", "thief") == 201);
    completed(&system, "o-thief");
    until_state(&system, "customer", "fenced");
    let (found, _) = heal(&system, &["customer", "--drop-foreign"]);
    let listed = decisions(&found);
    for by in ["order", "inventory", "payment", "shipping"] {
        assert!(listed.contains(&pair(by, "o-thief")), "{by}: {found}");
    }
    assert!(!listed.iter().any(|(_, about)| about == "o-1"), "{found}");
    system.expect(&["heal", "customer", "--drop-foreign", "--yes"]);
    system.wait_healed();
    let replicas = ["order", "payment", "shipping"];
    for service in replicas {
        let customer = &system.status()["services"][service]["streams"]["CUSTOMER"];
        assert!(customer["alarm"].is_null(), "{service}: {customer}");
    }
    assert_ne!(place(&system, "o-2", "thief"), 201, "nobody knows the thief");
    assert_eq!(place(&system, "o-3", "ann"), 201);
    completed(&system, "o-3");
}

/// Payment's own stream is what it owes by: nobody's word but its own pays a debt.
#[test]
fn a_forged_settlement_pays_nothing() {
    let system = System::start();
    system.stock_up();
    assert_eq!(place(&system, "o-1", "ann"), 201);
    completed(&system, "o-1");
    let paid = json!({"amount": {"minor": 1, "currency": "GBP"}});
    assert_eq!(system.post("payment", "/accounts/ann/settle", &paid).status, 200);
    let account = || system.get("payment", "/accounts/ann").body;
    let before = account();
    assert_eq!(before["outstanding"]["minor"], 249, "{before}");
    let forged = Forger::of(&system, service::PAYMENT).append(
        |stored| matches!(stored.event, Event::PaymentSettled(_)),
        |stored| {
            let Event::PaymentSettled(settled) = &mut stored.event else { panic!("{stored:?}") };
            (settled.amount.minor, settled.outstanding.minor) = (249, 0);
        },
    );
    until_state(&system, "payment", "fenced");
    let (found, _) = heal(&system, &["payment"]);
    assert_eq!(found["foreign"]["messages"][0]["message"], json!(forged.sequence), "{found}");
    assert_eq!(account(), before);
    system.expect(&["heal", "payment", "--drop-foreign", "--yes"]);
    system.wait_healed();
    assert_eq!(account(), before);
    let said = system.expect(&["audit"]);
    assert!(said.contains("the audit is clean"), "{said}");
}

#[test]
fn who_cannot_read_what_it_decides_on_is_not_ready_until_the_stream_is_right() {
    let system = System::start();
    system.stock_up();
    assert_eq!(place(&system, "o-1", "ann"), 201);
    completed(&system, "o-1");
    // The broker is away: that is no alarm.
    system.expect(&["stop", "nats"]);
    until_state(&system, "inventory", "alone");
    assert_eq!(system.get("inventory", "/readyz").status, 200);
    system.expect(&["start", "nats"]);
    system.wait_healed();
    Forger::of(&system, service::ORDER).append_nonsense("order.placed.junk");
    for service in ["inventory", "payment", "shipping"] {
        until_state(&system, service, "unready");
        let ready = system.get(service, "/readyz");
        let why = ready.body["detail"].as_str().unwrap();
        assert!(ready.status == 503 && why.contains("ORDER cannot be read"), "{service}: {why}");
    }
    until_state(&system, "order", "fenced");
    assert_eq!(system.murmur(&["status"]).status.code(), Some(1));
    // It takes what is asked of it, as ever.
    let stocked = system.post("inventory", "/stock/mug", &json!({"quantity": 1}));
    assert_eq!(stocked.status, 201);
    // Customer reads nothing, and is not concerned.
    assert_eq!(system.get("customer", "/readyz").status, 200);
    system.expect(&["heal", "order", "--drop-foreign", "--yes"]);
    for service in ["inventory", "payment", "shipping", "order"] {
        wait_until(&format!("{service} is ready by itself"), || {
            system.get(service, "/readyz").status == 200
        });
    }
    assert_eq!(place(&system, "o-2", "ann"), 201);
    completed(&system, "o-2");
    system.wait_healed();
    let said = system.expect(&["audit"]);
    assert!(said.contains("the audit is clean"), "{said}");
}
