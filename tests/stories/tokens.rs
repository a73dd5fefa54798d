//! Who is let in to a whole system, which `murmur up` closes by itself.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, System, send_bare, wait_until};

const PROCESSES: [&str; 8] =
    ["customer", "product", "order", "inventory", "payment", "shipping", "query", "composer"];

/// Adds a token to those that the system lets in.
fn let_in(system: &System, token: &str, scopes: &str) {
    let digest = Sha256::digest(token);
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = system.folder("tokens");
    let more = format!("{}{hash} shop {scopes}\n", fs::read_to_string(&file).unwrap());
    fs::write(file, more).unwrap();
}

fn withdraw_all_of_the_shop(system: &System) {
    let file = system.folder("tokens");
    let text = fs::read_to_string(&file).unwrap();
    let left: String = text
        .lines()
        .filter(|line| !line.contains(" shop "))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(file, left).unwrap();
}

/// Asks as whoever holds this token.
fn as_holder(system: &System, token: &str, call: (&str, &str, &str), body: &Value) -> Answer {
    let (process, method, path) = call;
    let bearer = format!("Bearer {token}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers =
        [("host", "localhost"), ("content-type", "application/json"), ("authorization", &*bearer)];
    send_bare(system.port(process), method, path, &headers, &body).unwrap()
}

/// Places an order with a key of the client's own.
fn place(system: &System, token: &str, order: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("host", "localhost"),
        ("content-type", "application/json"),
        ("authorization", &*bearer),
        ("idempotency-key", "k-1"),
    ];
    send_bare(system.port("order"), "POST", "/orders", &headers, &order.to_string()).unwrap()
}

/// A key is of no use to who finds it, and goes on to be its holder's under a new token.
fn keys_are_their_callers_own(system: &System, token: &str) {
    let line = json!({"sku": "mug", "quantity": 1});
    let order = json!({"id": "o-9", "customer_id": "ann", "lines": [line]});
    let first = place(system, token, &order);
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None), "{first:?}");
    let found = place(system, &system.token(), &order);
    assert_eq!((found.status, found.problem()), (422, "key-reused"), "{found:?}");
    let_in(system, "renewed", "read,write");
    wait_until("the renewed token is known", || {
        as_holder(system, "renewed", ("order", "GET", "/status"), &Value::Null).status == 200
    });
    for token in [token, "renewed"] {
        let again = place(system, token, &order);
        assert_eq!((again.status, &again.body), (201, &first.body), "{again:?}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{again:?}");
    }
}

fn as_nobody(port: u16, path: &str) -> Answer {
    send_bare(port, "GET", path, &[], "").unwrap()
}

#[test]
fn nobody_is_let_in_without_a_token_and_the_token_stands_nowhere_but_in_its_file() {
    let system = System::start();
    let token = system.token();
    for process in PROCESSES {
        let port = system.port(process);
        let refused = as_nobody(port, "/status");
        assert_eq!((refused.status, refused.problem()), (401, "no-token"), "{process}");
        let challenge = refused.header("www-authenticate");
        assert_eq!(challenge, Some("Bearer realm=\"murmur\""), "{process}");
        for open in ["/livez", "/readyz", "/metrics", "/openapi.json", "/docs"] {
            assert_eq!(as_nobody(port, open).status, 200, "{process} {open}");
        }
        let wrong = as_holder(&system, "wrong-1", (process, "GET", "/status"), &Value::Null);
        assert_eq!((wrong.status, wrong.problem()), (401, "unknown-token"), "{process}");
        assert_eq!(system.get(process, "/status").status, 200, "{process}");
    }
    assert_eq!(as_nobody(system.port("query"), "/").status, 200);
    for secret in ["operator.token", "tokens", "session.key"] {
        let mode = fs::metadata(system.folder(secret)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    let said = system.murmur(&["status"]);
    let page = system.expect(&["page"]);
    assert!(page.contains("/#code=") && !page.contains(&token));
    let mut seen = [said.stdout, said.stderr].concat();
    for log in fs::read_dir(system.folder("logs")).unwrap() {
        seen.extend(fs::read(log.unwrap().path()).unwrap());
    }
    for process in system.status()["processes"].as_array().unwrap() {
        for file in ["cmdline", "environ"] {
            seen.extend(fs::read(format!("/proc/{}/{file}", process["pid"])).unwrap());
        }
    }
    let seen = String::from_utf8_lossy(&seen);
    let secrets = [&*token, "wrong-1", page.trim().rsplit('=').next().unwrap()];
    assert!(secrets.iter().all(|secret| !seen.contains(secret)));
}

#[test]
fn a_shop_places_orders_at_the_prices_of_others_until_its_token_is_withdrawn() {
    let system = System::start();
    system.stock_up();
    let token = "of-the-shop";
    let ask = |process, method, path: &str, body: &Value| {
        as_holder(&system, token, (process, method, path), body)
    };
    let_in(&system, token, "read,write");
    for process in PROCESSES {
        wait_until("the token is known", || {
            ask(process, "GET", "/status", &Value::Null).status == 200
        });
    }
    let line = json!({"sku": "mug", "quantity": 2});
    let order = json!({"id": "o-1", "customer_id": "ann", "lines": [line]});
    let placed = ask("order", "POST", "/orders", &order);
    assert_eq!(placed.status, 201, "{placed:?}");
    let cheap = json!({"sku": "mug", "quantity": 2, "unit_price": {"minor": 1, "currency": "GBP"}});
    let cheap = json!({"id": "o-2", "customer_id": "ann", "lines": [cheap]});
    let mut early = order.clone();
    early["id"] = json!("o-3");
    early["business_date"] = json!("2020-01-01");
    let mug = json!({"name": "Mug", "price": {"minor": 1, "currency": "GBP"}});
    let paid = json!({"amount": {"minor": 1, "currency": "GBP"}});
    for (process, method, path, body, scope) in [
        ("order", "POST", "/orders", &cheap, "price"),
        ("order", "POST", "/orders", &early, "price"),
        ("product", "PUT", "/products/mug", &mug, "price"),
        ("customer", "POST", "/customers/ann/close", &Value::Null, "price"),
        ("payment", "POST", "/accounts/ann/settle", &paid, "operate"),
        ("query", "GET", "/generations", &Value::Null, "operate"),
        ("query", "POST", "/generations", &Value::Null, "operate"),
    ] {
        let refused = ask(process, method, path, body);
        assert_eq!(
            (refused.status, refused.problem()),
            (403, "missing-scope"),
            "{path}: {refused:?}"
        );
        assert_eq!(refused.body["scope"], scope, "{path}");
    }
    assert_eq!(system.post("order", "/orders", &cheap).status, 201, "the operator may");
    keys_are_their_callers_own(&system, token);
    wait_until("the order is completed", || system.state_of("o-1") == "completed");
    wait_until("composer asks all owners as the shop", || {
        let whole = ask("composer", "GET", "/order-details/o-1", &Value::Null);
        whole.status == 200 && whole.body["complete"] == true
    });
    withdraw_all_of_the_shop(&system);
    for process in PROCESSES {
        wait_until("the token is withdrawn", || {
            ask(process, "GET", "/status", &Value::Null).status == 401
        });
    }
    assert_eq!(ask("order", "POST", "/orders/o-1/cancel", &Value::Null).status, 401);
}
