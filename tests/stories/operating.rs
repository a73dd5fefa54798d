//! What an operator runs into.

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{System, program, wait_until};

#[test]
fn a_second_system_and_a_second_service_on_the_same_data_are_refused() {
    let system = System::start();
    let second = system.murmur(&["up", "--detach"]);
    assert!(!second.status.success());
    let mut second = Command::new(program("murmur"));
    second.args(["serve", "order", "--data"]).arg(system.folder("order"));
    let output = second.output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("another process owns this database"), "{said}");
}

/// Programs in whose place `murmur` finds this script.
fn instead_of(name: &str, script: &str) -> (TempDir, OsString) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join(name);
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let mut path = folder.path().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    (folder, path)
}

#[test]
fn the_page_is_named_at_the_end_and_opened_if_it_can_be() {
    let system = System::start();
    let page = format!("http://127.0.0.1:{}/", system.port("query"));
    let up = |script: &str| {
        system.expect(&["down"]);
        let (folder, path) = instead_of("xdg-open", script);
        let mut up = system.command(&["up", "--detach", "--open"]);
        let said = up.env("PATH", path).output().unwrap();
        assert!(said.status.success());
        (folder, String::from_utf8(said.stderr).unwrap())
    };
    let (folder, said) = up(r#"echo "$1" > "$(dirname "$0")/opened""#);
    assert!(said.ends_with(&format!("page: {page}\n")), "{said}");
    let opened = std::fs::read_to_string(folder.path().join("opened")).unwrap();
    assert!(opened.starts_with(&format!("{page}#code=")), "{opened}");
    assert!(!opened.contains(&system.token()));
    let (_folder, said) = up("exit 3");
    assert!(said.contains(&format!("open {page}#code=")), "{said}");
}

#[test]
fn a_stop_and_a_start_lose_nothing() {
    let system = System::start();
    system.stock_up();
    let head = system.get("inventory", "/status").body["head"].clone();
    system.expect(&["down"]);
    system.expect(&["up", "--detach"]);
    system.wait_healed();
    assert_eq!(system.get("inventory", "/status").body["head"], head);
    assert_eq!(system.get("inventory", "/stock/mug").body["on_hand"], 100_000);
}

#[test]
fn an_audit_of_nothing_fails() {
    let system = System::start();
    assert!(!system.murmur(&["audit"]).status.success());
}

#[test]
fn the_choreography_is_sound() {
    let system = System::start();
    system.expect(&["contract", "check"]);
}

/// Rows that were never in the stream, and a stream that went on without them: somebody brought back
/// an older copy of the database in between.
fn fork_customer(system: &System) {
    let customer = |id: &str| {
        let address = json!({"country": "France"});
        let limit = json!({"minor": 100, "currency": "GBP"});
        json!({"id": id, "name": "Ada", "address": address, "credit_limit": limit})
    };
    let (data, older) = (system.folder("customer"), system.folder("customer.older"));
    let forked = system.folder("customer.forked");
    system.expect(&["stop", "customer"]);
    copy(&data, &older);
    system.expect(&["start", "customer"]);
    system.expect(&["stop", "nats"]);
    wait_until("customer goes on alone", || {
        let kept = system.post("customer", "/customers", &customer("local"));
        kept.header("murmur-durability") == Some("local")
    });
    system.expect(&["kill", "customer", "--no-wait"]);
    system.expect(&["stop", "customer"]);
    std::fs::rename(&data, &forked).unwrap();
    std::fs::rename(&older, &data).unwrap();
    system.expect(&["start", "nats", "--no-wait"]);
    system.expect(&["start", "customer"]);
    assert_eq!(system.post("customer", "/customers", &customer("published")).status, 201);
    system.expect(&["stop", "customer"]);
    std::fs::rename(&data, &older).unwrap();
    std::fs::rename(&forked, &data).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_fork_is_shown_and_healed_only_when_it_is_said_twice() {
    let system = System::start();
    system.stock_up();
    fork_customer(&system);
    let started = system.murmur(&["start", "customer"]);
    let said = String::from_utf8_lossy(&started.stderr);
    assert!(said.contains("customer is fenced") && said.contains("murmur heal"), "{said}");
    let status = system.murmur(&["status"]);
    let said = String::from_utf8_lossy(&status.stdout);
    assert!(said.contains("fenced: outbox and stream differ"), "{said}");
    assert!(said.contains("choice:") && !status.status.success(), "{said}");
    for arguments in [&["heal", "customer"][..], &["heal", "customer", "--discard-local"]] {
        let shown = system.murmur(arguments);
        let said = String::from_utf8_lossy(&shown.stdout);
        assert_eq!(shown.status.code(), Some(1), "{said}");
        assert!(said.contains("customer.registered.local") && said.contains("--yes"), "{said}");
        assert_eq!(system.get("customer", "/status").body["state"], "fenced");
    }
    let healed = system.expect(&["heal", "customer", "--discard-local", "--yes"]);
    assert!(healed.contains("is kept in"), "{healed}");
    system.wait_healed();
    assert_eq!(system.get("customer", "/customers/published").status, 200);
    assert_eq!(system.get("customer", "/customers/local").status, 404);
    assert!(system.expect(&["heal", "customer"]).contains("nothing to heal"));
    let kept =
        std::fs::read_dir(system.folder("")).unwrap().map(|entry| entry.unwrap().file_name());
    let kept = kept.filter(|name| name.to_string_lossy().starts_with("customer.set-aside-"));
    assert_eq!(kept.count(), 1);
}

#[test]
fn a_token_asked_for_before_the_first_row_waits_for_it() {
    let system = System::start();
    let ask = |token: &str| system.get_after("inventory", "/stock", token);
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| ask("PRODUCT=1"));
        let price = json!({"minor": 250, "currency": "GBP"});
        let mug = json!({"sku": "mug", "name": "Mug", "price": price});
        assert_eq!(system.post("product", "/products", &mug).status, 201);
        assert_eq!(waiting.join().unwrap().status, 200);
    });
    let never = ask("PRODUCT=99");
    assert_eq!((never.status, never.problem()), (504, "not-caught-up"), "{never:?}");
    assert_eq!(never.body["wanted"], "PRODUCT=99");
}
