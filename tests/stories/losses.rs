//! Deleting any one store while orders run: nothing is lost, and nothing happens twice.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{System, under_load, wait_until};

const SERVICES: [&str; 6] = ["order", "inventory", "payment", "shipping", "customer", "product"];

/// All processes get their time to finish what they have begun, and the next `up` goes on from there.
#[test]
fn the_supervisor_is_told_to_end() {
    under_load(|system| {
        let run_file = system.folder("running.json");
        let running: Value = serde_json::from_slice(&std::fs::read(&run_file).unwrap()).unwrap();
        let supervisor = running["supervisor"].to_string();
        assert!(Command::new("kill").args(["-TERM", &supervisor]).status().unwrap().success());
        wait_until("everything has ended", || !run_file.exists());
        wait_until("it can be started again", || {
            system.murmur(&["up", "--detach"]).status.success()
        });
    });
}

#[test]
fn every_service_is_killed() {
    under_load(|system| {
        for service in SERVICES {
            system.expect(&["kill", service]);
            system.wait_healed();
        }
    });
}

#[test]
fn every_database_is_deleted() {
    under_load(|system| {
        for service in SERVICES {
            system.expect(&["wipe", service]);
            system.wait_healed();
        }
    });
}

#[test]
fn the_broker_is_killed_and_then_its_folder_is_deleted() {
    under_load(|system| {
        system.expect(&["kill", "nats"]);
        system.wait_healed();
        system.expect(&["wipe", "broker"]);
        system.wait_healed();
    });
}

#[test]
fn the_read_side_is_flushed() {
    under_load(|system| {
        system.expect(&["wipe", "redis"]);
        system.wait_healed();
    });
}

/// Everything that the owners, and the read model, say of an order. How fresh an answer is changes.
fn answers_about(system: &System, order: &str) -> Vec<Value> {
    let paths = [
        ("order", format!("/orders/{order}")),
        ("order", format!("/orders/{order}/events")),
        ("inventory", format!("/reservations/{order}")),
        ("payment", format!("/charges/{order}")),
        ("payment", format!("/charges/{order}/events")),
        ("shipping", format!("/shipments/{order}")),
    ];
    let mut answers: Vec<Value> =
        paths.iter().map(|(service, path)| system.get(service, path).body).collect();
    let read = system.get("query", &format!("/orders/{order}")).body;
    answers.push(json!([read["order_id"], read["state"], read["total"], read["lines"]]));
    answers
}

#[test]
fn an_order_is_told_alike_before_and_after_each_store_is_wiped() {
    let system = System::start();
    system.stock_up();
    for (order, quantity) in [("o-1", 3), ("o-2", 1_000_000)] {
        let lines = json!([{"sku": "mug", "quantity": quantity}]);
        let placed = json!({"id": order, "customer_id": "ann", "lines": lines});
        assert_eq!(system.post("order", "/orders", &placed).status, 201);
        wait_until("it ends", || system.state_of_ended(order));
    }
    wait_until("the read model has seen the end", || {
        system.get("query", "/orders/o-1").body["state"] == "completed"
            && system.get("query", "/orders/o-2").body["state"] == "rejected"
    });
    let before = [answers_about(&system, "o-1"), answers_about(&system, "o-2")];
    assert!(before[0].iter().all(|answers| !answers.is_null()), "{before:?}");
    for store in SERVICES.into_iter().chain(["broker", "redis"]) {
        system.expect(&["wipe", store]);
        system.wait_healed();
        wait_until(&format!("all is told as before {store} was wiped"), || {
            [answers_about(&system, "o-1"), answers_about(&system, "o-2")] == before
        });
    }
    assert!(system.expect(&["audit"]).contains("the audit is clean"));
}

/// A second loss before the first is mended would be a real double loss.
#[test]
fn the_broker_may_be_wiped_again_as_soon_as_the_command_returns() {
    let system = System::start();
    system.stock_up();
    for _ in 0..3 {
        system.expect(&["wipe", "broker"]);
    }
    system.wait_healed();
    assert_eq!(system.get("inventory", "/stock/mug").body["on_hand"], 100_000);
}

/// An order that is in order's database only, since the broker is away.
fn place_alone(system: &System) {
    system.expect(&["stop", "nats"]);
    let order =
        json!({"id": "o-1", "customer_id": "ann", "lines": [{"sku": "mug", "quantity": 1}]});
    let kept = system.post("order", "/orders", &order);
    assert_eq!((kept.status, kept.header("murmur-durability")), (201, Some("local")));
}

#[track_caller]
fn refused(system: &System, arguments: &[&str]) -> String {
    let output = system.murmur(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("--force"), "{said}");
    said
}

