//! The search and the projector's reading: where they meet, part, and meet again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use contracts::service;
use protocol::{Chain, Position, Row};
use query::fold::Item;
use query::freshness::Freshness;
use query::positions::Positions;
use query::projector::Projector;
use query::projector_status::Phase;
use query::search::lookup::Question;
use query::search::{STREAMS, Search, SearchAnswer, follower};
use query::sources::feed::{Feed, Tapped};
use query::sources::{Readings, Sink, Source};
use runtime::reading::Progress;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::history::History;
use crate::memory::{Open, Streams};
use crate::redis_server::RedisServer;
use crate::stage::{Running, SOON, add_orders, clock, shop};

mod at_random;

/// A search over streams, which reads them by itself as it needs to.
struct Stage {
    streams: Streams,
    search: Search,
    /// What it reads by itself.
    own: watch::Receiver<Open>,
    following: JoinHandle<()>,
}

/// What the projector reads: as much of it as a test hands over.
struct ByHand {
    source: Tapped<Handed>,
    sink: Handed,
    at: Positions,
    open: Option<(Readings, mpsc::Receiver<Arc<Item>>)>,
}

#[derive(Clone, Default)]
struct Handed(Arc<Mutex<Option<Sink>>>);

impl Source for Handed {
    fn open(&mut self, _from: &Positions, sink: Sink) -> Readings {
        *self.0.lock().unwrap() = Some(sink);
        let progress = service::ALL.map(|of| {
            // Of these it comes to know the end, and no row.
            let last_in_stream = if STREAMS.contains(&of) { 0 } else { 100 };
            let progress = Progress { connected: true, last_in_stream, ..Progress::default() };
            (of, watch::channel(progress).1)
        });
        Readings::new(progress, Vec::new())
    }
}

impl Stage {
    fn over(streams: Streams, feed: Feed) -> Self {
        let (search, source) = (Search::new().unwrap(), streams.source());
        let own = source.open();
        let following = tokio::spawn(follower::run(source, feed, search.clone()));
        Self { streams, search, own, following }
    }

    async fn until_own(&mut self, what: &str, reached: impl Fn(&Open) -> bool) {
        let met = timeout(SOON, self.own.wait_for(reached)).await.is_ok_and(|met| met.is_ok());
        let Open { streams, began } = &*self.own.borrow();
        assert!(met, "{what} does not come: {streams} are open, {began:?}");
    }

    async fn until_joined(&mut self) {
        let joined = |own: &Open| own.streams == 0 && !own.began.is_empty();
        self.until_own("the projector's reading", joined).await;
    }

    async fn until_alone(&mut self) {
        self.until_own("a reading of its own", |own| own.streams > 0).await;
    }

    /// Asks once all of this history is indexed, and asserts that every order is found. Says how fresh that is.
    async fn assert_finds(&self, history: &History) -> (SearchAnswer, Freshness) {
        let wanted: BTreeMap<_, _> =
            STREAMS.into_iter().map(|of| (of, history.head(of).sequence)).collect();
        self.search.wait_for(&wanted, SOON).await.unwrap();
        let standing = self.search.standing();
        assert!(STREAMS.into_iter().all(|of| standing.positions.of(of) == history.head(of)));
        let rows = history.rows[&service::ORDER].iter();
        let placed = rows.filter(|row| row.subject.starts_with("order.placed")).count();
        let text = "customer".to_owned();
        let question = Question { text, limit: placed + 10, ..Question::default() };
        let (answer, positions) = self.search.ask(question).await.unwrap();
        let orders = answer.found.items.iter().filter(|item| item.kind == "orders").count();
        assert_eq!(orders, placed);
        (answer, self.search.freshness(&positions))
    }

    /// Asserts that it has read all by itself once, and never again.
    fn assert_was_built_once(&self) {
        let Open { began, .. } = &*self.own.borrow();
        assert_eq!(began.iter().filter(|at| at.rows() == 0).count(), 1, "{began:?}");
    }

    /// Asserts that no reading of its own began further back than one before. One that ended before its
    /// first row, since both met at once, begins again where it began.
    fn assert_never_went_back(&self) {
        let Open { began, .. } = &*self.own.borrow();
        assert!(began.iter().is_sorted_by_key(|at| at.rows()), "{began:?}");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.following.abort();
    }
}

impl ByHand {
    fn new(feed: &Feed) -> Self {
        let sink = Handed::default();
        let source = feed.tap(sink.clone());
        Self { source, sink, at: Positions::default(), open: None }
    }

