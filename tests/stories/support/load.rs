//! Orders that come all the time, whatever happens beside them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::system::{System, wait_until};

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
            Some(_) | None => std::thread::park_timeout(Duration::from_millis(5)),
        }
    }
}

fn locked(accepted: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    accepted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `disturb` while orders are placed; then all must heal, and every accepted order must end.
pub(crate) fn under_load(disturb: impl FnOnce(&System)) {
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