#[test]
fn a_second_loss_is_refused_by_what_it_would_lose_and_is_none_once_all_is_in_two_places() {
    let system = System::start();
    system.stock_up();
    place_alone(&system);
    for store in ["order", "broker"] {
        let said = refused(&system, &["wipe", store]);
        assert!(said.contains("order: 1 row is in the database only"), "{said}");
    }
    let status = String::from_utf8(system.murmur(&["status"]).stdout).unwrap();
    assert!(status.contains("order is not redundant: 1 row is in the database only"), "{status}");
    assert!(!system.state_of("o-1").is_empty(), "nothing was touched");
    system.expect(&["start", "nats"]);
    system.expect(&["wipe", "order"]);
    wait_until("the order is known", || !system.state_of("o-1").is_empty());
    system.expect(&["wipe", "broker"]);
    system.wait_healed();
}

#[test]
fn what_is_lost_by_force_is_named() {
    let system = System::start();
    system.stock_up();
    place_alone(&system);
    let forced = system.murmur(&["wipe", "order", "--force", "--no-wait"]);
    let said = String::from_utf8_lossy(&forced.stderr).into_owned();
    assert!(forced.status.success() && said.contains("1 row is in the database only"), "{said}");
    system.expect(&["start", "nats", "--no-wait"]);
    system.wait_healed();
    assert_eq!(system.get("order", "/orders/o-1").status, 404, "that was its only copy");
}

#[test]
fn two_stores_that_are_wiped_at_the_same_time_are_wiped_one_after_the_other() {
    let system = System::start();
    system.stock_up();
    let order =
        json!({"id": "o-1", "customer_id": "ann", "lines": [{"sku": "mug", "quantity": 1}]});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
    for _ in 0..3 {
        system.wait_healed();
        let wipe = |store| system.expect(&["wipe", store, "--no-wait"]);
        std::thread::scope(|scope| {
            scope.spawn(|| wipe("broker"));
            scope.spawn(|| wipe("order"));
        });
    }
    system.wait_healed();
    wait_until("the order has ended", || system.state_of_ended("o-1"));
    assert!(system.expect(&["audit"]).contains("the audit is clean"));
}

/// Ending loses nothing, as long as the folder stays.
#[test]
fn what_is_in_one_place_only_is_told_when_everything_is_stopped_and_is_there_after_it() {
    let system = System::start();
    system.stock_up();
    place_alone(&system);
    let down = system.murmur(&["down"]);
    let said = String::from_utf8_lossy(&down.stderr).into_owned();
    assert!(said.contains("order: 1 row is in the database only"), "{said}");
    system.expect(&["up", "--detach"]);
    system.wait_healed();
    assert!(!system.state_of("o-1").is_empty());
}

#[test]
fn a_wipe_of_the_broker_is_refused_while_a_service_cannot_be_asked() {
    let system = System::start();
    system.expect(&["stop", "shipping"]);
    let said = refused(&system, &["wipe", "broker"]);
    assert!(said.contains("shipping is stopped") && said.contains("is not known"), "{said}");
    system.expect(&["wipe", "payment"]);
    system.expect(&["wipe", "redis"]);
    system.expect(&["start", "shipping"]);
    system.expect(&["wipe", "broker"]);
}

/// The services may not have noticed yet.
#[test]
fn a_stream_that_somebody_has_just_deleted_is_the_first_loss() {
    let system = System::start();
    system.stock_up();
    system.wait_healed();
    system.delete_stream("CUSTOMER");
    system.expect(&["wipe", "customer"]);
    assert_eq!(system.get("customer", "/customers/ann").status, 200);
}

#[test]
fn both_stores_of_a_service_are_lost_and_it_says_so_and_touches_nothing() {
    let system = System::start();
    system.stock_up();
    let order =
        json!({"id": "o-1", "customer_id": "ann", "lines": [{"sku": "mug", "quantity": 1}]});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
    wait_until("the order completed", || system.state_of("o-1") == "completed");
    for process in SERVICES {
        system.expect(&["stop", process]);
    }
    system.expect(&["stop", "nats"]);
    std::fs::remove_dir_all(system.folder("order")).unwrap();
    std::fs::remove_dir_all(system.folder("nats")).unwrap();
    for process in ["nats", "inventory", "order"] {
        system.murmur(&["start", process, "--no-wait"]);
    }
    wait_until("order is fenced", || {
        let status = system.status();
        status["services"]["order"]["state"] == "fenced"
    });
    let refused = system.post("order", "/orders", &order);
    assert_eq!((refused.status, refused.problem()), (503, "fenced"));
    let choices = refused.body["choices"].as_array().unwrap();
    assert!(!choices.is_empty());
    assert_eq!(system.get("order", "/readyz").status, 503);
    let begun = Instant::now();
    let wiped = system.murmur(&["wipe", "order"]);
    let said = String::from_utf8_lossy(&wiped.stderr);
    assert!(!wiped.status.success() && said.contains("order is fenced"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(30), "it is told at once, not after a minute");
}
