//! Answers from memory: the same as from Redis, never older than promised, and honest about it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use contracts::service;
use http_body_util::BodyExt as _;
use protocol::{Cause, Headers, Row, Service};
use query::cache::Cache;
use query::cache::poll::TOLD_MAX;
use query::positions::Positions;
use query::projector_status::ProjectorStatus;
use query::queries::order::order;
use query::reader::{QueryReader, Reader};
use runtime::http::Api;
use runtime::http::server;
use runtime::shutdown::{StopSender, stop_signal};
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

use crate::history::{Fate, History, id};
use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::rest_client::{Answer, get};
use crate::stage::{Running, SOON, app, clock, project, shop};

struct Stage {
    redis: RedisServer,
    streams: Streams,
    running: Running,
    cache: Cache,
    address: String,
    _stop: StopSender,
}

impl Stage {
    async fn over(history: History) -> Self {
        let redis = RedisServer::start().await;
        let streams = Streams::new(history);
        let mut running = project(redis.client(), &streams);
        running.until_folded(&streams).await;
        let reader = Reader::new(&redis.reader(), running.standing.clone()).unwrap();
        let cache = Cache::new(redis.reader(), reader.clone());
        let app = app(reader, cache.clone(), clock);
        tokio::spawn(cache.clone().run());
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stopper, stop) = stop_signal(Duration::ZERO);
        tokio::spawn(server::serve(listener, Api::from(app.routes()).behind(app.front()), stop));
        Self { redis, streams, running, cache, address, _stop: stopper }
    }

    async fn get(&self, path: &str) -> Answer {
        get(&self.address, path, &[]).await
    }

    /// Waits until the poll has seen all that the streams hold, and so every change up to there.
    async fn until_seen(&mut self) {
        self.running.until_folded(&self.streams).await;
        let history = self.streams.history();
        let all =
            |seen: &Positions| service::ALL.iter().all(|of| seen.of(*of) == history.head(*of));
        let deadline = Instant::now() + SOON;
        while !self.cache.seen().as_ref().is_some_and(all) {
            assert!(Instant::now() < deadline, "the poll does not see what is folded");
            tokio::task::yield_now().await;
        }
    }

    async fn until_kept(&self, answers: usize) {
        let deadline = Instant::now() + SOON;
        while self.cache.kept_answers() < answers {
            assert!(Instant::now() < deadline, "the answer is not kept");
            tokio::task::yield_now().await;
        }
    }
}

