//! What an operator runs into.

use std::process::Command;

use crate::support::{System, program};

#[test]
fn a_second_system_and_a_second_service_on_the_same_data_are_refused() {
    let system = System::start();
    let second = system.murmur(&["up", "--detach"]);
    assert!(!second.status.success());
    let output =
        Command::new(program("order")).arg("--data").arg(system.folder("order")).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("another process owns this database"), "{said}");
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
