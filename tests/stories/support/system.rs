//! A whole system in a folder of its own, on ports of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::broker::Broker;
use super::http::{Answer, log_in, send};
use super::redis;

/// Everything here heals within seconds; a busy machine may take some more.
const PATIENCE: Duration = Duration::from_secs(40);

/// A running system; it ends with the value.
pub(crate) struct System {
    data: TempDir,
}

/// Waits until the condition holds, and says what was waited for if it does not.
pub(crate) fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    assert!(is_within_patience(condition), "{what}: not within {PATIENCE:?}");
}

/// Whether the condition comes to hold before patience ends.
pub(crate) fn is_within_patience(mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    true
}

impl System {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one that `murmur up` is told more of.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        let system = Self { data: tempfile::tempdir().unwrap() };
        system.up(options);
        system
    }

    /// Starts what is down, and returns what it says to a person.
    pub(crate) fn up(&self, options: &[&str]) -> String {
        // Tests run beside each other: nobody gives way, and nobody waits for another's ports.
        let arguments = [&["up", "--detach", "--nice", "0", "--free-ports"], options].concat();
        let output = self.murmur(&arguments);
        let said = text(&output.stderr);
        assert!(output.status.success(), "murmur {arguments:?} failed:\n{said}");
        said
    }

    /// A `murmur` that acts on this system.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("murmur"));
        command.args(arguments).env("MURMUR_DATA", self.data.path()).env_remove("RUST_LOG");
        command
    }

    /// Runs `murmur` on this system.
    pub(crate) fn murmur(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs `murmur`, which must succeed, and returns what it prints.
    pub(crate) fn expect(&self, arguments: &[&str]) -> String {
        let output = self.murmur(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "murmur {arguments:?} failed:\n{out}\n{err}");
        out
    }

    pub(crate) fn status(&self) -> Value {
        let output = self.murmur(&["status", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    pub(crate) fn port(&self, process: &str) -> u16 {
        let status = self.status();
        let processes = status["processes"].as_array().unwrap();
        let found = processes.iter().find(|one| one["process"] == process).unwrap();
        let port = found["port"].as_u64().unwrap().try_into().unwrap();
        log_in(port, &self.token());
        port
    }

    /// The token of its operator.
    pub(crate) fn token(&self) -> String {
        let token = std::fs::read_to_string(self.folder("operator.token")).unwrap();
        token.trim().to_owned()
    }

    /// Where it keeps what is called that.
    pub(crate) fn folder(&self, process: &str) -> PathBuf {
        self.data.path().join(process)
    }

    /// Waits until every process is ready and redundant: then another store may be lost. Under load the
    /// newest rows are always under way: it is waited for those that were there first.
    pub(crate) fn wait_healed(&self) {
        let mut heads = BTreeMap::new();
        wait_until("every service ready, nothing held, all in two places", || {
            let status = self.status();
            let Some(services) = status["services"].as_object() else { return false };
            let is_well = |(name, service): (&String, &Value)| {
                let head = *heads.entry(name.clone()).or_insert(service["head"].as_u64());
                service["state"] == "ready"
                    && (service["redundant"] == true || holds_in_two_places(service, head))
                    && service["held"].as_array().is_none_or(Vec::is_empty)
            };
            // All are asked: the first look says what each holds.
            let well = services.iter().map(is_well).filter(|well| *well).count();
            well >= 6 && well == services.len()
        });
    }

    /// Deletes a stream, by the broker's own means and without a word to anybody.
    pub(crate) fn delete_stream(&self, stream: &str) {
        let mut owner = self.broker_as(&format!("{}-operator", stream.to_lowercase()));
        let answer = owner.ask(&format!("$JS.API.STREAM.DELETE.{stream}")).unwrap();
        assert_eq!(answer["success"], true, "{stream}: {answer}");
    }

    /// A connection to the broker, as one of its users.
    pub(crate) fn broker_as(&self, user: &str) -> Broker {
        self.try_broker_as(user).unwrap()
    }

    /// The same, where the broker may let nobody in.
    pub(crate) fn try_broker_as(&self, user: &str) -> Result<Broker, String> {
        let account = if user.ends_with("operator") { "operator" } else { user };
        let password = self.password_of("broker.keys", account);
        Broker::connect(self.port("nats"), Some((user, &password)))
    }

    /// What Redis answers to one command of one of its users, as it is sent.
    pub(crate) fn redis_as(&self, user: &str, words: &[&str]) -> String {
        let password = self.password_of("redis.keys", user);
        redis::say(self.port("redis"), &[&["AUTH", user, &password], words])
    }

    /// The same of its operator, who may look after it.
    pub(crate) fn redis(&self, words: &[&str]) -> String {
        self.redis_as("operator", words)
    }

    fn password_of(&self, file: &str, user: &str) -> String {
        let name = format!("{}_PASSWORD", user.to_uppercase());
        let keys = std::fs::read_to_string(self.folder(file)).unwrap();
        let line = keys.lines().find(|line| line.starts_with(&name)).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    }

    pub(crate) fn get(&self, process: &str, path: &str) -> Answer {
        send(self.port(process), "GET", path, &[], "").unwrap()
    }

    pub(crate) fn get_with(&self, process: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        send(self.port(process), "GET", path, headers, "").unwrap()
    }

    pub(crate) fn get_after(&self, process: &str, path: &str, token: &str) -> Answer {
        send(self.port(process), "GET", path, &[("murmur-token", token)], "").unwrap()
    }

    pub(crate) fn post(&self, process: &str, path: &str, body: &Value) -> Answer {
        send(self.port(process), "POST", path, &[], &body.to_string()).unwrap()
    }

    pub(crate) fn post_with(
        &self,
        process: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        send(self.port(process), "POST", path, headers, &body.to_string()).unwrap()
    }

    /// Posts to a process that may be away.
    pub(crate) fn try_post(port: u16, path: &str, body: &Value) -> Option<Answer> {
        send(port, "POST", path, &[], &body.to_string()).ok()
    }

    /// A customer with a wide limit, a product, and stock of it; the order service knows of both.
    pub(crate) fn stock_up(&self) {
        let address = json!({"country": "United Kingdom"});
        let limit = json!({"minor": 100_000_000, "currency": "GBP"});
        let ann = json!({"id": "ann", "name": "Ann", "address": address, "credit_limit": limit});
        assert_eq!(self.post("customer", "/customers", &ann).status, 201);
        let price = json!({"minor": 250, "currency": "GBP"});
        let mug = json!({"sku": "mug", "name": "Mug", "price": price});
        assert_eq!(self.post("product", "/products", &mug).status, 201);
        let token = [("murmur-token", "PRODUCT=1,CUSTOMER=1")];
        let (stock, quantity) = (self.port("inventory"), r#"{"quantity": 100000}"#);
        assert_eq!(send(stock, "POST", "/stock/mug", &token, quantity).unwrap().status, 201);
        let order = self.port("order");
        assert_eq!(send(order, "GET", "/orders", &token, "").unwrap().status, 200);
    }

    /// The state of an order, as order itself says it; empty while it cannot be asked.
    pub(crate) fn state_of(&self, order: &str) -> String {
        let asked = send(self.port("order"), "GET", &format!("/orders/{order}"), &[], "");
        let state = asked.ok().and_then(|answer| answer.body["state"].as_str().map(str::to_owned));
        state.unwrap_or_default()
    }
}

impl System {
    /// Whether an order has reached its end.
    pub(crate) fn state_of_ended(&self, order: &str) -> bool {
        ["completed", "rejected", "cancelled"].contains(&self.state_of(order).as_str())
    }
}

/// Whether nothing is missing but rows behind that one.
fn holds_in_two_places(service: &Value, head: Option<u64>) -> bool {
    let Some(missing) = service["missing"].as_array() else { return false };
    let only_rows = !missing.is_empty() && missing.iter().all(|one| one["what"] == "rows");
    only_rows && service["acknowledged"].as_u64() >= head
}

impl Drop for System {
    fn drop(&mut self) {
        self.murmur(&["down"]);
    }
}

/// A program of this workspace, beside the folder of this test.
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().and_then(|deps| deps.parent()).unwrap().join(name);
    assert!(program.exists(), "{} is missing: run `cargo build --workspace`", program.display());
    program
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
