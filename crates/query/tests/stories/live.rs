//! The live page's own routes: what it is sent, and its files.

use std::time::Duration;

use query::live;
use query::live::seats::{LISTENERS_EACH_MAX, LISTENERS_MAX};
use query::live::update::Source;
use query::page;
use query::processes::observed::Observed;
use query::reader::Reader;
use runtime::http::server;
use runtime::shutdown::{StopSender, stop_signal};
use runtime::warp::Filter as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::history::History;
use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::rest_client::get;
use crate::stage::{Running, SOON, add_orders, clock, project, shop};

struct Stage {
    streams: Streams,
    running: Running,
    address: String,
    stopper: StopSender,
    serving: JoinHandle<()>,
    redis: RedisServer,
}

impl Stage {
    async fn start() -> Self {
        Self::over(shop(3)).await
    }

    async fn over(history: History) -> Self {
        let redis = RedisServer::start().await;
        let streams = Streams::new(history);
        let mut running = project(redis.client(), &streams);
        running.until_folded(&streams).await;
        let reader = Reader::new(&redis.reader(), running.standing.clone()).unwrap();
        let (stopper, stop) = stop_signal(Duration::from_secs(600));
        let (_, observed) = watch::channel(Observed::default());
        let stuck_after = Duration::from_secs(30);
        let source = Source { reader, observed, stuck_after, clock, fresh_at: None };
        let live = live::routes(source, running.standing.clone(), stop.clone());
        let routes = live.or(page::routes(Vec::new())).unify().boxed();
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        // Far longer than a test: what holds up the stop is noticed.
        let serving = tokio::spawn(server::serve(listener, routes, stop));
        Self { streams, running, address, stopper, serving, redis }
    }

    async fn listen(&self) -> Listening {
        self.listen_from(1).await
    }

    /// Listens from 127.0.0.N.
    async fn listen_from(&self, nth: u8) -> Listening {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, nth], 0).into()).unwrap();
        let mut stream: TcpStream = socket.connect(self.address.parse().unwrap()).await.unwrap();
        let request = "GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        Listening(BufReader::new(stream))
    }
}

/// A page that listens.
struct Listening(BufReader<TcpStream>);

impl Listening {
    /// The next line that begins so; none when the stream has ended.
    async fn line(&mut self, begin: &str) -> Option<String> {
        let found = async {
            let mut line = String::new();
            while self.0.read_line(&mut line).await.unwrap() > 0 {
                if let Some(rest) = line.strip_prefix(begin) {
                    return Some(rest.trim().to_owned());
                }
                line.clear();
            }
            None
        };
        timeout(SOON, found).await.unwrap()
    }

    async fn sections(&mut self) -> Option<Value> {
        let data = self.line("data:").await?;
        Some(serde_json::from_str(&data).unwrap())
    }

    async fn until(&mut self, reached: impl Fn(&Value) -> bool) -> Value {
        loop {
            let sections = self.sections().await.unwrap();
            if reached(&sections) {
                return sections;
            }
        }
    }
}

#[tokio::test]
async fn a_listener_is_sent_everything_and_then_what_has_changed() {
    let mut stage = Stage::start().await;
    let mut page = stage.listen().await;
    assert_eq!(page.line("HTTP/1.1 ").await.as_deref(), Some("200 OK"));
    let all = page.sections().await.unwrap();
    assert_eq!(all["orders"]["placed"], 3);
    assert_eq!(all["newest"].as_array().unwrap().len(), 3);
    assert_eq!(all["newest"][0]["order_id"], "o-2");
    assert_eq!(all["problem"], Value::Null);
    stage.streams.change(|history| add_orders(history, 3, 4));
    stage.running.until_folded(&stage.streams).await;
    let news = page.until(|sections| sections["orders"]["placed"] == 4).await;
    assert_eq!(news["newest"][0]["order_id"], "o-3");
    assert!(news.get("products").is_none(), "no product was listed: {news}");
}

#[tokio::test]
async fn a_listener_is_told_that_the_read_model_cannot_be_read() {
    let mut stage = Stage::start().await;
    let mut page = stage.listen().await;
    page.until(|sections| sections["orders"]["placed"] == 3).await;
    stage.redis.kill();
    let news = page.until(|sections| !sections["problem"].is_null()).await;
    assert_eq!(news["problem"]["type"], "/problems/redis-away");
    assert!(news.get("orders").is_none(), "the figures stay: {news}");
}