    /// Begins to read, with room for so many rows.
    fn open(&mut self, from: Positions, room: usize) {
        let (sink, rows) = mpsc::channel(room);
        self.open = Some((self.source.open(&from, sink.into()), rows));
        self.at = from;
    }

    fn end(&mut self) {
        self.open = None;
        *self.sink.0.lock().unwrap() = None;
    }

    /// Hands over so many rows of each stream, at most.
    async fn hand_over(&mut self, history: &History, rows: usize) {
        let sink = self.sink.0.lock().unwrap().clone().unwrap();
        for (service, all) in &history.rows {
            let from = usize::try_from(self.at.of(*service).sequence).unwrap();
            for row in all.iter().skip(from).take(rows) {
                self.at.advance(*service, row, None);
                sink.send(Arc::new(Item::of(*service, row.clone()))).await.unwrap();
            }
        }
    }

    fn takes(&mut self) {
        let (_, rows) = self.open.as_mut().unwrap();
        while rows.try_recv().is_ok() {}
    }
}

/// Where one stands who has read as much of each stream.
fn positions(history: &History, rows: usize) -> Positions {
    let mut at = Positions::default();
    for (service, all) in &history.rows {
        for row in all.iter().take(rows) {
            at.advance(*service, row, None);
        }
    }
    at
}

fn all(history: &History) -> Positions {
    positions(history, usize::MAX)
}

fn stage(history: History) -> (Stage, ByHand) {
    let feed = Feed::of(&STREAMS);
    let by_hand = ByHand::new(&feed);
    (Stage::over(Streams::new(history), feed), by_hand)
}

const ROOM: usize = 10_000;

#[tokio::test]
async fn the_search_gives_its_own_reading_up_where_the_projectors_goes_on() {
    let mut history = shop(20);
    let (mut stage, mut projector) = stage(history.clone());
    stage.assert_finds(&history).await;
    projector.open(all(&history), ROOM);
    stage.until_joined().await;
    // Nobody else knows of these.
    add_orders(&mut history, 20, 40);
    projector.hand_over(&history, usize::MAX).await;
    let (_, freshness) = stage.assert_finds(&history).await;
    assert_eq!(freshness.state, Phase::Following.name());
    assert!(freshness.streams.values().all(|stream| stream.connected));
    assert_eq!((freshness.behind, freshness.behind_ms), (0, Some(0)));
    stage.assert_was_built_once();
    assert_eq!(stage.own.borrow().streams, 0);
}

#[tokio::test]
async fn what_the_projector_has_read_before_they_meet_is_read_by_the_search_itself() {
    let (early, mut history) = (shop(20), shop(20));
    add_orders(&mut history, 20, 30);
    let (mut stage, mut projector) = stage(early.clone());
    projector.open(all(&history), ROOM);
    stage.assert_finds(&early).await;
    let mut late = history.clone();
    add_orders(&mut late, 30, 40);
    projector.hand_over(&late, usize::MAX).await;
    stage.assert_finds(&early).await;
    stage.streams.change(|streams| *streams = history);
    stage.until_joined().await;
    stage.assert_finds(&late).await;
    stage.assert_was_built_once();
}

#[tokio::test]
async fn what_both_have_read_when_they_meet_is_indexed_once() {
    let (mut history, mut late) = (shop(20), shop(20));
    add_orders(&mut history, 20, 21);
    add_orders(&mut late, 20, 40);
    (0..3).for_each(|_| add_foreign(&mut late));
    let (mut stage, mut projector) = stage(shop(20));
    stage.assert_finds(&shop(20)).await;
    projector.open(all(&history), ROOM);
    stage.streams.change(|streams| *streams = late.clone());
    stage.assert_finds(&late).await;
    // If it was ahead of the projector before it knew of its rows, they meet only now.
    projector.hand_over(&late, usize::MAX).await;
    stage.until_joined().await;
    add_orders(&mut late, 40, 45);
    projector.hand_over(&late, usize::MAX).await;
    assert_eq!(stage.assert_finds(&late).await.0.skipped, 3);
    stage.assert_was_built_once();
}

#[tokio::test]
async fn where_the_projectors_reading_ends_the_search_reads_on_by_itself_until_the_next_one() {
    let (mut stage, mut projector) = stage(shop(20));
    projector.open(all(&shop(20)), ROOM);
    stage.assert_finds(&shop(20)).await;
    stage.until_joined().await;
    projector.end();
    stage.until_alone().await;
    stage.streams.change(|history| add_orders(history, 20, 40));
    stage.assert_finds(&stage.streams.history()).await;
    // It was written a little less than it had read.
    projector.open(all(&shop(20)), ROOM);
    stage.streams.change(|history| add_orders(history, 40, 50));
    stage.assert_finds(&stage.streams.history()).await;
    projector.hand_over(&stage.streams.history(), usize::MAX).await;
    stage.until_joined().await;
    stage.assert_was_built_once();
}

