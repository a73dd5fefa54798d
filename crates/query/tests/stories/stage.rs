//! What the stories share: a projector over streams in memory, and a look into Redis.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::Timestamp;
use query::cache::Cache;
use query::http::App;
use query::keys;
use query::positions::Positions;
use query::projector::Projector;
use query::projector_status::{Phase, ProjectorStatus};
use query::query::Context;
use query::reader::Reader;
use query::search::Search;
use query::sources::Source;
use redis::Client;
use redis::aio::MultiplexedConnection;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::history::{Fate, History};
use crate::memory::Streams;

/// Longest wait for anything that has to happen.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A projector that runs, and ends with this value.
pub(crate) struct Running {
    pub(crate) standing: watch::Receiver<ProjectorStatus>,
    task: JoinHandle<()>,
}

/// Everything that the live generation holds.
pub(crate) type Dump = BTreeMap<String, Vec<String>>;

pub(crate) fn clock() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

/// All queries, beside a search that finds nothing, for which orders are stuck after half a minute.
pub(crate) fn app(reader: Reader, cache: Cache, clock: fn() -> Timestamp) -> App {
    app_with(reader, cache, Search::new().unwrap(), clock)
}

/// All queries, beside this search.
pub(crate) fn app_with(
    reader: Reader,
    cache: Cache,
    search: Search,
    clock: fn() -> Timestamp,
) -> App {
    App::new(reader, cache, Context { search, stuck_after: Duration::from_secs(30), clock })
}

pub(crate) fn project(client: Client, streams: &Streams) -> Running {
    project_from(client, streams.source())
}

pub(crate) fn project_from(client: Client, source: impl Source) -> Running {
    let projector = Projector::new(client, source, clock);
    let standing = projector.standing();
    Running { standing, task: tokio::spawn(projector.run()) }
}

impl Running {
    /// A task that tells where the read model stands.
    pub(crate) fn of(standing: watch::Receiver<ProjectorStatus>, task: JoinHandle<()>) -> Self {
        Self { standing, task }
    }

    /// Ends the projector.
    pub(crate) fn end(&mut self) {
        self.task.abort();
    }

    pub(crate) async fn until(&mut self, what: &str, reached: impl Fn(&ProjectorStatus) -> bool) {
        let wait = self.standing.wait_for(reached);
        let found = tokio::time::timeout(SOON, wait).await.map(|found| found.is_ok());
        let standing = self.standing.borrow();
        assert_eq!(found, Ok(true), "{what} did not come; stands at {standing:?}");
    }

    /// Waits until all that the streams hold is folded.
    pub(crate) async fn until_folded(&mut self, streams: &Streams) {
        let history = streams.history();
        self.until("folding all", |standing| {
            standing.phase == Phase::Following
                && history.rows.keys().all(|of| standing.positions.of(*of) == history.head(*of))
        })
        .await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A shop with this many orders of every fate.
pub(crate) fn shop(orders: usize) -> History {
    let mut history = History::begin(1);
    history.open_shop();
    for nth in 0..orders {
        history.order(&format!("o-{nth}"), Fate::ALL[nth % Fate::ALL.len()]);
    }
    history
}

pub(crate) fn add_orders(history: &mut History, from: usize, to: usize) {
    for nth in from..to {
        history.order(&format!("o-{nth}"), Fate::ALL[nth % Fate::ALL.len()]);
    }
}

/// What the live generation of a database holds, by names inside the generation.
pub(crate) async fn dump(client: &Client) -> Dump {
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let generation: String = call(&mut connection, &["GET", keys::POINTER]).await;
    let prefix = format!("{{query}}:{generation}:");
    let names = names_in(&mut connection, &prefix).await;
    let mut dump = Dump::new();
    for key in names {
        let kind: String = call(&mut connection, &["TYPE", &key]).await;
        let value: Vec<String> = match kind.as_str() {
            "string" => vec![call(&mut connection, &["GET", &key]).await],
            "zset" => call(&mut connection, &["ZRANGE", &key, "0", "-1", "WITHSCORES"]).await,
            "hash" => call(&mut connection, &["HGETALL", &key]).await,
            other => panic!("{key} is a {other}"),
        };
        dump.insert(key[prefix.len()..].to_owned(), value);
    }
    // What was built beside and what was built in place are marked alike; what is compared may not
    // be marked yet.
    dump.remove(keys::BUILT);
    // Its times depend on which row was the last of its batch to be understood.
    let text = dump.remove("position").unwrap();
    Positions::parse(&text[0]).unwrap();
    dump
}

async fn names_in(connection: &mut MultiplexedConnection, prefix: &str) -> Vec<String> {
    let (mut cursor, mut all) = ("0".to_owned(), Vec::new());
    loop {
        let scan = ["SCAN", &cursor, "MATCH", &format!("{prefix}*"), "COUNT", "1000"];
        let (next, found): (String, Vec<String>) = call(connection, &scan).await;
        all.extend(found);
        if next == "0" {
            return all;
        }
        cursor = next;
    }
}

async fn call<T: redis::FromRedisValue>(
    connection: &mut MultiplexedConnection,
    words: &[&str],
) -> T {
    redis::cmd(words[0]).arg(&words[1..]).query_async(connection).await.unwrap()
}

/// Asserts that the database holds exactly the fold of the streams: the same as another database
/// into which they are folded from zero, at once and undisturbed.
pub(crate) async fn assert_holds_the_fold(client: &Client, other: &str, streams: &Streams) {
    let other = query::store::client(other).unwrap();
    let mut fresh = project(other.clone(), streams);
    fresh.until_folded(streams).await;
    let (found, expected) = (dump(client).await, dump(&other).await);
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert_eq!(found, expected);
}
