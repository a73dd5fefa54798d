//! Through a real server: what any client may send.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use warp::Filter as _;

use super::*;
use crate::http::auth::Scope;
use crate::http::openapi::{Document, Operation, PageOf};
use crate::http::server::{self, Routes};
use crate::http::{self, CommandRequest, PageRequest};
use crate::shutdown::{StopSender, stop_signal};

struct Running {
    address: SocketAddr,
    _stop: StopSender,
}

fn routes() -> Routes {
    let mugs = || warp::path("mugs");
    let one = mugs().and(http::id()).and(warp::path::end()).and(warp::get());
    let one = one.map(|id: protocol::Id| http::json(StatusCode::OK, &id));
    let all = warp::path!("mugs").and(warp::get()).and(http::page());
    let all = all.map(|page: PageRequest| http::json(StatusCode::OK, &page.limit));
    let make = warp::path!("mugs").and(warp::post()).and(http::command::<u32>());
    let make = make.map(|_: CommandRequest, n: u32| http::json(StatusCode::CREATED, &n));
    let wash = warp::path!("mugs" / String / "wash").and(warp::post());
    let wash = wash.and(http::bodyless_command());
    let wash = wash.map(|_: String, _: CommandRequest| http::json(StatusCode::OK, &()));
    one.or(all).unify().or(make).unify().or(wash).unify().boxed()
}

impl Running {
    async fn start() -> Self {
        let operations = [
            Operation::get(Scope::Read, "/mugs", "Mugs")
                .paged()
                .answers::<PageOf<u32>>(200, "Mugs"),
            Operation::command(Scope::Write, "post", "/mugs", "A mug").body::<u32>(),
            Operation::get(Scope::Read, "/mugs/{id}", "A mug"),
            Operation::command(Scope::Write, "post", "/mugs/{id}/wash", "Wash a mug"),
        ];
        let names = ["shop.example".parse().unwrap()];
        let api = Api::new(routes(), Document::new("mugs", "Mugs.", operations.to_vec(), &[]))
            .called(&names);
        let api = api.open_to(&[PAGE.parse().unwrap()]);
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stopper, stop) = stop_signal(Duration::ZERO);
        tokio::spawn(server::serve(listener, api, stop));
        Self { address, _stop: stopper }
    }

    /// Sends lines and a body; the status and the whole answer.
    async fn send(&self, lines: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = lines.replace('\n', "\r\n");
        let request = format!("{head}\r\nconnection: close\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.to_ascii_lowercase())
    }

    async fn get(&self, target: &str) -> (u16, String) {
        self.send(&format!("GET {target} HTTP/1.1\nhost: localhost"), "").await
    }

    async fn call(&self, method: &str, path: &str) -> (u16, String) {
        self.send(&format!("{method} {path} HTTP/1.1\nhost: localhost"), "").await
    }

    /// Posts with these headers to a path that takes a number, or to one that takes no body.
    async fn post(&self, path: &str, headers: &str, body: &str) -> u16 {
        let length = body.len();
        let lines =
            format!("POST {path} HTTP/1.1\nhost: localhost\ncontent-length: {length}{headers}");
        self.send(&lines, body).await.0
    }
}

const JSON: &str = "\ncontent-type: application/json";

