//! How a browser signs in, at a real server.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use query::session;
use runtime::http::auth::{HttpSettings, Sessions, TokenHash, caller};
use runtime::http::openapi::{Document, Operation};
use runtime::http::{Api, Caller, Scope, StatusCode, json, server};
use runtime::shutdown::{StopSender, stop_signal};
use runtime::warp::Filter as _;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

struct Stage {
    address: String,
    folder: TempDir,
    _stop: StopSender,
}

/// What came back.
struct Answer {
    status: u16,
    text: String,
}

impl Stage {
    /// One that lets the token `abc` in, to read.
    async fn start() -> Self {
        Self::over(tempfile::tempdir().unwrap()).await
    }

    async fn over(folder: TempDir) -> Self {
        let (tokens, key) = (folder.path().join("tokens"), folder.path().join("key"));
        fs::write(&tokens, format!("{} ann read\n", TokenHash::of("abc"))).unwrap();
        fs::write(&key, "k".repeat(40)).unwrap();
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let settings = HttpSettings { tokens: Some(tokens), ..HttpSettings::default() };
        let sessions = Arc::new(Sessions::load(Some(&key)).unwrap());
        let guard = settings.guard(address).unwrap().with_sessions(sessions);
        let shown = runtime::warp::path!("orders").and(runtime::warp::get()).and(caller());
        let shown = shown.map(|caller: Caller| {
            json(StatusCode::OK, &caller.entry().map(|entry| entry.name.to_string()))
        });
        let operations = [
            Operation::plain(Scope::Read, "get", "/orders", "Orders"),
            Operation::plain(Scope::Read, "get", "/session", "x"),
            Operation::plain(Scope::Read, "post", "/session", "x"),
            Operation::plain(runtime::http::auth::Access::Anybody, "post", "/session/by-code", "x"),
            Operation::plain(Scope::Read, "post", "/session/codes", "x"),
        ];
        let api =
            Api::new(shown.boxed(), Document::new("orders", "Orders.", operations.to_vec(), &[]));
        let api = api.with(session::routes(guard.clone())).guarded(guard);
        let (stopper, stop) = stop_signal(Duration::ZERO);
        tokio::spawn(server::serve(listener, api, stop));
        Self { address: address.to_string(), folder, _stop: stopper }
    }

    async fn send(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let (address, length) = (&self.address, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             connection: close\r\ncontent-length: {length}\r\n{lines}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        Answer { status: text.split(' ').nth(1).unwrap().parse().unwrap(), text }
    }

    async fn new_code(&self) -> String {
        let answer = self.send("POST", "/session/codes", &[BEARER], "").await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let body: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
        body["code"].as_str().unwrap().to_owned()
    }

    async fn sign_in_by(&self, code: &str) -> Answer {
        self.send("POST", "/session/by-code", &[], &format!("{{\"code\":\"{code}\"}}")).await
    }

    async fn reads(&self, cookie: &str) -> u16 {
        self.send("GET", "/orders", &[&format!("cookie: {cookie}")], "").await.status
    }
}

impl Answer {
    fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").unwrap().1
    }

    /// What a browser keeps, and what it is told about it.
    fn cookie(&self) -> (&str, &str) {
        let line = self.text.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        line.unwrap().split_once("; ").unwrap()
    }
}

const BEARER: &str = "authorization: Bearer abc";

#[tokio::test]
async fn a_token_signs_a_browser_in_which_never_sees_it_again() {
    let stage = Stage::start().await;
    assert_eq!(stage.send("GET", "/session", &[], "").await.status, 401);
    assert_eq!(stage.send("POST", "/session", &[], "{}").await.status, 401);
    let wrong = stage.send("POST", "/session", &["authorization: Bearer abd"], "{}").await;
    assert!(wrong.status == 401 && !wrong.text.contains("set-cookie"), "{}", wrong.text);
    let signed_in = stage.send("POST", "/session", &[BEARER], "{}").await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text);
    assert_eq!(signed_in.body(), r#"{"name":"ann","scopes":["read"]}"#);
    let (cookie, about) = signed_in.cookie();
    assert_eq!(about, "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
    assert!(!cookie.contains("abc"));
    assert_eq!(stage.reads(cookie).await, 200);
    assert_eq!(stage.reads("murmur-session=abc").await, 401);
    let shown = stage.send("GET", "/session", &[&format!("cookie: {cookie}")], "").await;
    assert_eq!(shown.body(), r#"{"name":"ann","scopes":["read"]}"#);
    let over_tls = format!("origin: https://{}", stage.address);
    let signed_in = stage.send("POST", "/session", &[BEARER, &over_tls], "{}").await;
    assert!(signed_in.cookie().1.ends_with("; Secure"), "{}", signed_in.text);
}

#[tokio::test]
async fn a_code_signs_one_browser_in_once_and_only_who_has_a_token_gets_one() {
    let stage = Stage::start().await;
    assert_eq!(stage.send("POST", "/session/codes", &[], "").await.status, 401);
    let code = stage.new_code().await;
    let signed_in = stage.sign_in_by(&code).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text);
    assert_eq!(stage.reads(signed_in.cookie().0).await, 200);
    for used in [&*code, "", "other"] {
        let again = stage.sign_in_by(used).await;
        assert_eq!(again.status, 403, "{}", again.text);
        assert!(again.text.contains("unknown-code") && again.text.contains("`murmur page`"));
        assert!(!again.text.contains("set-cookie"), "{}", again.text);
    }
    let evil = stage.new_code().await;
    let body = format!("{{\"code\":\"{evil}\"}}");
    let from_elsewhere = ["origin: http://evil.example"];
    let refused = stage.send("POST", "/session/by-code", &from_elsewhere, &body).await;
    assert!(refused.status == 403 && refused.text.contains("cross-site"), "{}", refused.text);
}

#[tokio::test]
async fn a_session_ends_with_its_token_and_not_with_the_process() {
    let stage = Stage::start().await;
    let signed_in = stage.send("POST", "/session", &[BEARER], "{}").await;
    let cookie = signed_in.cookie().0.to_owned();
    let Stage { folder, address, .. } = stage;
    let next = Stage::over(folder).await;
    // The port is part of the name, and is another one here.
    let renamed = cookie.replace(port_of(&address), port_of(&next.address));
    assert_eq!(next.reads(&renamed).await, 200);
    fs::write(next.folder.path().join("tokens"), "").unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while next.reads(&renamed).await != 401 {
        assert!(tokio::time::Instant::now() < deadline, "the session outlives its token");
        tokio::task::yield_now().await;
    }
}

fn port_of(address: &str) -> &str {
    address.rsplit(':').next().unwrap()
}
