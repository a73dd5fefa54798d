//! A service from outside, beside the shop: `examples/loyalty` takes part, and comes back from whatever is
//! left of it, without a word of it in any other service.

use std::fs::File;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::{System, program, send, wait_until};

/// The loyalty service beside a system; it ends with the value.
pub(crate) struct Loyalty<'a> {
    system: &'a System,
    process: Child,
    port: u16,
}

impl<'a> Loyalty<'a> {
    pub(crate) fn start(system: &'a System, first: bool) -> Self {
        let log = system.folder("loyalty.log");
        let mut command = Command::new(program("loyalty"));
        let login = std::fs::read_to_string(system.folder("loyalty.env")).unwrap();
        command.args(["--listen", "127.0.0.1:0", "--log-format", "json", "--until-stdin-closes"]);
        command.arg("--data").arg(system.folder("loyalty"));
        command.args(first.then_some("--first-start")).env_remove("RUST_LOG");
        command.envs(login.lines().filter_map(|line| line.split_once('=')));
        let output = File::create(&log).unwrap();
        command.stdin(Stdio::piped()).stderr(output.try_clone().unwrap()).stdout(output);
        let process = command.spawn().unwrap();
        let mut port = None;
        wait_until("loyalty listens", || {
            let text = std::fs::read_to_string(&log).unwrap();
            port = text.lines().find_map(port_in);
            port.is_some()
        });
        let loyalty = Self { system, process, port: port.unwrap() };
        wait_until("loyalty is ready", || loyalty.get("/readyz").is_some_and(|it| it.0 == 200));
        loyalty
    }

    fn get(&self, path: &str) -> Option<(u16, Value)> {
        let answer = send(self.port, "GET", path, &[], "").ok()?;
        Some((answer.status, answer.body))
    }

    /// Earned, and promised.
    fn points(&self) -> Option<(u64, u64)> {
        let (_, points) = self.get("/points/ann")?;
        Some((points["points"].as_u64()?, points["promised"].as_u64()?))
    }

    fn await_points(&self, wanted: (u64, u64)) {
        let what = format!("ann has {wanted:?} points");
        wait_until(&what, || self.points() == Some(wanted));
    }

    /// Whether its stream holds all of its outbox, which has so many rows.
    fn await_published(&self, rows: u64) {
        wait_until("all of it is in the stream", || {
            self.get("/status").is_some_and(|(_, status)| {
                status["acknowledged"] == rows && status["redundant"] == true
            })
        });
    }

    /// It ends by itself, since its stream is gone, and whoever keeps it running starts it again.
    fn started_again(mut self) -> Self {
        wait_until("loyalty ends", || self.process.try_wait().unwrap().is_some());
        Self::start(self.system, false)
    }

    /// Killed, as by a crash; its database is deleted, and it is started again.
    fn wiped(mut self) -> Self {
        self.end();
        std::fs::remove_dir_all(self.system.folder("loyalty")).unwrap();
        Self::start(self.system, false)
    }

    fn end(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Loyalty<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

fn port_in(line: &str) -> Option<u16> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = &line["fields"];
    let address = (fields["message"] == "listening").then(|| fields["address"].as_str())??;
    address.rsplit(':').next()?.parse().ok()
}

fn place(system: &System, id: &str, quantity: u32) {
    let lines = json!([{"sku": "mug", "quantity": quantity}]);
    let order = json!({"id": id, "customer_id": "ann", "lines": lines});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
}

#[test]
fn a_service_that_nobody_knows_takes_part_and_is_restored_from_each_of_its_stores() {
    let system = System::start_with(&["--also", "loyalty=order"]);
    system.stock_up();
    let loyalty = Loyalty::start(&system, true);
    // A mug costs 2.50: 25 points. Nobody has a million and more of them.
    place(&system, "o-1", 10);
    place(&system, "o-2", 1_000_000);
    // Promised twice, earned once, withdrawn once.
    let rows = 4;
    loyalty.await_published(rows);
    loyalty.await_points((25, 0));
    // Its database: restored from its stream, with one row more that takes the end of it.
    let loyalty = loyalty.wiped();
    loyalty.await_points((25, 0));
    loyalty.await_published(rows + 1);
    // The broker: published again from its outbox, as everybody else does.
    system.expect(&["wipe", "broker"]);
    system.wait_healed();
    let loyalty = loyalty.started_again();
    loyalty.await_published(rows + 1);
    place(&system, "o-3", 4);
    loyalty.await_points((35, 0));
    assert!(system.expect(&["audit"]).contains("the audit is clean"));
    drop(loyalty);
    place(&system, "o-4", 4);
    wait_until("the end", || system.state_of_ended("o-4"));
    let audited = system.murmur(&["audit", "--json", "--wait-seconds", "1"]).stdout;
    let audited: Value = serde_json::from_slice(&audited).unwrap();
    let (newcomers, all) = (check_of(&audited, "newcomers"), audited["checks"].as_array().unwrap());
    // What it said of three orders; the row that took the end of the stream is of none.
    assert_eq!(newcomers["examined"], rows + 2);
    let found: Vec<_> = all.iter().flat_map(|one| one["findings"].as_array().unwrap()).collect();
    let owed = "loyalty owes loyalty.promised for order.placed";
    assert_eq!((found.len(), found[0]["difference"].as_str()), (1, Some(owed)), "{found:?}");
}

fn check_of(audited: &Value, invariant: &str) -> Value {
    let mut all = audited["checks"].as_array().unwrap().iter();
    all.find(|one| one["invariant"] == invariant).unwrap().clone()
}
