//! Deleting any one store while orders run: nothing is lost, and nothing happens twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::support::{System, wait_until};

const SERVICES: [&str; 6] = ["order", "inventory", "payment", "shipping", "customer", "product"];

/// Stops the load, also when what goes on beside it fails.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Places orders until told to stop, and notes those that were answered as accepted.
fn place_orders(system: &System, stop: &AtomicBool, accepted: &Mutex<Vec<String>>) {
    let port = system.port("order");
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let id = format!("o-{number}");
        let line = json!({"sku": "mug", "quantity": 1});
        let order = json!({"id": id, "customer_id": "ann", "lines": [line]});
        match System::try_post(port, "/orders", &order) {
            Some(answer) if answer.status == 201 => locked(accepted).push(id),
            // A service that restores itself refuses for a moment; what is not answered is not owed.
            Some(_) | None => std::thread::park_timeout(std::time::Duration::from_millis(5)),
        }
    }
}

fn locked(accepted: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    accepted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `disturb` while orders are placed; then all must heal, and every accepted order must end.
fn under_load(disturb: impl FnOnce(&System)) {
    let system = System::start();
    system.stock_up();
    let (stop, accepted) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    std::thread::scope(|threads| {
        threads.spawn(|| place_orders(&system, &stop, &accepted));
        let stop_at_end = StopAtEnd(&stop);
        wait_until("orders are under way", || locked(&accepted).len() > 20);
        disturb(&system);
        system.wait_healed();
        let before = locked(&accepted).len();
        wait_until("orders are accepted again", || locked(&accepted).len() > before + 20);
        drop(stop_at_end);
    });
    let accepted = accepted.into_inner().unwrap();
    for order in accepted {
        wait_until(&format!("{order} ends"), || system.state_of_ended(&order));
    }
    assert!(system.expect(&["audit"]).contains("the audit is clean"));
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
}