#[tokio::test]
async fn while_the_projector_builds_a_generation_anew_the_search_goes_on_by_itself() {
    let (mut stage, mut projector) = stage(shop(30));
    projector.open(all(&shop(30)), ROOM);
    stage.assert_finds(&shop(30)).await;
    stage.until_joined().await;
    projector.open(Positions::default(), ROOM);
    projector.hand_over(&shop(30), 10).await;
    stage.until_alone().await;
    stage.streams.change(|history| add_orders(history, 30, 40));
    let history = stage.streams.history();
    stage.assert_finds(&history).await;
    projector.hand_over(&history, 20).await;
    assert!(stage.own.borrow().streams > 0, "the projector is not there yet");
    projector.hand_over(&history, usize::MAX).await;
    stage.until_joined().await;
    let mut late = history;
    add_orders(&mut late, 40, 45);
    projector.hand_over(&late, usize::MAX).await;
    stage.assert_finds(&late).await;
    stage.assert_was_built_once();
}

#[tokio::test]
async fn where_the_projector_takes_no_more_rows_the_search_does_not_wait_with_it() {
    let (mut stage, mut projector) = stage(shop(20));
    projector.open(all(&shop(20)), 8);
    stage.assert_finds(&shop(20)).await;
    stage.until_joined().await;
    stage.streams.change(|history| add_orders(history, 20, 40));
    let history = stage.streams.history();
    let held_up = timeout(std::time::Duration::ZERO, projector.hand_over(&history, usize::MAX));
    assert!(held_up.await.is_err());
    stage.until_alone().await;
    stage.assert_finds(&history).await;
    assert!(stage.own.borrow().streams > 0);
    stage.assert_was_built_once();
}

#[tokio::test]
async fn a_reading_of_another_history_is_not_gone_on_with() {
    let (mut stage, mut projector) = stage(shop(20));
    stage.assert_finds(&shop(20)).await;
    let mut other = History::begin(2);
    other.open_shop();
    add_orders(&mut other, 0, 20);
    projector.open(all(&other), ROOM);
    add_orders(&mut other, 20, 25);
    projector.hand_over(&other, usize::MAX).await;
    stage.assert_finds(&shop(20)).await;
    assert!(stage.own.borrow().streams > 0);
    // Once the search has seen it by itself, it begins anew, and goes on with the projector.
    stage.streams.change(|history| *history = other.clone());
    stage.until_joined().await;
    stage.assert_finds(&other).await;
}

/// A row that no build understands: an index that takes it twice says so.
fn add_foreign(history: &mut History) {
    let before: Position = history.head(service::ORDER);
    let (subject, headers) = ("order.foreign.x".to_owned(), String::new());
    let chain: Chain = before.chain.next(&subject, &headers, b"");
    let payload = Vec::new().into();
    let row = Row { sequence: before.sequence + 1, subject, headers, payload, chain };
    history.rows.get_mut(&service::ORDER).unwrap().push(row);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_beside_a_projector_finds_all_while_redis_is_killed_flushed_and_filled_again() {
    let mut redis = RedisServer::start().await;
    let (streams, feed) = (Streams::new(shop(50)), Feed::of(&STREAMS));
    let projector = Projector::new(redis.client(), feed.tap(streams.source()), clock);
    let standing = projector.standing();
    let mut running = Running::of(standing, tokio::spawn(projector.run()));
    let mut stage = Stage::over(streams.clone(), feed);
    running.until_folded(&streams).await;
    stage.until_joined().await;
    redis.kill();
    stage.until_alone().await;
    streams.change(|history| add_orders(history, 50, 80));
    stage.assert_finds(&streams.history()).await;
    redis.restart().await;
    for nth in 80..120 {
        streams.change(|history| add_orders(history, nth, nth + 1));
        tokio::task::yield_now().await;
        if nth == 100 {
            let () = redis.run(&["FLUSHALL"]).await;
        }
    }
    running.until_folded(&streams).await;
    stage.assert_finds(&streams.history()).await;
    stage.until_joined().await;
    streams.change(|history| add_orders(history, 120, 130));
    stage.assert_finds(&streams.history()).await;
    stage.assert_was_built_once();
}
