//! Answers from memory, never older than the projector plus one poll.
//!
//! Redis says of every key that was read over one connection when it changes (RESP3 tracking). What
//! was made from the key is dropped then. Four rules make that right:
//!
//! 1. One connection, and one reader of it that handles what Redis says in its order: a change is
//!    told before the answer to anything that was asked after it.
//! 2. An answer during whose making one of its keys changed is given, but not kept ([`kept`]).
//! 3. Answers are given from memory only while the last poll of the position, over the same
//!    connection, is fresh ([`seen`]). They claim to have seen what that poll saw: no key of theirs
//!    had changed up to there. An answer that was made later than the poll waits for the next.
//! 4. With the connection, all that is kept is lost; so it is with the live generation.
//!
//! What moves with every batch, the token and the freshness, is put together with an answer only
//! when it is sent ([`answer`]), so that an answer stays as long as its own keys do.
//!
//! Deliberately absent: the cache of the client library, and anything about what is answered. The
//! [`front`] stands before the routes, and asks them for what it does not have.

pub mod front;

mod answer;
mod flights;
pub mod kept;
mod link;
pub mod seen;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;

use crate::positions::Positions;
use crate::reader::Reader;
use flights::Flights;
use front::Made;
use kept::Kept;
use seen::Sight;

/// Answers that are kept right by Redis. Clones share them.
#[derive(Clone)]
pub struct Cache(Arc<Parts>);

struct Parts {
    client: redis::Client,
    reader: Reader,
    kept: Kept,
    sight: Sight,
    flights: Flights<Arc<Made>>,
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
            kept: Kept::new(kept::BYTES_MAX),
            sight: Sight::new(),
            flights: Flights::new(),
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
        link::run(&self.0).await;
    }

    /// How far the last poll has seen the streams folded, if that is not too long ago.
    #[must_use]
    pub fn seen(&self) -> Option<Positions> {
        self.0.sight.now().map(|seen| seen.positions.clone())
    }

    /// How many answers are kept.
    #[must_use]
    pub fn kept_answers(&self) -> usize {
        self.0.kept.size().0
    }
}

impl Parts {
    fn connection(&self) -> Option<MultiplexedConnection> {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_connection(&self, connection: Option<MultiplexedConnection>) {
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
    }

    fn has_connection(&self) -> bool {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Nothing is known of what is kept.
    fn forget(&self) {
        self.sight.lose();
        self.kept.clear();
        metrics::counter!("murmur_query_cache_dropped_total").increment(1);
    }

    fn is_link(&self, link: u64) -> bool {
        self.link.load(Ordering::Acquire) == link
    }
}
