//! What a developer finds: examples that succeed as they are sent, problems that explain themselves, one page
//! for all APIs, and answers in fewer bytes.

use serde_json::{Value, json};

use crate::support::{Answer, System, send, wait_until};

const PROCESSES: [&str; 8] =
    ["customer", "product", "order", "inventory", "payment", "shipping", "query", "composer"];

/// What the examples are about, besides Ann and her mugs: the same as `scripts/example-data` sends.
fn send_example_data(system: &System) {
    system.stock_up();
    let bob = json!({"id": "bob", "name": "Bob", "address": {"country": "Ireland"},
        "credit_limit": {"minor": 500_000, "currency": "GBP"}});
    let jug = json!({"sku": "jug", "name": "Jug", "price": {"minor": 900, "currency": "GBP"}});
    let order = |id: &str, hand_over_ms: u32| {
        json!({"id": id, "customer_id": "ann", "hand_over_ms": hand_over_ms,
            "lines": [{"sku": "mug", "quantity": 2}]})
    };
    for (process, path, body) in [
        ("customer", "/customers", bob),
        ("product", "/products", jug),
        ("order", "/orders", order("o-1", 0)),
        ("order", "/orders", order("o-2", 3_600_000)),
    ] {
        assert_eq!(system.post(process, path, &body).status, 201, "{path}");
    }
    wait_until("the first order is completed", || system.state_of("o-1") == "completed");
    assert_eq!(system.post("order", "/orders/o-2/cancel", &json!({})).status, 200);
    wait_until("both are in the read model", || {
        system.get("query", "/orders/o-1").status == 200
            && system.get("query", "/orders/o-2").status == 200
    });
}

/// The path of an operation's example; none if it has no example of something that it needs.
fn example_of(template: &str, operation: &Value) -> Option<(String, String)> {
    let (mut path, mut query) = (template.to_owned(), Vec::new());
    for parameter in operation["parameters"].as_array().unwrap() {
        let name = parameter["name"].as_str().unwrap();
        let example = parameter["example"].as_str();
        match parameter["in"].as_str().unwrap() {
            "path" => path = path.replace(&format!("{{{name}}}"), example?),
            "query" if parameter["required"] == true => query.push(format!("{name}={}", example?)),
            _ => {}
        }
    }
    let body = match operation.get("requestBody") {
        Some(body) => body["content"]["application/json"].get("example")?.to_string(),
        None => String::new(),
    };
    let path = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    Some((path, body))
}

#[test]
fn every_example_succeeds_as_it_is_sent() {
    let system = System::start();
    send_example_data(&system);
    let mut left_out = Vec::new();
    for process in PROCESSES {
        let document = system.get(process, "/openapi.json").body;
        for (template, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let name = format!("{process} {method} {template}");
                // Nobody waits for the end of a stream.
                let example = example_of(template, operation).filter(|_| template != "/live");
                let Some((path, body)) = example else {
                    left_out.push(name);
                    continue;
                };
                let method = method.to_uppercase();
                let answer = send(system.port(process), &method, &path, &[], &body).unwrap();
                assert!((200..300).contains(&answer.status), "{name}: {path} {body}: {answer:?}");
            }
        }
    }
    // What takes the name of something that only a running system knows, and what has no end.
    left_out.retain(|name| !name.ends_with("/problems/{slug}"));
    assert_eq!(
        left_out,
        [
            "query delete /generations/{id}",
            "query post /generations/{id}/activate",
            "query get /generations/{id}/comparison",
            "query get /live",
            "query get /parked/{stream}/{sequence}",
            "query post /parked/{stream}/{sequence}/drop",
            "query post /session/by-code",
        ]
    );
}

