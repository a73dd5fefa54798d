//! The machinery of the chaos runs: a few faults once each, through all of it. `scripts/chaos/all`
//! has all faults happen, several times each.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::program;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/chaos").join(name)
}

fn chaos(file: &Path) -> Output {
    let mut murmur = Command::new(program("murmur"));
    murmur.args(["chaos", "run", "--json", "--times", "1", "--rate", "20"]).arg(file);
    murmur.env_remove("RUST_LOG").output().unwrap()
}

fn outcome(output: &Output) -> Value {
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    json["faults"][0].clone()
}

#[track_caller]
fn heals(name: &str) {
    let output = chaos(&file(name));
    let outcome = outcome(&output);
    assert!(output.status.success(), "{outcome}");
    assert_eq!((&outcome["lost"], &outcome["doubled"]), (&0.into(), &0.into()), "{outcome}");
    assert_eq!(outcome["fired"], 1);
    assert!(outcome["in_flight"].as_u64() > Some(0), "{outcome}");
}

#[test]
fn a_killed_service_heals() {
    heals("03-payment-is-killed.yaml");
}

#[test]
fn a_wiped_broker_heals() {
    heals("27-broker-is-wiped.yaml");
}

#[test]
fn connections_that_are_reset_heal() {
    heals("65-reset.yaml");
}

#[test]
fn a_fault_that_did_not_happen_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let never = folder.path().join("never.yaml");
    std::fs::write(&never, "chaos: a copy that nobody kept\nfault:\n  - bring_back: order\n")
        .unwrap();
    let output = chaos(&never);
    let outcome = outcome(&output);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(outcome["fired"], 0);
    assert!(outcome["wrong"][0].as_str().unwrap().contains("did not happen"), "{outcome}");
}
