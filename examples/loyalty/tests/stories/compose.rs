//! What it is started with in containers, beside `compose.yaml`.

use std::collections::BTreeSet;

use clap::CommandFactory as _;
use loyalty::process::Arguments;
use serde_json::Value;

const COMPOSE: &str = include_str!("../../compose.yaml");
const DEPLOYMENT: &str = include_str!("../../deployment.toml");
const OF_THE_SHOP: &str = include_str!("../../../../scripts/containers/deployment.toml");

fn compose() -> Value {
    serde_saphyr::from_str(COMPOSE).unwrap()
}

fn deployment(text: &str) -> toml::Table {
    text.parse().unwrap()
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

#[test]
fn the_auditor_is_told_of_the_shop_and_of_loyalty() {
    let (shop, mut with) = (deployment(OF_THE_SHOP), deployment(DEPLOYMENT));
    assert_eq!(with.remove("newcomers").unwrap().as_array().unwrap().len(), 1);
    for (table, name) in [("databases", "database"), ("seal-keys", "seal")] {
        let path = with[table].as_table_mut().unwrap().remove("loyalty").unwrap();
        let path = path.as_str().unwrap();
        assert!(path.starts_with("/volumes/loyalty") && path.ends_with(name), "{path}");
    }
    // It works in the place of query.
    with.insert("query".into(), shop["query"].clone());
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
