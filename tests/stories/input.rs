//! Bad input: one clear problem each, and nothing is written.

use serde_json::{Value, json};

use crate::support::{Answer, System};

fn order(id: &str, quantity: &Value) -> Value {
    json!({"id": id, "customer_id": "ann", "lines": [{"sku": "mug", "quantity": quantity}]})
}

fn refused(answer: &Answer, status: u16, problem: &str) {
    assert_eq!((answer.status, answer.problem()), (status, problem), "{answer:?}");
    let kind = answer.header("content-type");
    assert_eq!(kind, Some("application/problem+json"));
}

#[test]
fn bad_orders_are_refused_and_nothing_is_written() {
    let system = System::start();
    system.stock_up();
    let head = || system.get("order", "/status").body["head"].clone();
    let before = head();
    let place = |body: &Value| system.post("order", "/orders", body);
    for quantity in [json!(-1), json!(1.5), json!(99_999_999_999_u64), json!("2")] {
        let answer = place(&order("o-1", &quantity));
        assert!([400, 422].contains(&answer.status), "{quantity}: {answer:?}");
    }
    let nothing = place(&order("o-1", &json!(0)));
    assert!([400, 422].contains(&nothing.status), "{nothing:?}");
    let mut unknown = order("o-1", &json!(1));
    unknown["lines"][0]["sku"] = json!("no-such-thing");
    refused(&place(&unknown), 422, "unknown-product");
    unknown["customer_id"] = json!("nobody");
    refused(&place(&unknown), 422, "unknown-customer");
    assert_eq!(place(&order("no.token", &json!(1))).status, 400);
    let mut odd = order("o-1", &json!(1));
    odd["surprise"] = json!(true);
    assert_eq!(place(&odd).status, 400);
    let huge = json!({"id": "x".repeat(600_000)});
    assert_eq!(place(&huge).status, 413);
    assert_eq!(system.get("order", "/orders/no-such-order").status, 404);
    assert_eq!(head(), before);
}

#[test]
fn a_key_stands_for_one_request() {
    let system = System::start();
    system.stock_up();
    let send = |body: &Value| {
        let key = [("idempotency-key", "k-1")];
        system.post_with("order", "/orders", &key, body)
    };
    let first = send(&order("o-1", &json!(1)));
    let again = send(&order("o-1", &json!(1)));
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(send(&order("o-2", &json!(1))).status, 422);
}
