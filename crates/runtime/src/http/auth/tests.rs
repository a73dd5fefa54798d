//! Through a real server: who is let in, and who is told what.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;
use warp::Filter as _;
use warp::http::StatusCode;

use super::*;
use crate::http::openapi::{self, Document, Operation};
use crate::http::server::{self, Routes};
use crate::http::{self, Api, Response};
use crate::shutdown::{StopSender, stop_signal};

struct Running {
    address: SocketAddr,
    folder: TempDir,
    _stop: StopSender,
}

/// A route for each scope, and two that take none.
fn document() -> Document {
    let mut all = vec![
        Operation::plain(Scope::Read, "get", "/mugs", "Mugs"),
        Operation::command(Scope::Write, "post", "/mugs", "A mug"),
        Operation::command(Scope::Price, "put", "/mugs", "What mugs cost"),
        Operation::command(Scope::Operate, "delete", "/mugs", "No mugs"),
        Operation::file("/picture"),
        Operation::plain(Access::OnThisMachine, "get", "/mood", "How it is"),
    ];
    all.extend(openapi::standing());
    Document::new("mugs", "Mugs.", all.to_vec(), &[])
}

/// The method of the route for a scope.
const fn method(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "GET",
        Scope::Write => "POST",
        Scope::Price => "PUT",
        Scope::Operate => "DELETE",
    }
}

fn routes() -> Routes {
    let all = warp::any().and(caller()).map(|caller: Caller| -> Response {
        let name = caller.entry().map(|entry| entry.name.to_string());
        http::json(StatusCode::OK, &name)
    });
    all.boxed()
}

fn line(token: &str, scopes: &str) -> String {
    format!("{} {} {scopes}\n", TokenHash::of(token), token.to_uppercase())
}

impl Running {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines: String =
            Scope::ALL.map(|scope| line(&format!("t-{scope}"), scope.name())).concat();
        fs::write(folder.path().join("tokens"), lines).unwrap();
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let tokens = Some(folder.path().join("tokens"));
        let guard = HttpSettings { tokens, ..HttpSettings::default() }.guard(address).unwrap();
        let api = Api::new(routes(), document()).guarded(guard);
        let (stopper, stop) = stop_signal(Duration::ZERO);
        tokio::spawn(server::serve(listener, api, stop));
        Self { address, folder, _stop: stopper }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    /// Sends what one who holds that token sends, or one who holds none; the status and the answer.
    async fn ask(&self, method: &str, path: &str, token: Option<&str>) -> (u16, String) {
        let line = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        self.send(method, path, &line.unwrap_or_default()).await
    }

    async fn send(&self, method: &str, path: &str, line: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{line}connection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }
}

#[tokio::test]
async fn each_token_does_what_it_is_good_for_and_nothing_else() {
    let running = Running::start().await;
    for asked in Scope::ALL {
        for held in Scope::ALL {
            let token = format!("t-{held}");
            let (status, answer) = running.ask(method(asked), "/mugs", Some(&token)).await;
            let expected = if asked == held { 200 } else { 403 };
            assert_eq!(status, expected, "{asked} with {held}: {answer}");
            if asked == held {
                assert!(answer.ends_with(&format!("\"{}\"", token.to_uppercase())), "{answer}");
                continue;
            }
            assert!(answer.contains("\"type\":\"/problems/missing-scope\""), "{answer}");
            assert!(answer.contains(&format!("with the scope {asked}")), "{answer}");
            let challenge = format!("error=\"insufficient_scope\", scope=\"{asked}\"");
            assert!(answer.contains(&challenge), "{answer}");
        }
    }
}

#[tokio::test]
async fn without_a_token_or_with_a_false_one_nothing_is_done_and_what_to_do_is_told() {
    let running = Running::start().await;
    for scope in Scope::ALL {
        let (status, answer) = running.ask(method(scope), "/mugs", None).await;
        assert_eq!(status, 401, "{scope}");
        assert!(answer.contains("www-authenticate: Bearer realm=\"murmur\"\r\n"), "{answer}");
        assert!(
            answer.contains("\"type\":\"/problems/no-token\"") && answer.contains("operator.token")
        );
        assert!(answer.contains("application/problem+json"), "{answer}");
        let (status, answer) = running.ask(method(scope), "/mugs", Some("t-geheim")).await;
        assert!(status == 401 && answer.contains("error=\"invalid_token\""), "{answer}");
        assert!(!answer.contains("geheim"), "{answer}");
    }
    for wrong in ["Basic dC1yZWFk", "Bearer", "t-read", "Bearer t-read, Bearer t-read"] {
        let line = format!("authorization: {wrong}\r\n");
        assert_eq!(running.send("GET", "/mugs", &line).await.0, 401, "{wrong}");
    }
    let two = "authorization: Bearer t-read\r\n".repeat(2);
    assert_eq!(running.send("GET", "/mugs", &two).await.0, 401);
}

#[tokio::test]
async fn what_everybody_may_know_and_how_it_stands_takes_no_token_on_this_machine() {
    let running = Running::start().await;
    for path in ["/picture", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/mood"] {
        for token in [None, Some("wrong"), Some("t-write")] {
            assert_eq!(running.ask("GET", path, token).await.0, 200, "{path} {token:?}");
        }
    }
    assert_eq!(running.ask("OPTIONS", "/mugs", None).await.0, 204);
    assert_eq!(running.ask("GET", "/nowhere", None).await.0, 404);
    assert_eq!(running.ask("GET", "/status", None).await.0, 401);
}

#[tokio::test]
async fn a_token_that_is_withdrawn_is_of_no_use_and_a_new_one_is_while_it_runs() {
    let running = Running::start().await;
    assert_eq!(running.ask("GET", "/mugs", Some("t-read")).await.0, 200);
    fs::write(running.file(), line("t-new", "read,write")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while running.ask("POST", "/mugs", Some("t-new")).await.0 != 200 {
        assert!(Instant::now() < deadline, "the new token is of no use");
        tokio::task::yield_now().await;
    }
    assert_eq!(running.ask("GET", "/mugs", Some("t-read")).await.0, 401);
}