#[test]
fn the_type_of_a_problem_is_the_address_of_its_explanation() {
    let system = System::start();
    for (process, path) in [
        ("order", "/orders/nothing"),
        ("order", "/orders?state=odd"),
        ("customer", "/nowhere"),
        ("query", "/reports/sales"),
        ("composer", "/customers/nobody/overview?cursor=zz"),
    ] {
        let problem = system.get(process, path);
        let url = problem.body["type"].as_str().unwrap();
        let explained = system.get(process, url);
        assert_eq!(explained.status, 200, "{path}: {url}");
        assert_eq!(explained.body["title"], problem.body["title"], "{path}");
        let statuses = explained.body["statuses"].as_array().unwrap();
        assert!(statuses.contains(&problem.status.into()), "{path}: {explained:?}");
        // Whoever has no token may read why it has none.
        let page = [("accept", "text/html"), ("authorization", "none")];
        let page = send(system.port(process), "GET", url, &page, "").unwrap();
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{url}");
    }
    for process in PROCESSES {
        let (all, document) =
            (system.get(process, "/problems"), system.get(process, "/openapi.json"));
        assert!(all.body.as_array().unwrap().len() > 30, "{process}");
        assert_eq!(document.body["externalDocs"]["url"], "/problems", "{process}");
    }
}

#[test]
fn one_page_shows_the_apis_of_all_processes() {
    let system = System::start();
    let apis = system.get("query", "/docs/apis").body;
    let apis = apis.as_array().unwrap();
    let mut names: Vec<&str> = apis.iter().map(|api| api["name"].as_str().unwrap()).collect();
    assert_eq!(names.remove(0), "query");
    names.sort_unstable();
    let mut others: Vec<&str> = PROCESSES.into_iter().filter(|name| *name != "query").collect();
    others.sort_unstable();
    assert_eq!(names, others);
    let page = system.get("query", "/docs");
    let policy = page.header("content-security-policy").unwrap();
    let origin = format!("http://localhost:{}", system.port("query"));
    for api in &apis[1..] {
        let there = api["origin"].as_str().unwrap();
        assert!(policy.contains(there), "{policy}");
        let port = there.rsplit_once(':').unwrap().1.parse().unwrap();
        let asked = [("origin", origin.as_str()), ("sec-fetch-site", "same-site")];
        let document = send(port, "GET", "/openapi.json", &asked, "").unwrap();
        assert_eq!(document.body["info"]["title"], api["name"]);
        assert_eq!(document.header("access-control-allow-origin"), Some(&*origin), "{there}");
    }
}

#[test]
fn an_answer_is_compressed_for_who_takes_it_and_either_tag_guards_a_change() {
    let system = System::start();
    system.stock_up();
    let gzip = [("accept-encoding", "gzip")];
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| -> Answer {
        send(system.port("customer"), method, path, headers, "").unwrap()
    };
    let (plain, head) = (ask("GET", "/openapi.json", &[]), ask("HEAD", "/openapi.json", &gzip));
    assert_eq!(
        (plain.header("content-encoding"), head.header("content-encoding")),
        (None, Some("gzip"))
    );
    assert_eq!(
        (plain.header("vary"), head.header("vary")),
        (Some("accept-encoding"), Some("accept-encoding"))
    );
    let length = |answer: &Answer| answer.header("content-length").unwrap().parse::<u64>().unwrap();
    assert!(length(&head) * 4 < length(&plain), "{head:?}");
    // What a browser has got compressed names the same state.
    let tag = ask("GET", "/customers/ann", &[]).header("etag").unwrap().to_owned();
    let compressed = format!("{}-gzip\"", tag.trim_end_matches('"'));
    let held = [("accept-encoding", "gzip"), ("if-none-match", &*compressed)];
    assert_eq!(ask("GET", "/customers/ann", &held).status, 304);
    let ann = r#"{"name": "Ann", "address": {"country": "France"},
        "credit_limit": {"minor": 200000000, "currency": "GBP"}}"#;
    let change = |tag: &str| {
        send(system.port("customer"), "PUT", "/customers/ann", &[("if-match", tag)], ann)
            .unwrap()
            .status
    };
    assert_eq!((change("\"0-gzip\""), change(&compressed), change(&compressed)), (412, 200, 412));
}
