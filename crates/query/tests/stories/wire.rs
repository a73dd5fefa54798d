//! Every route's answers as they go over the wire, held against `wire.txt`: status, headers and body, byte
//! for byte, from memory and without the cache. The clocks stand still, so that nothing else moves.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use contracts::service;
use protocol::Timestamp;
use query::cache::Cache;
use query::http::operations::document;
use query::projector::Projector;
use query::reader::Reader;
use query::search::{STREAMS, Search, follower};
use query::sources::feed::Feed;
use runtime::http::{Api, server};
use runtime::shutdown::{StopSender, stop_signal};

use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::rest_client::{Answer, get};
use crate::stage::{Running, SOON, app_with, shop};

/// What was answered when this test was last looked at by a person.
const RECORDED: &str = include_str!("wire.txt");

/// What is asked once all is folded. Of a search no page that has a next one: its cursor depends on which
/// stream came first.
const REQUESTS: [&str; 59] = [
    "/orders/o-0",
    "/orders/o-1",
    "/orders/o-3",
    "/orders/o-5",
    "/orders/o-6",
    "/orders/o-x",
    "/orders/a.b",
    "/orders/o-0?limit=2",
    "/orders/o-0/",
    "/orders/",
    "/dashboard",
    "/dashboard?limit=2",
    "/products/MUG/sales",
    "/products/CUP/sales",
    "/products/a.b/sales",
    "/customers/c-1/orders",
    "/customers/c-1/orders?limit=3",
    "/customers/c-1/orders?limit=3&cursor=3133",
    "/customers/c-x/orders",
    "/customers/a.b/orders",
    "/customers/c-1/orders?limit=0",
    "/customers/c-1/orders?cursor=6f",
    "/customers/c-1/orders?cursor=zz",
    "/customers/c-1/orders?limit=%zz",
    "/mobile/orders?customer=c-1",
    "/mobile/orders?customer=c-1&limit=3",
    "/mobile/orders?limit=3&customer=c-1&cursor=3133",
    "/mobile/orders?customer=c-x",
    "/mobile/orders?customer=a.b",
    "/mobile/orders?customer=",
    "/mobile/orders",
    "/mobile/orders?customer=c-1&cursor=6f",
    "/reports/sales?from=2026-01-01&to=2026-01-31",
    "/reports/sales?from=2025-12-01&to=2026-01-31&by=product",
    "/reports/sales?from=2026-01-31&to=2026-01-31&by=customer",
    "/reports/sales?from=2026-01-31&to=2026-01-31&by=country&format=json",
    "/reports/sales?from=2026-01-01&to=2026-01-31&format=csv",
    "/reports/sales?from=2026-01-01&to=2026-01-31&by=customer&format=csv",
    "/reports/sales?from=1999-01-01&to=1999-01-31&by=product&format=csv",
    "/reports/sales?to=2026-01-31",
    "/reports/sales?from=2026-02-01&to=2026-01-31",
    "/reports/sales?from=2026-02-30&to=2026-03-31",
    "/reports/sales?from=2024-01-01&to=2026-01-31",
    "/reports/sales?from=2026-01-01&to=2026-01-31&by=week",
    "/reports/sales?from=2026-01-01&to=2026-01-31&format=xml",
    "/reports/sales?from=2026-01-01&to=2026-01-31&until=2026-01-31",
    "/search?q=o-&limit=7",
    "/search?q=custmer",
    "/search?q=mug&kind=products",
    "/search?q=c-1&kind=orders&state=cancelled&from=2026-01-01&to=2026-12-31",
    "/search?q=c-1&kind=mugs",
    "/search?q=c-1&state=asleep",
    "/search?q=c-1&from=2026-02-01&to=2026-01-31",
    "/search?q=c-1&cursor=3133",
    "/search?kind=orders",
    "/readyz",
    "/readyz?verbose",
    "/status",
    "/nowhere",
];

/// What is asked again when Redis is empty, and when it is gone.
const WITHOUT_REDIS: [&str; 6] = [
    "/orders/o-0",
    "/dashboard",
    "/customers/c-1/orders",
    "/mobile/orders?customer=c-1",
    "/reports/sales?from=2026-01-01&to=2026-01-31&format=csv",
    "/products/MUG/sales",
];

/// The read side as the process puts it together.
struct Stage {
    redis: RedisServer,
    running: Running,
    cache: Cache,
    address: String,
    _stop: StopSender,
}

/// Ten minutes after the streams began.
const fn clock() -> Timestamp {
    Timestamp::from_micros(1_769_848_600_000_000)
}

