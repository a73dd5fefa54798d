//! What HTTP lets every client take for granted, on all processes alike.

use serde_json::json;

use crate::support::{Answer, System, send, wait_until};

/// Sends a body under one precondition.
fn under(system: &System, call: (&str, &str, &str), condition: (&str, &str), body: &str) -> Answer {
    let (process, method, path) = call;
    send(system.port(process), method, path, &[condition], body).unwrap()
}

#[test]
fn a_stale_precondition_changes_nothing_whatever_the_command_is_about() {
    let system = System::start();
    system.stock_up();
    let order = json!({"id": "o-1", "customer_id": "ann", "hand_over_ms": 600_000,
        "lines": [{"sku": "mug", "quantity": 1}]});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
    wait_until("the order waits to be handed over", || system.state_of("o-1") == "prepared");
    let ann = r#"{"name": "Ann", "address": {"country": "France"},
        "credit_limit": {"minor": 200000000, "currency": "GBP"}}"#;
    let mug = r#"{"name": "Large mug", "price": {"minor": 300, "currency": "GBP"}}"#;
    let goods = r#"{"quantity": 1}"#;
    let paid = r#"{"amount": {"minor": 1, "currency": "GBP"}}"#;
    for (process, method, path, command, body) in [
        ("payment", "POST", "/accounts/ann", "/accounts/ann/settle", paid),
        ("customer", "PUT", "/customers/ann", "/customers/ann", ann),
        ("product", "PUT", "/products/mug", "/products/mug", mug),
        ("inventory", "POST", "/stock/mug", "/stock/mug", goods),
        ("order", "POST", "/orders/o-1", "/orders/o-1/cancel", "{}"),
        ("customer", "POST", "/customers/ann", "/customers/ann/close", "{}"),
        ("product", "POST", "/products/mug", "/products/mug/discontinue", "{}"),
    ] {
        let call = (process, method, command);
        let head = || system.get(process, "/status").body["head"].clone();
        let (before, read) = (head(), system.get(process, path));
        let tag = read.header("etag").unwrap().to_owned();
        let weak = format!("W/{tag}");
        for (name, value, status) in [
            ("if-match", "\"stale\"", 412),
            ("if-match", &*weak, 412),
            ("if-none-match", "*", 412),
            ("if-none-match", &tag, 412),
            ("if-match", "unquoted", 400),
            ("if-unmodified-since", "yesterday", 400),
        ] {
            let answer = under(&system, call, (name, value), body);
            assert_eq!(answer.status, status, "{command} {name}: {value}: {answer:?}");
        }
        assert_eq!(head(), before, "{command}");
        if read.header("last-modified").is_some() {
            let since = ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT");
            assert_eq!(under(&system, call, since, body).status, 412, "{command}");
        }
        // Whoever knows the state may change it; and is told how the new one is called.
        let done = under(&system, call, ("if-match", &tag), body);
        assert!([200, 201].contains(&done.status), "{command}: {done:?}");
        if let Some(next) = done.header("etag") {
            assert_eq!(system.get(process, path).header("etag"), Some(next), "{command}");
        }
        assert_eq!(under(&system, call, ("if-match", &tag), body).status, 412, "{command}");
    }
    let again = json!({"id": "ann", "name": "Ann", "address": {"country": "France"},
        "credit_limit": {"minor": 1, "currency": "GBP"}});
    let create = |condition: (&str, &str)| {
        under(&system, ("customer", "POST", "/customers"), condition, &again.to_string()).status
    };
    assert_eq!((create(("if-none-match", "*")), create(("if-match", "\"1\""))), (412, 412));
    let nobody = under(&system, ("customer", "PUT", "/customers/nobody"), ("if-match", "*"), ann);
    assert_eq!(nobody.status, 404, "{nobody:?}");
}
