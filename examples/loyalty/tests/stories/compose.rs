//! What it is started with in containers, beside `compose.yaml`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory as _;
use loyalty::declaration::CHOREOGRAPHY;
use loyalty::process::Arguments;
use serde_json::Value;

const COMPOSE: &str = include_str!("../../compose.yaml");

fn compose() -> Value {
    serde_saphyr::from_str(COMPOSE).unwrap()
}

#[test]
fn its_process_understands_all_that_it_is_told() {
    let command = Arguments::command();
    let known: BTreeSet<_> =
        command.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
    let compose = compose();
    let told = compose["services"]["loyalty"]["environment"].as_object().unwrap();
    assert!(told.len() > 5);
    for name in told.keys() {
        assert!(known.contains(name.as_str()), "{name} is no setting of it");
    }
}

/// What `scripts/containers/accounts` makes of its contract.
#[test]
fn it_has_an_account_and_the_auditor_is_told_of_the_shop_and_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (contract, secrets) = (folder.path().join("contract"), folder.path().join("secrets"));
    for document in contract_docs::documents(&CHOREOGRAPHY) {
        let file = contract.join(document.path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, document.text).unwrap();
    }
    let make = |contract: Option<&Path>| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/containers/accounts");
        let made = Command::new(script).arg(&secrets).args(contract).status();
        assert!(made.unwrap().success());
    };
    let read = |file: &str| std::fs::read_to_string(secrets.join(file)).unwrap();
    let table = |file: &str| read(file).parse::<toml::Table>().unwrap();
    make(None);
    let (shop, passwords) = (table("audit.toml"), read("broker.env"));
    make(Some(&contract));
    assert!(read("broker.env").starts_with(&passwords), "what is there stays");
    let password = read("broker.env");
    let password = password.lines().find_map(|line| line.strip_prefix("LOYALTY_PASSWORD="));
    let told = read("loyalty.env");
    assert!(told.contains("MURMUR_NATS_USER=loyalty\n"), "{told}");
    assert!(told.contains(&format!("MURMUR_NATS_PASSWORD={}\n", password.unwrap())), "{told}");
    assert!(read("accounts.conf").contains("user: loyalty, password: $LOYALTY_PASSWORD"));
    let mut with = table("audit.toml");
    assert_eq!(with.remove("newcomers").unwrap().as_array().unwrap().len(), 1);
    for (place, path) in [
        ("databases", "/volumes/loyalty/database"),
        ("seal-keys", "/volumes/loyalty-keys/seal"),
        ("foreign-prefixes", "JS.LOYALTY.API"),
    ] {
        let entry = with[place].as_table_mut().unwrap().remove("loyalty");
        assert_eq!(entry.unwrap().as_str(), Some(path));
    }
    assert_eq!(with, shop);
}

#[test]
fn it_has_the_volumes_that_it_and_the_auditor_use() {
    let compose = compose();
    let made: BTreeSet<_> = compose["volumes"].as_object().unwrap().keys().collect();
    for service in ["loyalty", "auditor"] {
        let used = compose["services"][service]["volumes"].as_array().unwrap();
        let names = used.iter().map(|volume| volume.as_str().unwrap().split(':').next().unwrap());
        let named: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
        assert_eq!(named.len(), made.len(), "{service}");
        assert!(named.into_iter().all(|name| made.contains(&name.to_owned())), "{service}");
    }
}
