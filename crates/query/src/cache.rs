//! Answers from memory, never older than the projector plus one poll.
//!
//! Redis says of every key that was read over one connection when it changes (RESP3 tracking). What
//! depends on the key is dropped then. Four rules make that right:
//!
//! 1. One connection, and one reader of it that handles what Redis says in its order: a change is
//!    told before the answer to anything that was asked after it ([`tracking`]).
//! 2. An answer during whose making one of its dependencies changed is given, but not kept ([`entries`]).
//! 3. Answers are given from memory only while the last poll of the position, over the same
//!    connection, is fresh ([`poll`]). They claim to have seen what that poll saw: no key of theirs
//!    had changed up to there. An answer that was made later than the poll waits for the next.
//! 4. With the connection, all that is kept is lost; so it is with the live generation.
//!
//! What moves with every batch, the token and the freshness, is put beside an answer only when it is
//! sent ([`entry`]), so that an answer stays as long as its own keys do. Those who ask the same at once
//! share one read ([`coalescer`]).
//!
//! Deliberately absent: the cache of the client library, and anything about what is asked or answered.

pub mod entries;
pub mod poll;

mod coalescer;
mod entry;
mod tracking;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use runtime::Token;
use runtime::http::{Problem, Response};
use tokio::sync::Notify;

use crate::freshness::Freshness;
use crate::positions::Positions;
use crate::query::answer::{Answer, Rendered, Stamp};
use crate::reader::{self, QueryReader, Reader};
use coalescer::RequestCoalescer;
use entries::Entries;
use entry::Entry;
use poll::Polled;

/// What a request came to: all who asked the same are told it.
type Outcome = Result<Arc<Rendered>, Problem>;

/// Answers that are kept right by Redis. Clones share them.
#[derive(Clone)]
pub struct Cache(Arc<Parts>);

struct Parts {
    client: redis::Client,
    reader: Reader,
    entries: Entries,
    polled: Polled,
    coalescer: RequestCoalescer<Outcome>,
    /// The connection on which Redis tells of changes, while there is one.
    connection: RwLock<Option<MultiplexedConnection>>,
    /// Which connection that is: what an older one still says is of no interest.
    link: AtomicU64,
    /// The position has changed.
    news: Notify,
    hits: metrics::Counter,
    misses: metrics::Counter,
}

impl Cache {
    /// An empty cache of what `reader` reads from `client`'s server.
    #[must_use]
    pub fn new(client: redis::Client, reader: Reader) -> Self {
        Self(Arc::new(Parts {
            client,
            reader,
            entries: Entries::new(entries::BYTES_MAX),
            polled: Polled::new(),
            coalescer: RequestCoalescer::new(),
            connection: RwLock::default(),
            link: AtomicU64::new(0),
            news: Notify::new(),
            hits: metrics::counter!("murmur_query_cache_hits_total"),
            misses: metrics::counter!("murmur_query_cache_misses_total"),
        }))
    }

    /// Keeps the cache right for as long as it runs. While it does not, nothing is kept: then every
    /// answer is read from Redis, and only those who ask the same at once share one read.
    pub async fn run(self) {
        tracking::run(&self.0).await;
    }

    /// The answer to what is asked, if it is kept and has seen what the token names.
    #[must_use]
    pub fn get(&self, asked: &str, token: &Token) -> Option<Response> {
        let entry = self.0.entries.get(asked)?;
        let snapshot = self.0.polled.now()?;
        if !reader::missing(&snapshot.positions, &token.0).is_empty() {
            return None;
        }
        let rendered = entry.beside(&snapshot)?;
        self.0.hits.increment(1);
        Some(rendered.to_response())
    }

    /// The answer to what is asked, made by `make` after this was called, and kept if that is possible,
    /// at most for `kept_for`.
    ///
    /// # Errors
    /// Those of `make`.
    pub async fn answer<F>(
        &self,
        asked: &str,
        kept_for: Duration,
        make: impl Fn(QueryReader) -> F + Clone + Send + Sync + 'static,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = Result<Answer, Problem>> + Send,
    {
        self.0.misses.increment(1);
        let (parts, key) = (Arc::clone(&self.0), Arc::<str>::from(asked));
        let read = move || {
            let (parts, key, make) = (Arc::clone(&parts), Arc::clone(&key), make.clone());
            async move { parts.make(&key, kept_for, make).await.map(Arc::new) }
        };
        let outcome = self.0.coalescer.join(asked, read).await;
        let broke_off = || Err(Problem::defect("making an answer broke off"));
        Ok(outcome.unwrap_or_else(broke_off)?.to_response())
    }

    /// How far the last poll has seen the streams folded, if that is not too long ago.
    #[must_use]
    pub fn seen(&self) -> Option<Positions> {
        self.0.polled.now().map(|snapshot| snapshot.positions.clone())
    }

    /// How many answers are kept.
    #[must_use]
    pub fn kept_answers(&self) -> usize {
        self.0.entries.len()
    }
}

impl Parts {
    async fn make<F>(
        &self,
        key: &str,
        kept_for: Duration,
        make: impl Fn(QueryReader) -> F + Send + Sync,
    ) -> Result<Rendered, Problem>
    where
        F: Future<Output = Result<Answer, Problem>> + Send,
    {
        // Before the connection is taken: what is kept must have been told of every change since.
        let (began, now) = (self.entries.moment(), Instant::now());
        let tracked = self.connection().map(|connection| self.reader.once().over(connection));
        if let Some(reader) = tracked {
            match make(reader).await {
                Ok(mut answer) => {
                    answer.content = answer.content.tagged();
                    let rendered = self.render(&answer)?;
                    self.entries.keep(key, Entry::new(answer, now.checked_add(kept_for)), began);
                    return Ok(rendered);
                }
                Err(problem) if !problem.status.is_server_error() => return Err(problem),
                // It may be the tracked connection only that has failed.
                Err(_) => {}
            }
        }
        self.render(&make(self.reader.once()).await?)
    }

    fn render(&self, answer: &Answer) -> Result<Rendered, Problem> {
        let freshness = Freshness::of(&answer.positions, &self.reader.standing());
        Ok(answer.content.render(&Stamp::of(&freshness)?))
    }

    fn connection(&self) -> Option<MultiplexedConnection> {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_connection(&self, connection: Option<MultiplexedConnection>) {
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
    }

    /// Nothing is known of what is kept.
    fn forget(&self) {
        self.polled.lose();
        self.entries.clear();
        metrics::counter!("murmur_query_cache_dropped_total").increment(1);
    }

    fn is_link(&self, link: u64) -> bool {
        self.link.load(Ordering::Acquire) == link
    }
}