#[tokio::test]
async fn a_head_is_the_head_of_a_get() {
    let running = Running::start().await;
    for path in
        ["/mugs", "/mugs/red", "/openapi.json", "/docs", "/docs/docs.js", "/livez", "/mugs/-"]
    {
        let (get, head) = (running.call("GET", path).await.1, running.call("HEAD", path).await.1);
        let (whole, body) = get.split_once("\r\n\r\n").unwrap();
        let (alone, nothing) = head.split_once("\r\n\r\n").unwrap();
        let fields = |head: &str| {
            let lines = head.lines().filter(|line| !line.starts_with("date:"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(fields(whole), fields(alone), "{path}");
        assert!(whole.contains(&format!("content-length: {}", body.len())), "{whole}");
        assert_eq!(nothing, "", "{path}");
    }
}

#[tokio::test]
async fn another_method_is_told_which_there_are_and_so_is_who_asks() {
    let running = Running::start().await;
    for (path, allowed) in [
        ("/mugs", "allow: get, head, post, options\r\n"),
        ("/mugs/red", "allow: get, head, options\r\n"),
        ("/mugs/red/wash", "allow: post, options\r\n"),
        ("/docs", "allow: get, head, options\r\n"),
        ("/docs/docs.css", "allow: get, head, options\r\n"),
        ("/openapi.json", "allow: get, head, options\r\n"),
    ] {
        for method in ["DELETE", "PATCH", "TRACE", "BREW"] {
            let (status, answer) = running.call(method, path).await;
            assert_eq!(status, 405, "{method} {path}");
            assert!(answer.contains(allowed), "{method} {path}: {answer}");
        }
        let (status, answer) = running.call("OPTIONS", path).await;
        assert_eq!(status, 204, "{path}");
        assert!(answer.contains(allowed), "{path}: {answer}");
    }
    assert_eq!(running.call("OPTIONS", "*").await.0, 204);
    assert_eq!(running.call("CONNECT", "localhost:80").await.0, 405);
    assert_eq!(running.call("DELETE", "/nowhere").await.0, 404);
}

#[tokio::test]
async fn a_path_has_one_form_and_a_slash_too_much_is_told() {
    let running = Running::start().await;
    let (status, answer) = running.get("/mugs/%72e%64").await;
    assert!(status == 200 && answer.ends_with("\"red\""), "{answer}");
    assert_eq!(running.get(&format!("http://{}/mugs/red", running.address)).await.0, 200);
    for (path, expected) in [
        ("/mugs/%2572ed", 400),
        ("/mugs/r%20d", 400),
        ("/mugs/%zz", 400),
        ("/mugs/%f", 400),
        ("/mugs/%ff", 400),
        ("/mugs%2fred", 404),
        ("/mugs/", 404),
        ("//mugs", 404),
        ("/mugs//wash", 404),
    ] {
        assert_eq!(running.get(path).await.0, expected, "{path}");
    }
    assert!(running.get("/mugs/").await.1.contains("leave out the slash"));
}

#[tokio::test]
async fn a_query_has_no_unknown_and_no_repeated_part() {
    let running = Running::start().await;
    for (query, expected) in [
        ("limit=7", 200),
        ("limit=%37", 200),
        ("%6cimit=7", 200),
        ("&limit=7&", 200),
        ("limt=7", 400),
        ("limit=7&limit=8", 400),
        ("limit=%zz", 400),
        ("limit=%ff", 400),
    ] {
        let (status, answer) = running.get(&format!("/mugs?{query}")).await;
        assert_eq!(status, expected, "{query}: {answer}");
        assert!(status != 200 || answer.ends_with("\r\n\r\n7"), "{query}: {answer}");
    }
    assert!(running.get("/mugs?limt=7").await.1.contains("use limit, cursor"));
    assert_eq!(running.get("/mugs/red?verbose=1").await.0, 400);
    assert_eq!(running.get("/docs/docs.js?v=2").await.0, 200, "a file's version is its page's");
}

#[tokio::test]
async fn a_body_is_json_and_says_so() {
    let running = Running::start().await;
    for (headers, expected) in [
        (JSON, 201),
        ("\ncontent-type: Application/JSON; charset=utf-8", 201),
        ("\ncontent-type: application/mug+json", 201),
        ("", 415),
        ("\ncontent-type: text/plain", 415),
        ("\ncontent-type: application/x-www-form-urlencoded", 415),
        ("\ncontent-type: text/x+json", 415),
        ("\ncontent-type: application/json\ncontent-type: text/plain", 415),
        ("\ncontent-type: application/json\ncontent-encoding: gzip", 415),
        ("\ncontent-type: application/json\ncontent-encoding: identity", 201),
        ("\ncontent-type: application/json\nexpect: 200-ok", 417),
    ] {
        assert_eq!(running.post("/mugs", headers, "7").await, expected, "{headers}");
    }
    for (headers, body, expected) in [
        ("", "", 200),
        (JSON, "", 200),
        (JSON, "{}", 200),
        (JSON, r#"{"hot": true}"#, 400),
        ("\ncontent-type: text/plain", "", 415),
        ("\ncontent-type: text/plain", "{}", 415),
        ("", "{}", 415),
    ] {
        assert_eq!(
            running.post("/mugs/red/wash", headers, body).await,
            expected,
            "{body}{headers}"
        );
    }
}

#[tokio::test]
async fn a_page_of_another_origin_and_a_foreign_name_get_nothing() {
    let running = Running::start().await;
    for headers in
        ["\norigin: http://evil.example", "\norigin: null", "\nsec-fetch-site: cross-site"]
    {
        assert_eq!(running.post("/mugs", &format!("{JSON}{headers}"), "7").await, 403, "{headers}");
        assert_eq!(running.post("/mugs/red/wash", headers, "").await, 403, "{headers}");
        let read = format!("GET /mugs HTTP/1.1\nhost: localhost{headers}");
        let (status, answer) = running.send(&read, "").await;
        assert_eq!(status, 403, "{headers}");
        assert!(!answer.contains("access-control"), "{answer}");
    }
    let own = format!("{JSON}\norigin: http://localhost\nsec-fetch-site: same-origin");
    assert_eq!(running.post("/mugs", &own, "7").await, 201);
    for (host, expected) in [
        ("localhost", 200),
        ("127.0.0.1:80", 200),
        ("Shop.example", 200),
        ("evil.example", 421),
        ("a b", 400),
    ] {
        let (status, _) = running.send(&format!("GET /mugs HTTP/1.1\nhost: {host}"), "").await;
        assert_eq!(status, expected, "{host}");
    }
    assert_eq!(running.send("GET /mugs HTTP/1.1\naccept: */*", "").await.0, 400);
    assert_eq!(running.send("GET /mugs HTTP/1.0\naccept: */*", "").await.0, 200);
}

const PAGE: &str = "http://page.example:8080";

#[tokio::test]
async fn a_page_of_an_origin_that_is_named_may_ask_and_read_and_no_other_may() {
    let running = Running::start().await;
    let lines = |method: &str, origin: &str| {
        format!(
            "{method} /mugs HTTP/1.1\nhost: localhost\norigin: {origin}\nsec-fetch-site: same-site\n\
             access-control-request-method: POST"
        )
    };
    for (method, expected) in [("GET", 200), ("OPTIONS", 204)] {
        let (status, answer) = running.send(&lines(method, PAGE), "").await;
        assert_eq!(status, expected, "{answer}");
        assert!(answer.contains(&format!("access-control-allow-origin: {PAGE}\r\n")), "{answer}");
        assert!(answer.contains("access-control-allow-credentials: true\r\n"), "{answer}");
    }
    let (_, answer) = running.send(&lines("OPTIONS", PAGE), "").await;
    assert!(
        answer.contains("access-control-allow-methods: get, head, post, options\r\n"),
        "{answer}"
    );
    assert!(answer.contains("if-match"), "{answer}");
    let (status, answer) = running.send(&lines("GET", "http://other.example:8080"), "").await;
    assert_eq!(status, 403, "{answer}");
    assert!(!answer.contains("access-control-allow"), "{answer}");
    let (status, answer) = running.get("/nowhere").await;
    assert_eq!((status, answer.contains("vary: origin\r\n")), (404, true), "{answer}");
}
