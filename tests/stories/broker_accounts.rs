//! The broker of `murmur up`: who is let in, and that nobody writes into another's stream.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::{Broker, System, wait_until};

const ACCOUNTS: [&str; 6] = ["customer", "product", "order", "inventory", "payment", "shipping"];

fn place(system: &System, id: &str) {
    let lines = json!([{"sku": "mug", "quantity": 1}]);
    let order = json!({"id": id, "customer_id": "ann", "lines": lines});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
    wait_until("the order is completed", || system.state_of(id) == "completed");
}

/// How many messages the stream of order holds.
fn orders_in(operator: &mut Broker) -> u64 {
    let info = operator.ask("JS.ORDER.API.STREAM.INFO.ORDER").unwrap();
    info["state"]["messages"].as_u64().unwrap()
}

fn is_violation(refusals: &[String]) -> bool {
    matches!(refusals, [one] if one.contains("Permissions Violation"))
}

#[test]
fn whoever_brings_no_password_is_not_let_in_and_passwords_are_told_to_nobody() {
    let system = System::start();
    let port = system.port("nats");
    for login in [None, Some(("order", "guessed")), Some(("operator", "")), Some(("root", "x"))] {
        let refused = Broker::connect(port, login).err().unwrap();
        assert!(refused.contains("Authorization Violation"), "{login:?}: {refused}");
    }
    let file = system.folder("broker.keys");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(file).unwrap();
    let secrets: Vec<&str> = text.lines().map(|line| line.split('"').nth(1).unwrap()).collect();
    assert_eq!(secrets.len(), ACCOUNTS.len() + 2);
    let configuration = fs::read_to_string(system.folder("nats.conf")).unwrap();
    let running = fs::read_to_string(system.folder("running.json")).unwrap();
    let said: Value = serde_json::from_str(&running).unwrap();
    let pids = said["pids"].as_object().unwrap().values();
    let lines = pids.map(|pid| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap());
    for text in lines.chain([configuration, running]) {
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
    }
}

#[test]
fn a_service_reads_what_it_has_to_and_writes_into_no_stream_but_its_own() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1");
    let (mut payment, mut operator) = (system.broker_as("payment"), system.broker_as("operator"));
    let before = orders_in(&mut operator);
    // By name, and through the requests that it may not make.
    for subject in [
        "order.placed.evil",
        "customer.changed.ann",
        "order.claim",
        "order.heartbeat",
        // What order waits for the broker to say.
        "_INBOX_order.1",
        "$JS.API.STREAM.INFO.ORDER",
        "$JS.API.STREAM.CREATE.ORDER",
        "$JS.API.STREAM.UPDATE.ORDER",
        "$JS.API.STREAM.DELETE.ORDER",
        "JS.ORDER.API.STREAM.CREATE.ORDER",
        "JS.ORDER.API.STREAM.UPDATE.ORDER",
        "JS.ORDER.API.STREAM.DELETE.ORDER",
        "JS.ORDER.API.STREAM.PURGE.ORDER",
        "JS.ORDER.API.STREAM.MSG.DELETE.ORDER",
        "JS.PRODUCT.API.STREAM.INFO.PRODUCT",
        "JS.SHIPPING.API.CONSUMER.CREATE.SHIPPING",
    ] {
        let refusals = payment.publish(subject, "", "{}");
        assert!(is_violation(&refusals), "{subject}: {refusals:?}");
    }
    let refusals = system.broker_as("order").publish("payment.settled.ann", "", "{}");
    assert!(is_violation(&refusals), "{refusals:?}");
    // Nor does a password of its own let a service edit what it has published.
    for verb in ["PURGE", "MSG.DELETE"] {
        let refusals = payment.publish(&format!("$JS.API.STREAM.{verb}.PAYMENT"), "", "{}");
        assert!(is_violation(&refusals), "{verb}: {refusals:?}");
    }
    for subject in ["order.>", ">", "_INBOX_order.>", "$JS.API.>"] {
        let refusals = payment.subscribe(subject);
        assert!(is_violation(&refusals), "{subject}: {refusals:?}");
    }
    // As the answer to a request that it may make. JetStream takes them in order: once it has answered
    // the last one, it has come to all.
    for request in [
        "$JS.API.STREAM.INFO.PAYMENT",
        "$JS.API.STREAM.MSG.GET.PAYMENT",
        "JS.ORDER.API.STREAM.INFO.ORDER",
        "JS.ORDER.API.STREAM.MSG.GET.ORDER",
        "JS.ORDER.API.CONSUMER.CREATE.ORDER",
    ] {
        payment.publish(request, "order.placed.evil", r#"{"seq":1}"#);
    }
    for last in ["$JS.API.STREAM.INFO.PAYMENT", "JS.ORDER.API.STREAM.INFO.ORDER"] {
        assert!(payment.ask(last).unwrap()["state"]["messages"].as_u64() > Some(0));
    }
    assert_eq!(orders_in(&mut operator), before);
    place(&system, "o-2");
    assert!(system.expect(&["audit"]).contains("the audit is clean"));
}