fn place(streams: &Streams, id: &str) {
    streams.change(|history| history.order(id, Fate::JustPlaced));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_stays_while_others_change_and_tells_how_much_it_has_seen() {
    let mut stage = Stage::over(shop(7)).await;
    stage.until_seen().await;
    let first = stage.get("/orders/o-0").await;
    stage.until_kept(1).await;
    place(&stage.streams, "o-new");
    stage.until_seen().await;
    assert_eq!(stage.cache.kept_answers(), 1);
    let second = stage.get("/orders/o-0").await;
    assert_eq!(second.header("etag"), first.header("etag"));
    assert!(second.header("etag").unwrap().starts_with("W/"));
    let head = stage.streams.history().head(service::ORDER).sequence;
    assert_eq!(second.body["freshness"]["streams"]["ORDER"]["folded"], head);
    assert!(second.header("murmur-token").unwrap().contains(&format!("ORDER={head}")));
    let held = second.header("etag").unwrap();
    let again = get(&stage.address, "/orders/o-0", &[("if-none-match", held)]).await;
    assert_eq!((again.status, again.body), (304, Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_dropped_when_one_of_its_records_changes() {
    let mut stage = Stage::over(shop(7)).await;
    stage.until_seen().await;
    assert_eq!(stage.get("/orders/o-6").await.body["stock"]["state"], "none");
    stage.until_kept(1).await;
    let placed = Cause::Event { service: service::ORDER, sequence: 1 };
    stage.streams.change(|history| drop(history.reserve("o-6", placed)));
    stage.until_seen().await;
    assert_eq!(stage.get("/orders/o-6").await.body["stock"]["state"], "reserved");
}

/// The race that broke the client library's own cache: the change is told while the value that it
/// makes old is on its way.
#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_it_was_read_is_not_kept() {
    let (read, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let mut stage = Stage::over(shop(7)).await;
    stage.until_seen().await;
    let (cache, gates) = (stage.cache.clone(), (Arc::clone(&read), Arc::clone(&go_on)));
    let early = tokio::spawn(async move {
        // Reads at once, and answers when it may go on.
        let make = move |reader: QueryReader| {
            let (read, go_on) = gates.clone();
            async move {
                let answer = order(reader, &id("o-6")).await.unwrap();
                read.add_permits(1);
                go_on.acquire().await.unwrap().forget();
                answer.into_json()
            }
        };
        let response = cache.answer("/orders/o-6", Duration::MAX, make).await.unwrap();
        response.into_body().collect().await.unwrap().to_bytes()
    });
    read.acquire().await.unwrap().forget();
    let placed = Cause::Command("cancel".into());
    let reason = contracts::events::order::EndReason::Requested;
    stage.streams.change(|history| drop(history.end("o-6", reason, placed)));
    stage.until_seen().await;
    go_on.add_permits(1);
    let early: Value = serde_json::from_slice(&early.await.unwrap()).unwrap();
    assert_eq!(early["timeline"].as_array().unwrap().len(), 1);
    let late = stage.get("/orders/o-6").await.body;
    let steps = late["timeline"].as_array().unwrap().len();
    assert_eq!(steps, 2, "an answer was kept that is older than its change");
}

/// An answer as a reader got it: when it was asked for, and what it claims.
struct Got {
    asked_at: Instant,
    folded: BTreeMap<String, u64>,
    body: Value,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_changes_every_answer_is_the_fold_of_what_it_claims_and_none_is_too_old() {
    const ORDERS: usize = 150;
    const READERS: usize = 8;
    const ANSWERS_PER_ROW: usize = 4;
    let mut stage = Stage::over(History::begin(1)).await;
    stage.until_seen().await;
    let folded_at = Arc::new(Mutex::new(vec![(Instant::now(), 0_u64)]));
    let (stopper, stop) = watch::channel(false);
    let (mut written, answers) = (0, Arc::new(AtomicUsize::new(0)));
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            tokio::spawn(read_until_stopped(
                stage.address.clone(),
                ORDERS,
                stop.clone(),
                answers.clone(),
            ))
        })
        .collect();
    let watching = tokio::spawn(note_folded(stage.running.standing.clone(), folded_at.clone()));
    for (service, row) in rows_in_time(&shop(ORDERS)) {
        stage.streams.change(|history| history.rows.get_mut(&service).unwrap().push(row));
        written += 1;
        // Now and then a pause for the readers, so that batches are of every size.
        let pause = random(3) == 0;
        while pause && answers.load(Ordering::Relaxed) < written * ANSWERS_PER_ROW {
            tokio::task::yield_now().await;
        }
    }
    stage.until_seen().await;
    stopper.send_replace(true);
    let mut got = Vec::new();
    for reader in readers {
        got.extend(reader.await.unwrap());
    }
    watching.abort();
    let history = stage.streams.history();
    let folded_at = folded_at.lock().unwrap();
    assert!(got.len() > 1_000, "only {} answers were got", got.len());
    for got in &got {
        assert_is_the_fold(&history, got);
        assert_is_not_too_old(&folded_at, got);
    }
}

/// All rows in the order in which they were decided.
fn rows_in_time(history: &History) -> Vec<(Service, Row)> {
    let mut rows = history.mixed(&[]);
    rows.sort_by_key(|(_, row)| Headers::parse(&row.headers).unwrap().time);
    rows
}

/// A number below `below`, by the clock's last digits.
fn random(below: usize) -> usize {
    usize::try_from(clock().micros() / 7).unwrap() % below
}

/// Asks for the dashboard and for orders, over and over.
async fn read_until_stopped(
    address: String,
    orders: usize,
    stop: watch::Receiver<bool>,
    answers: Arc<AtomicUsize>,
) -> Vec<Got> {
    let mut all = Vec::new();
    while !*stop.borrow() {
        let order = format!("o-{}", random(orders));
        let path = match random(4) {
            0 => "/dashboard".to_owned(),
            _ => format!("/orders/{order}"),
        };
        let asked_at = Instant::now();
        let answer = get(&address, &path, &[]).await;
        answers.fetch_add(1, Ordering::Relaxed);
        if answer.status == 200 {
            let token = answer.header("murmur-token").unwrap();
            let folded = service::ALL
                .map(|service| (service.stream().to_owned(), folded_in(token, service)));
            let folded = folded.into_iter().collect();
            all.push(Got { asked_at, folded, body: answer.body });
        } else {
            assert_eq!(answer.status, 404, "{:?}", answer.body);
        }
    }
    all
}

fn folded_in(token: &str, service: Service) -> u64 {
    let mut parts = token.split(',').filter_map(|part| part.split_once('='));
    parts.find(|(stream, _)| *stream == service.stream()).unwrap().1.parse().unwrap()
}

/// Notes when the projector had folded how much of ORDER.
async fn note_folded(
    mut standing: watch::Receiver<ProjectorStatus>,
    folded_at: Arc<Mutex<Vec<(Instant, u64)>>>,
) {
    while standing.changed().await.is_ok() {
        let folded = standing.borrow_and_update().positions.of(service::ORDER).sequence;
        folded_at.lock().unwrap().push((Instant::now(), folded));
    }
}

fn assert_is_the_fold(history: &History, got: &Got) {
    for (stream, folded) in &got.folded {
        assert_eq!(got.body["freshness"]["streams"][stream]["folded"], *folded);
    }
    let seen = |service: &Service, row: &Row| row.sequence <= got.folded[service.stream()];
    let rows = history.rows.iter();
    let rows = rows.flat_map(|(service, rows)| rows.iter().map(move |row| (service, row)));
    let rows = rows.filter(|(service, row)| seen(service, row));
    let Some(order) = got.body["order_id"].as_str() else {
        let placed = rows.filter(|(_, row)| row.subject.starts_with("order.placed."));
        assert_eq!(got.body["orders"]["placed"], placed.count(), "after {:?}", got.folded);
        return;
    };
    let about = rows.filter(|(_, row)| row.subject.ends_with(&format!(".{order}")));
    let mut expected: Vec<_> = about.map(|(of, row)| (of.stream(), row.sequence)).collect();
    let timeline = got.body["timeline"].as_array().unwrap().iter();
    let mut found: Vec<_> = timeline
        .map(|moment| (moment["stream"].as_str().unwrap(), moment["sequence"].as_u64().unwrap()))
        .collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected, "{order} after {:?}", got.folded);
}

/// What had been folded a poll before the question must be in the answer.
fn assert_is_not_too_old(folded_at: &[(Instant, u64)], got: &Got) {
    let owed = folded_at.iter().filter(|(at, _)| *at + TOLD_MAX < got.asked_at).map(|(_, n)| *n);
    let (owed, folded) = (owed.max().unwrap_or(0), got.folded[service::ORDER.stream()]);
    assert!(folded >= owed, "ORDER/{owed} was folded long before, the answer knows of {folded}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_redis_gone_nothing_is_told_from_memory_and_all_is_well_when_it_is_back() {
    let mut stage = Stage::over(shop(3)).await;
    stage.until_seen().await;
    assert_eq!(stage.get("/orders/o-0").await.status, 200);
    stage.until_kept(1).await;
    stage.redis.kill();
    let deadline = Instant::now() + SOON;
    while stage.cache.seen().is_some() {
        assert!(Instant::now() < deadline, "the loss is not noticed");
        tokio::task::yield_now().await;
    }
    let answer = stage.get("/orders/o-0").await;
    assert_eq!((answer.status, &answer.body["type"]), (503, &"/problems/redis-away".into()));
    stage.redis.restart().await;
    let away = |standing: &ProjectorStatus| standing.phase.name() == "away";
    stage.running.until("the loss", away).await;
    stage.until_seen().await;
    assert_eq!(stage.get("/orders/o-0").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flushed_redis_is_not_answered_from_memory() {
    let mut stage = Stage::over(shop(3)).await;
    stage.until_seen().await;
    assert_eq!(stage.get("/orders/o-0").await.status, 200);
    stage.until_kept(1).await;
    stage.running.end();
    let () = stage.redis.run(&["FLUSHALL"]).await;
    let deadline = Instant::now() + SOON;
    while stage.cache.kept_answers() > 0 {
        assert!(Instant::now() < deadline, "the flush is not noticed");
        tokio::task::yield_now().await;
    }
    let answer = stage.get("/orders/o-0").await;
    assert_eq!((answer.status, &answer.body["type"]), (503, &"/problems/rebuilding".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_from_memory_waits_for_what_its_token_names() {
    let mut stage = Stage::over(shop(1)).await;
    stage.until_seen().await;
    assert_eq!(stage.get("/orders/o-0").await.status, 200);
    stage.until_kept(1).await;
    let head = stage.streams.history().head(service::ORDER).sequence;
    let (address, token) = (stage.address.clone(), format!("ORDER={}", head + 1));
    let asked =
        tokio::spawn(
            async move { get(&address, "/orders/o-0", &[("murmur-token", &token)]).await },
        );
    place(&stage.streams, "o-new");
    let answer = asked.await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.header("murmur-token").unwrap().contains(&format!("ORDER={}", head + 1)));
    let vain = get(&stage.address, "/orders/o-0", &[("murmur-token", "PAYMENT=999")]).await;
    assert_eq!((vain.status, &vain.body["type"]), (504, &"/problems/not-caught-up".into()));
}
