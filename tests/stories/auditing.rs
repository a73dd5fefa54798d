//! The audit of a system that is under load, and of one whose read model somebody has edited.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{System, wait_until};

/// Audits under load take no longer than that, on a machine that is full, too.
const AUDITED_WITHIN: Duration = Duration::from_secs(60);

/// How many orders have to come while audits run.
const ORDERS_BESIDE: usize = 40;

/// Orders that come, one by one, for as long as this is kept.
struct Load {
    stop: Arc<AtomicBool>,
    placed: Arc<AtomicUsize>,
    placing: JoinHandle<()>,
}

impl Load {
    fn on(system: &System) -> Self {
        let (stop, placed) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (port, stopped, count) = (system.port("order"), Arc::clone(&stop), Arc::clone(&placed));
        let placing = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let came = System::try_post(port, "/orders", &order()).is_some();
                count.fetch_add(usize::from(came), Ordering::Relaxed);
                std::thread::park_timeout(Duration::from_millis(50));
            }
        });
        Self { stop, placed, placing }
    }

    fn placed(&self) -> usize {
        self.placed.load(Ordering::Relaxed)
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.placing.join().unwrap();
    }
}

fn order() -> Value {
    json!({"customer_id": "ann", "lines": [{"sku": "mug", "quantity": 2}]})
}

fn placed(system: &System, count: usize) {
    for _ in 0..count {
        let answer = system.post("order", "/orders", &order());
        let id = answer.body["order_id"].as_str().unwrap().to_owned();
        wait_until("the order ends", || system.state_of_ended(&id));
    }
}

#[test]
fn audits_under_load_are_clean_and_come_to_an_end() {
    let system = System::start();
    system.stock_up();
    let load = Load::on(&system);
    let begun = Instant::now();
    while load.placed() < ORDERS_BESIDE {
        for more in [&[][..], &["--no-wait"]] {
            let said = system.expect(&[&["audit"], more].concat());
            assert!(said.contains("the audit is clean"), "{said}");
        }
        assert!(begun.elapsed() < AUDITED_WITHIN, "it took {:?}", begun.elapsed());
    }
    load.end();
}

#[test]
fn a_record_that_somebody_edits_is_found_and_mended_by_a_rebuild() {
    let system = System::start();
    system.stock_up();
    placed(&system, 3);
    system.expect(&["audit"]);
    let live = system.redis(&["GET", "{query}:generation"]);
    let live = live.lines().nth(1).unwrap();
    let totals = format!("{{query}}:{live}:totals:PAYMENT");
    let text = system.redis(&["GET", &totals]);
    let edited = text.lines().nth(1).unwrap().replace("1500", "1501");
    system.redis(&["SET", &totals, &edited]);
    let audit = system.murmur(&["audit"]);
    let said = String::from_utf8_lossy(&audit.stdout);
    assert_eq!(audit.status.code(), Some(1), "{said}");
    assert!(said.contains("totals:PAYMENT") && said.contains("1501"), "{said}");
    let rebuilt = system.expect(&["views", "rebuild"]);
    assert!(rebuilt.contains("switched;"), "{rebuilt}");
    system.expect(&["audit"]);
}

#[test]
fn what_cannot_be_compared_is_told_and_is_not_broken() {
    let system = System::start();
    system.stock_up();
    placed(&system, 1);
    system.expect(&["stop", "query"]);
    let audit = system.murmur(&["audit"]);
    let said = String::from_utf8_lossy(&audit.stdout);
    assert_eq!(audit.status.code(), Some(3), "{said}");
    assert!(said.contains("not compared yet") && !said.contains("broken "), "{said}");
}
