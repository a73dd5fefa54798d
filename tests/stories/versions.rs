//! Version 2 of an event comes into a running system, and its writer goes back to version 1: builds that know it
//! and builds that do not, beside each other, while orders are placed.
//!
//! The older build is this one, told to read no newer version than it would: see `docs/evolution.md`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use supervisor::broker_accounts::login_of;

use crate::support::{System, program, under_load, wait_until};

pub(crate) const KNOWS_NO_VERSION_2: &str = "--read-versions=shipping.created=1";
pub(crate) const WRITES_VERSION_2: &str = "--write-versions=shipping.created=2";

/// A build of a service in the place of the supervisor's; it ends with the value, as if it were killed.
pub(crate) struct Build<'a> {
    system: &'a System,
    service: &'static str,
    process: Child,
}

impl<'a> Build<'a> {
    /// Stops the one that runs, and starts this one over the same stores.
    pub(crate) fn start(system: &'a System, service: &'static str, arguments: &[&str]) -> Self {
        system.expect(&["stop", service]);
        let listen = format!("127.0.0.1:{}", system.port(service));
        let nats = format!("nats://127.0.0.1:{}", system.port("nats"));
        let log = File::create(system.folder(&format!("{service}.build.log"))).unwrap();
        let mut command = Command::new(program("murmur"));
        command.args(["serve", service, "--until-stdin-closes", "--listen", &listen]);
        command.args(["--nats", &nats]).arg("--data").arg(system.folder(service));
        command.arg("--tokens").arg(system.folder("tokens")).args(arguments);
        let login = login_of(&system.folder(""), service.parse().unwrap());
        command.envs(login.unwrap());
        command.env_remove("RUST_LOG").stdin(Stdio::piped());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let build = Self { system, service, process: command.spawn().unwrap() };
        wait_until("the other build answers", || !build.state().is_empty());
        build
    }

    /// As in a rolling upgrade: it stops, and the next one starts.
    fn replaced_by(mut self, arguments: &[&str]) -> Self {
        self.stop();
        Self::start(self.system, self.service, arguments)
    }

    /// The supervisor's own goes on.
    pub(crate) fn given_back(mut self) {
        self.stop();
        self.system.expect(&["start", self.service]);
    }

    fn stop(&mut self) {
        drop(self.process.stdin.take());
        wait_until("the other build stops", || self.process.try_wait().unwrap().is_some());
    }

    fn status(&self) -> Value {
        self.system.status()["services"][self.service].take()
    }

    fn state(&self) -> String {
        self.status()["state"].as_str().unwrap_or_default().to_owned()
    }

    /// Until all rows before the one that is held are decided: then the row is the one that the reason names.
    pub(crate) fn wait_held(&self) -> Value {
        let mut held = Value::Null;
        wait_until("a stream is held", || {
            held = self.status()["held"].get(0).cloned().unwrap_or_default();
            let (row, reason) = (held["row"].as_u64(), held["reason"].as_str());
            reason.zip(row).is_some_and(|(reason, row)| reason.starts_with(&format!("row {row}:")))
        });
        held
    }
}

impl Drop for Build<'_> {
    fn drop(&mut self) {
        if self.process.try_wait().unwrap().is_none() {
            self.process.kill().unwrap();
            self.process.wait().unwrap();
        }
    }
}

/// The versions in which shipments stand in their stream.
fn versions_in_the_stream(system: &System) -> BTreeSet<String> {
    let end = system.status()["services"]["shipping"]["acknowledged"].as_u64().unwrap();
    let mut events = system.command(&["events", "--service=shipping", "--from-start", "--json"]);
    let mut events = events.stdout(Stdio::piped()).spawn().unwrap();
    let mut versions = BTreeSet::new();
    for line in BufReader::new(events.stdout.take().unwrap()).lines().map_while(Result::ok) {
        let row: Value = serde_json::from_str(&line).unwrap();
        let of_type = row["headers"]["ce-type"].as_str().unwrap();
        versions.extend(of_type.starts_with("shipping.created").then(|| of_type.to_owned()));
        if row["sequence"].as_u64().unwrap() >= end {
            break;
        }
    }
    events.kill().unwrap();
    events.wait().unwrap();
    versions
}

fn stuck(system: &System) -> String {
    let output = system.murmur(&["stuck", "--older-than", "1h"]);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn version_2_of_an_event_is_introduced_and_its_writer_goes_back_under_load() {
    under_load(|system| {
        // Readers of either age are beside a writer that could write version 2, and writes version 1.
        let order = Build::start(system, "order", &[KNOWS_NO_VERSION_2]);
        let shipping = Build::start(system, "shipping", &[]);
        system.wait_healed();
        let versions = versions_in_the_stream(system);
        assert!(versions.iter().eq(["shipping.created.v1"]), "{versions:?}");

        // Too early: the older reader stands before the first such row, says so, and loses nothing.
        let shipping = shipping.replaced_by(&[WRITES_VERSION_2]);
        let held = order.wait_held();
        assert_eq!(held["stream"], "SHIPPING");
        let row = held["row"].as_u64().unwrap();
        let why = format!("row {row}: shipping.created has version 2, this build knows up to 1");
        assert!(held["reason"].as_str().unwrap().starts_with(&why), "{held}");
        let ready = system.get("order", "/readyz?verbose");
        assert_eq!((ready.status, &ready.body["held"]), (200, &Value::Array(vec![held])));
        let stuck_now = stuck(system);
        assert!(
            stuck_now.contains(&format!("order holds SHIPPING before row {row}")),
            "{stuck_now}"
        );
        assert_eq!(shipping.state(), "ready", "its writer is not to blame");

        // The writer goes back. What it has written is still there, and is still held.
        let shipping = shipping.replaced_by(&["--write-versions=shipping.created=1"]);
        assert_eq!(order.wait_held()["row"], row);

        // A build that knows version 2 goes on by itself.
        let order = order.replaced_by(&[]);
        system.wait_healed();
        assert!(!stuck(system).contains("holds"));
        let versions = versions_in_the_stream(system);
        assert!(versions.iter().eq(["shipping.created.v1", "shipping.created.v2"]), "{versions:?}");

        // Now everybody reads it: it is written for good.
        let shipping = shipping.replaced_by(&[WRITES_VERSION_2]);
        system.wait_healed();
        shipping.given_back();
        order.given_back();
    });
}

#[test]
fn a_database_is_restored_from_rows_of_two_versions_and_by_no_build_that_knows_only_one() {
    under_load(|system| {
        let shipping = Build::start(system, "shipping", &[WRITES_VERSION_2]);
        system.wait_healed();
        wait_until("both versions are in the stream", || versions_in_the_stream(system).len() == 2);
        drop(shipping);
        std::fs::remove_dir_all(system.folder("shipping")).unwrap();

        let older = Build::start(system, "shipping", &[KNOWS_NO_VERSION_2]);
        wait_until("the older build says what it needs", || older.state() == "fenced");
        let status = older.status();
        let reason = status["reason"].as_str().unwrap();
        assert!(reason.contains("was written by a newer build of this service"), "{reason}");
        assert!(status["choices"][0].as_str().unwrap().starts_with("Start a build that knows"));

        let newer = older.replaced_by(&[]);
        system.wait_healed();
        newer.given_back();
    });
}
