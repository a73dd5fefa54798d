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

const PROCESSES: [&str; 8] =
    ["customer", "product", "order", "inventory", "payment", "shipping", "query", "composer"];

/// What is on each process, and in no document.
const EVERYWHERE: [&str; 3] = ["/docs", "/docs/docs.js", "/docs/vendor/swagger-ui.css"];

/// What is on the query process, and in no document.
const OF_THE_PAGE: [&str; 4] = ["/", "/page/js/main.js", "/contract", "/contract/asyncapi.json"];

#[test]
fn every_path_of_every_process_is_treated_alike() {
    let system = System::start();
    system.stock_up();
    for process in PROCESSES {
        let port = system.port(process);
        let document = system.get(process, "/openapi.json").body;
        for (template, methods) in document["paths"].as_object().unwrap() {
            let path =
                template.split('/').map(|part| if part.starts_with('{') { "mug" } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            let methods: Vec<String> =
                methods.as_object().unwrap().keys().map(|name| name.to_uppercase()).collect();
            walk(port, &path, &methods);
            for method in &methods {
                let odd = format!("{path}?surprise=1");
                let answer = send(port, method, &odd, &[], "{}").unwrap();
                assert_eq!((answer.status, answer.problem()), (400, "bad-query"), "{method} {odd}");
            }
        }
        for path in EVERYWHERE {
            walk(port, path, &["GET".to_owned()]);
        }
        let slash = send(port, "GET", "/status/", &[], "").unwrap();
        assert_eq!(slash.status, 404, "{process}");
    }
    let port = system.port("query");
    for path in OF_THE_PAGE {
        walk(port, path, &["GET".to_owned()]);
    }
}

/// Asks all that no path may treat differently.
fn walk(port: u16, path: &str, methods: &[String]) {
    let ask = |method: &str, headers: &[(&str, &str)]| {
        let body = if ["GET", "HEAD"].contains(&method) { "" } else { "{}" };
        send(port, method, path, headers, body).unwrap()
    };
    if methods.iter().any(|method| method == "GET") {
        let head = ask("HEAD", &[]);
        // Nobody waits for the end of a stream.
        if path != "/live" {
            let get = ask("GET", &[]);
            assert_eq!(get.status, head.status, "{path}");
            assert_eq!(get.header("content-type"), head.header("content-type"), "{path}");
        }
        assert!(head.body.is_null(), "{path}: {head:?}");
    }
    let (other, asked) = (ask("PATCH", &[]), ask("OPTIONS", &[]));
    assert_eq!((other.status, asked.status), (405, 204), "{path}");
    let allowed: Vec<&str> = other.header("allow").unwrap().split(", ").collect();
    assert_eq!(asked.header("allow"), other.header("allow"), "{path}");
    assert!(methods.iter().all(|method| allowed.contains(&&**method)), "{path}: {allowed:?}");
    for method in methods {
        let of_another_page = ask(method, &[("origin", "http://evil.example")]);
        let (status, problem) = (of_another_page.status, of_another_page.problem());
        assert_eq!((status, problem), (403, "cross-site"), "{method} {path}");
        let rebound = ask(method, &[("host", "evil.example")]);
        assert_eq!(rebound.status, 421, "{method} {path}");
        if method != "GET" {
            let untyped = ask(method, &[("content-type", "text/plain")]);
            assert_eq!(untyped.status, 415, "{method} {path}");
        }
    }
}
