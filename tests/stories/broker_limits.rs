//! The bounds of the broker's accounts: whoever goes beyond its own is refused, and the others go on.

use serde_json::{Value, json};

use crate::support::{Broker, System, wait_until};

/// More than any bound that an account has.
const TRIES: u32 = 2_000;

/// What is still refused of a request to JetStream, and after how many that were not. Each of them asks for
/// a thing of another name.
fn taken_before_refusal(
    broker: &mut Broker,
    subject: &str,
    body: impl Fn(u32) -> Value,
) -> (u32, Value) {
    let refused = (0..TRIES).find_map(|nth| {
        let subject = subject.replace("NTH", &nth.to_string());
        let answer = broker.ask_with(&subject, &body(nth).to_string()).unwrap();
        let code = answer["error"]["err_code"].clone();
        (!code.is_null()).then_some((nth, code))
    });
    refused.unwrap()
}

fn place(system: &System, id: &str) -> String {
    let lines = json!([{"sku": "mug", "quantity": 1}]);
    let order = json!({"id": id, "customer_id": "ann", "lines": lines});
    let placed = system.post("order", "/orders", &order);
    assert_eq!(placed.status, 201, "{placed:?}");
    placed.header("murmur-durability").unwrap().to_owned()
}

fn is_completed(system: &System, id: &str) {
    wait_until("the order is completed", || system.state_of(id) == "completed");
}

#[test]
fn an_account_that_goes_beyond_its_bounds_is_refused_and_the_others_go_on() {
    let system = System::start();
    system.stock_up();
    let (mut order, mut inside) = (system.broker_as("order"), system.broker_as("order-operator"));
    let consumer = |_| {
        let config = json!({"ack_policy": "none", "inactive_threshold": 20_000_000_000_u64, "mem_storage": true});
        json!({"stream_name": "ORDER", "config": config})
    };
    let (made, code) = taken_before_refusal(&mut order, "$JS.API.CONSUMER.CREATE.ORDER", consumer);
    assert!((900..1_000).contains(&made) && code == 10_026, "{made} consumers, then {code}");
    let stream = |nth| json!({"name": format!("X{nth}"), "subjects": [format!("x.{nth}")]});
    let (made, code) = taken_before_refusal(&mut inside, "$JS.API.STREAM.CREATE.XNTH", stream);
    assert_eq!((made, code), (3, json!(10_027)), "beside its events");

    let subscribed = (0..TRIES).find_map(|nth| {
        order.subscribe(&format!("_INBOX_order.x{nth}")).into_iter().next().map(|said| (nth, said))
    });
    let (made, said) = subscribed.unwrap();
    assert!(
        made <= 256 && said.to_lowercase().contains("maximum subscriptions exceeded"),
        "{made}: {said}"
    );
    let mut reader = system.broker_as("query");
    let said = reader.announce("JS.ORDER.API.STREAM.INFO.ORDER", (64 << 10) + 1);
    assert!(said.contains("Maximum Payload Violation"), "{said}");

    let mut held = Vec::new();
    let refused = loop {
        match system.try_broker_as("order") {
            Ok(broker) => held.push(broker),
            Err(said) => break said,
        }
        assert!(held.len() < 64, "as many as nobody needs");
    };
    assert!(refused.contains("maximum account active connections exceeded"), "{refused}");
    assert!(system.try_broker_as("payment").is_ok());
    assert_eq!(place(&system, "o-1"), "replicated");
    is_completed(&system, "o-1");
    // Who comes anew to read this stream, as the audit does, has to wait until the account has room again.
    wait_until("nobody's consumers are gone", || {
        let info = inside.ask("$JS.API.STREAM.INFO.ORDER").unwrap();
        info["state"]["consumer_count"].as_u64() < Some(100)
    });
    assert!(system.expect(&["audit"]).contains("the audit is clean"));
}