impl Stage {
    async fn start(is_cached: bool) -> Self {
        let (redis, streams) = (RedisServer::start().await, Streams::new(shop(7)));
        let projector = Projector::new(redis.client(), streams.source(), clock);
        let standing = projector.standing();
        let mut running = Running::of(standing.clone(), tokio::spawn(projector.run()));
        running.until_folded(&streams).await;
        let search = Search::new().unwrap();
        tokio::spawn(follower::run(streams.source(), Feed::of(&STREAMS), search.clone()));
        let reader = Reader::new(&redis.reader(), standing).unwrap();
        let cache = Cache::new(redis.reader(), reader.clone());
        let app = app_with(reader, cache.clone(), search, clock);
        if is_cached {
            tokio::spawn(cache.clone().run());
        }
        let api = Api::new(app.routes(), document()).behind(app.front());
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stopper, stop) = stop_signal(Duration::ZERO);
        tokio::spawn(server::serve(listener, api, stop));
        let stage = Self { redis, running, cache, address, _stop: stopper };
        stage.until_all_is_seen(&streams, is_cached).await;
        stage
    }

    async fn until_all_is_seen(&self, streams: &Streams, is_cached: bool) {
        let history = streams.history();
        let token = STREAMS.map(|of| format!("{}={}", of.stream(), history.head(of).sequence));
        let found = self.ask("/search?q=mug", &[("murmur-token", &token.join(","))]).await;
        assert_eq!(found.status, 200, "{found:?}");
        let deadline = Instant::now() + SOON;
        let all = |seen: &query::positions::Positions| {
            service::ALL.iter().all(|of| seen.of(*of) == history.head(*of))
        };
        while is_cached && !self.cache.seen().as_ref().is_some_and(all) {
            assert!(Instant::now() < deadline, "the poll does not see what is folded");
            tokio::task::yield_now().await;
        }
    }

    async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        get(&self.address, path, headers).await
    }

    async fn record(&self, recorded: &mut String, path: &str, headers: &[(&str, &str)]) {
        let answer = self.ask(path, headers).await;
        let fields: String =
            headers.iter().map(|(name, value)| format!(" [{name}: {value}]")).collect();
        writeln!(recorded, "> {path}{fields}\n{}\n{}\n", head(&answer), answer.text).unwrap();
    }
}

/// Status and headers, in an order that is always the same, without the time.
fn head(answer: &Answer) -> String {
    let mut lines: Vec<&str> = answer.head().lines().collect();
    lines.retain(|line| !line.starts_with("date: "));
    lines[1..].sort_unstable();
    lines.join("\n")
}

/// Fails at the first answer that is another one, and leaves all of them where a person can look.
fn assert_is_recorded(name: &str, found: &str) {
    let recorded = RECORDED.split("# ").find_map(|part| part.strip_prefix(name)).unwrap_or("");
    let recorded = recorded.trim_start_matches('\n');
    if recorded == found {
        return;
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("wire-{name}.txt"));
    std::fs::write(&path, format!("# {name}\n{found}")).unwrap();
    let mut pairs = found.split("\n> ").zip(recorded.split("\n> "));
    let differs = pairs.find(|(found, recorded)| found != recorded);
    panic!("{differs:#?}\nall that was found is in {}", path.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_byte_for_byte_what_was_recorded() {
    let stage = Stage::start(true).await;
    let mut found = String::new();
    for path in REQUESTS {
        stage.record(&mut found, path, &[]).await;
    }
    for path in ["/dashboard", "/mobile/orders?customer=c-1", "/search?q=mug"] {
        stage.record(&mut found, path, &[("murmur-token", "ORDER=x")]).await;
    }
    for path in ["/dashboard", "/search?q=mug"] {
        stage.record(&mut found, path, &[("murmur-token", "ORDER=999,CUSTOMER=1")]).await;
    }
    assert_is_recorded("cached", &found);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_memory_is_byte_for_byte_the_one_that_was_read() {
    let stage = Stage::start(true).await;
    for path in REQUESTS {
        let read = stage.ask(path, &[]).await;
        for _ in 0..3 {
            let again = stage.ask(path, &[]).await;
            assert_eq!((head(&again), &again.text), (head(&read), &read.text), "{path}");
        }
        let Some(tag) = read.header("etag") else { continue };
        let unchanged = stage.ask(path, &[("if-none-match", tag)]).await;
        let fields = ["etag", "murmur-token", "link", "cache-control"];
        assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""), "{path}");
        assert_eq!(fields.map(|of| unchanged.header(of)), fields.map(|of| read.header(of)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_without_a_cache_is_byte_for_byte_what_was_recorded() {
    let stage = Stage::start(false).await;
    let mut found = String::new();
    for path in REQUESTS {
        // The tag and the length stand for the body, which is recorded with the cached answers.
        writeln!(found, "> {path}\n{}\n", head(&stage.ask(path, &[]).await)).unwrap();
    }
    assert_is_recorded("uncached", &found);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_without_a_read_model_is_byte_for_byte_what_was_recorded() {
    let mut stage = Stage::start(true).await;
    stage.running.end();
    let () = stage.redis.run(&["FLUSHALL"]).await;
    let mut found = String::new();
    for path in WITHOUT_REDIS {
        let deadline = Instant::now() + SOON;
        while stage.ask(path, &[]).await.status == 200 {
            assert!(Instant::now() < deadline, "{path} is answered from memory");
            tokio::task::yield_now().await;
        }
        stage.record(&mut found, path, &[]).await;
    }
    stage.redis.kill();
    for path in WITHOUT_REDIS {
        let deadline = Instant::now() + SOON;
        while stage.ask(path, &[]).await.body["type"] != "/problems/redis-away" {
            assert!(Instant::now() < deadline, "{path} does not tell of the loss");
            tokio::task::yield_now().await;
        }
        stage.record(&mut found, path, &[]).await;
    }
    assert_is_recorded("empty", &found);
}