#[test]
fn the_operator_reads_every_stream_and_writes_only_as_the_owner() {
    let system = System::start();
    system.stock_up();
    let mut operator = system.broker_as("operator");
    for account in ACCOUNTS {
        let stream = account.to_uppercase();
        let info = operator.ask(&format!("JS.{stream}.API.STREAM.INFO.{stream}")).unwrap();
        assert_eq!(info["config"]["name"], stream.as_str());
        for refused in
            [format!("{account}.placed.x"), format!("JS.{stream}.API.STREAM.DELETE.{stream}")]
        {
            let refusals = operator.publish(&refused, "", "{}");
            assert!(is_violation(&refusals), "{refused}: {refusals:?}");
        }
    }
    // Who has taken its password over may do to one stream what its owner may, and to no other.
    let mut inside = system.broker_as("order-operator");
    assert_eq!(inside.ask("$JS.API.STREAM.INFO.ORDER").unwrap()["config"]["name"], "ORDER");
    let other = inside.ask("$JS.API.STREAM.INFO.PAYMENT").unwrap();
    assert_eq!(other["error"]["err_code"], 10_059, "{other}");
}

#[test]
fn a_folder_from_before_accounts_goes_on_without_and_is_closed_by_an_empty_broker() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1");
    system.expect(&["down"]);
    // As it was before: all streams in the account of anybody.
    let (jetstream, keys) = (system.folder("nats/jetstream"), system.folder("broker.keys"));
    let of_anybody = jetstream.join("$G/streams");
    fs::create_dir_all(&of_anybody).unwrap();
    for account in ACCOUNTS.map(str::to_uppercase) {
        for stream in fs::read_dir(jetstream.join(&account).join("streams")).unwrap() {
            let stream = stream.unwrap();
            fs::rename(stream.path(), of_anybody.join(stream.file_name())).unwrap();
        }
        fs::remove_dir_all(jetstream.join(&account)).unwrap();
    }
    fs::remove_file(&keys).unwrap();
    let said = system.up(&[]);
    assert!(said.contains("everybody on this machine can write into the streams"), "{said}");
    assert!(Broker::connect(system.port("nats"), None).is_ok() && !keys.exists());
    place(&system, "o-2");
    // The way that it named.
    system.expect(&["down"]);
    fs::rename(system.folder("nats"), system.folder("nats.before")).unwrap();
    let said = system.up(&[]);
    assert!(!said.contains("everybody"), "{said}");
    assert!(Broker::connect(system.port("nats"), None).is_err());
    place(&system, "o-3");
    system.wait_healed();
    assert!(system.expect(&["audit"]).contains("the audit is clean"));
}

#[test]
fn an_owner_answers_whoever_reads_its_stream_and_no_answer_is_a_way_into_a_stream() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1");
    let (mut query, mut payment) = (system.broker_as("query"), system.broker_as("payment"));
    for owner in ACCOUNTS {
        let end = query.ask(&format!("{owner}.verify")).unwrap();
        assert!(end.as_u64() > Some(0), "{owner}: {end}");
    }
    let mut operator = system.broker_as("operator");
    let before = orders_in(&mut operator);
    // An answer that nobody has asked for comes to nobody, and so does one to what names a subject of events.
    assert!(payment.publish("_R_.order.placed.evil", "order.placed.evil", "{}").is_empty());
    assert!(payment.publish("order.verify", "order.placed.evil", "").is_empty());
    assert!(payment.ask("order.verify").unwrap().is_u64());
    assert_eq!(orders_in(&mut operator), before);
    assert!(
        !fs::read_to_string(system.folder("logs/nats.log")).unwrap().contains("Subject \"_R_.")
    );
}