#[tokio::test]
async fn sums_that_no_64_bits_hold_are_told_digit_by_digit() {
    let mut history = shop(0);
    for nth in 0..3 {
        history.decline_one(&format!("o-{nth}"), 9_000_000_000_000_000_000);
    }
    let stage = Stage::over(history).await;
    let mut page = stage.listen().await;
    let line = page.line("data:").await.unwrap();
    assert!(line.contains(r#""problem":null"#), "{line}");
    let orders = r#""value":[{"minor":27000000000000000000,"currency":"GBP"}]"#;
    assert_eq!(line.matches(orders).count(), 2, "all orders, and their day: {line}");
}

#[tokio::test]
async fn one_record_that_cannot_be_read_keeps_only_its_own_section_from_being_told() {
    let mut stage = Stage::start().await;
    let generation: String = stage.redis.run(&["GET", query::keys::POINTER]).await;
    let key = format!("{{query}}:{generation}:order:ORDER:o-0");
    let () = stage.redis.run(&["SET", &key, "nonsense"]).await;
    let mut page = stage.listen().await;
    let all = page.sections().await.unwrap();
    assert!(!all["problem"].is_null() && all.get("newest").is_none(), "{all}");
    assert_eq!((&all["orders"]["placed"], &all["backlog"]["in_flight"]), (&3.into(), &0.into()));
    stage.running.end();
}

#[tokio::test]
async fn a_page_that_listens_does_not_hold_up_the_stop() {
    let stage = Stage::start().await;
    let mut page = stage.listen().await;
    page.sections().await.unwrap();
    stage.stopper.stop("the test");
    while page.sections().await.is_some() {}
    timeout(SOON, stage.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn no_more_may_listen_than_there_are_seats() {
    let stage = Stage::start().await;
    let mut pages = Vec::new();
    for nth in 0..LISTENERS_MAX {
        let client = u8::try_from(nth / LISTENERS_EACH_MAX).unwrap() + 1;
        let mut page = stage.listen_from(client).await;
        assert_eq!(page.line("HTTP/1.1 ").await.as_deref(), Some("200 OK"));
        pages.push(page);
    }
    let refused = get(&stage.address, "/live", &[]).await;
    assert_eq!(
        (refused.status, &refused.body["type"]),
        (503, &"/problems/too-many-listeners".into())
    );
    let mut other = stage.listen_from(99).await;
    assert_eq!(other.line("HTTP/1.1 ").await.as_deref(), Some("503 Service Unavailable"));
    pages.pop();
    let seated = async {
        loop {
            let mut page = stage.listen_from(99).await;
            if page.line("HTTP/1.1 ").await.as_deref() == Some("200 OK") {
                return;
            }
        }
    };
    timeout(SOON, seated).await.unwrap();
}

#[tokio::test]
async fn one_client_leaves_seats_to_others() {
    let stage = Stage::start().await;
    let mut pages = Vec::new();
    for _ in 0..LISTENERS_EACH_MAX {
        let mut page = stage.listen().await;
        assert_eq!(page.line("HTTP/1.1 ").await.as_deref(), Some("200 OK"));
        pages.push(page);
    }
    let refused = get(&stage.address, "/live", &[]).await;
    assert_eq!(
        (refused.status, &refused.body["type"]),
        (503, &"/problems/too-many-listeners".into())
    );
    assert!(refused.body["detail"].as_str().unwrap().contains("of one client"), "{refused:?}");
    let mut other = stage.listen_from(2).await;
    assert_eq!(other.line("HTTP/1.1 ").await.as_deref(), Some("200 OK"));
}

#[tokio::test]
async fn the_page_and_its_files_are_served_with_a_policy_and_a_tag() {
    let stage = Stage::start().await;
    let page = get(&stage.address, "/", &[]).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for file in page::files::FILES {
        let path = format!("/page/{}", file.path);
        let tag = query::page::files::tag(file.bytes);
        let held = [("if-none-match", tag.to_str().unwrap())];
        assert_eq!(get(&stage.address, &path, &held).await.status, 304, "{path}");
    }
    for named in page.text.split('"').filter(|text| text.starts_with("/page/")) {
        let found = page::files::FILES.iter().any(|file| named == format!("/page/{}", file.path));
        assert!(found, "{named} is not served");
    }
    assert_eq!(get(&stage.address, "/page/nothing.js", &[]).await.status, 404);
    let choreography = get(&stage.address, "/choreography", &[]).await.body;
    assert_eq!(choreography["start"], "order.placed");
}

#[tokio::test]
async fn the_documents_of_the_contract_are_served() {
    let stage = Stage::start().await;
    let all = contract_docs::documents(&contracts::choreography::MURMURATION);
    for document in &all {
        let path = format!("/contract/{}", document.path);
        let served = get(&stage.address, &path, &[]).await;
        assert_eq!((served.status, served.text == document.text), (200, true), "{path}");
        assert_eq!(served.header("content-type"), Some(document.media_type()), "{path}");
        let tag = served.header("etag").unwrap().to_owned();
        let held = [("if-none-match", tag.as_str())];
        assert_eq!(get(&stage.address, &path, &held).await.status, 304, "{path}");
    }
    let list = get(&stage.address, "/contract", &[]).await;
    assert!(list.text.contains("asyncapi.json"), "{}", list.text);
    assert_eq!(get(&stage.address, "/contract/nothing.md", &[]).await.status, 404);
}
