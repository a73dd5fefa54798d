//! Reading the read model: everything that one answer needs, in one round trip, at one moment.
//!
//! The pointer and the position are read together with the records, so an answer always knows of
//! which prefix of the streams it is the fold. What was read is noted with it: there is no other way to a
//! record than a [`Look`], and a [`QueryReader`] looks once.

pub mod page;

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::Service;
use redis::aio::{
    ConnectionLike, ConnectionManager, ConnectionManagerConfig, MultiplexedConnection,
};
use redis::{ErrorKind, ServerErrorKind};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::fold::family::Stored;
use crate::keys::{self, Generation};
use crate::positions::Positions;
use crate::projector_status::ProjectorStatus;
use crate::store::{LIST, OPEN, explained};
use page::{ListAnswer, Page, PageRequest};

/// Longest wait for an answer of Redis to a reader.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// How long a read waits for what its token names.
pub const TOKEN_PATIENCE: Duration = Duration::from_secs(5);

/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(1);

/// Commands that may wait to be sent: many clients share one connection.
const PIPELINE: usize = 1_024;

/// Keys that are read before those of the answer: pointer, position, and the mark of completeness.
const FIRST_KEYS: usize = 3;

/// How often a read that met another generation than it expected looks again.
const ATTEMPTS: usize = 3;

/// Reads what the projector writes. Clones share one connection.
#[derive(Clone)]
pub struct Reader {
    connection: ConnectionManager,
    standing: watch::Receiver<ProjectorStatus>,
}

/// Reads for one answer, and no more than once: all of it is of one moment.
pub struct QueryReader {
    reader: Reader,
    /// Over which it reads, if not over the reader's own.
    connection: Option<MultiplexedConnection>,
    wanted: Wanted,
}

/// What was read, and of which prefix of the streams it is the fold.
#[derive(Debug)]
pub struct Look {
    /// How far the streams were folded.
    pub positions: Positions,
    /// The whole keys that were read. Which entries a page has only Redis knows, so what is made from a page
    /// depends on the position: it counts as changed whenever anything was folded.
    pub dependencies: Vec<String>,
    /// The records asked for, in their order.
    pub records: Vec<Option<Vec<u8>>>,
    /// The pages asked for, in their order.
    pub pages: Vec<Page>,
    /// How many events are parked and not dropped; not counted if no page was asked for.
    pub parked: u64,
}

/// How far some streams must have been folded: what a consistency token says.
pub type Wanted = BTreeMap<Service, u64>;

/// A stream that is not folded far enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    pub service: Service,
    /// Which sequence the token asks for.
    pub wanted: u64,
    /// Which is folded.
    pub folded: u64,
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Redis cannot be reached, or does not answer as it should.
    #[error("Redis failed: {}", explained(.0))]
    Away(#[from] redis::RedisError),
    /// Redis holds no read model: it was flushed, or is new. The projector builds one.
    #[error("Redis holds no read model yet; it is being built from the streams")]
    Nothing,
    /// It was waited for, and is not folded.
    #[error("the read model has not yet seen what the token asks for")]
    NotCaughtUp(Vec<Missing>),
    /// What Redis holds was not written by a fold of this build.
    #[error("{0}")]
    Damaged(String),
}

impl Reader {
    /// A reader of `client`'s server. Connects with the first read, and again after each failure.
    ///
    /// # Errors
    /// When the client's settings do not allow it.
    pub fn new(
        client: &redis::Client,
        standing: watch::Receiver<ProjectorStatus>,
    ) -> Result<Self, redis::RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(ANSWER_MAX))
            .set_pipeline_buffer_size(PIPELINE)
            .set_number_of_retries(1);
        Ok(Self { connection: client.get_connection_manager_lazy(config)?, standing })
    }

    /// Where the read model stands.
    #[must_use]
    pub fn standing(&self) -> ProjectorStatus {
        self.standing.borrow().clone()
    }

    /// Where the read model stands, now and whenever that changes: the signal that there is news.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<ProjectorStatus> {
        self.standing.clone()
    }

    /// Waits, at most for `patience`, until the projector has folded as much as is wanted.
    ///
    /// # Errors
    /// With what is still missing then.
    pub async fn wait_for(&self, wanted: &Wanted, patience: Duration) -> Result<(), Vec<Missing>> {
        let mut standing = self.standing.clone();
        let folded = standing.wait_for(|standing| missing(&standing.positions, wanted).is_empty());
        if let Ok(Ok(_)) = tokio::time::timeout(patience, folded).await {
            return Ok(());
        }
        Err(missing(&self.standing.borrow().positions, wanted))
    }

    /// Reads for one answer.
    #[must_use]
    pub fn once(&self) -> QueryReader {
        QueryReader { reader: self.clone(), connection: None, wanted: Wanted::new() }
    }

    /// Counts the events that could not be folded, but for those that a person has dropped.
    ///
    /// # Errors
    /// When Redis fails, or holds no read model.
    pub async fn count_parked(&self) -> Result<u64, ReadError> {
        let generation = self.live_generation().await?;
        let mut connection = self.connection.clone();
        let parked = generation.key(keys::PARKED);
        let mut count = OPEN.prepare_invoke();
        count.arg(parked).arg(keys::DROPPED);
        Ok(count.invoke_async(&mut connection).await?)
    }

    async fn live_generation(&self) -> Result<Generation, ReadError> {
        let mut connection = self.connection.clone();
        let pointer: Option<String> =
            redis::cmd("GET").arg(keys::POINTER).query_async(&mut connection).await?;
        let pointer = pointer.ok_or(ReadError::Nothing)?;
        pointer
            .parse()
            .map_err(|error: keys::InvalidGeneration| ReadError::Damaged(error.to_string()))
    }
}

impl QueryReader {
    #[must_use]
    pub fn over(self, connection: MultiplexedConnection) -> Self {
        Self { connection: Some(connection), ..self }
    }

    /// Not before this much is folded.
    #[must_use]
    pub fn after(self, wanted: Wanted) -> Self {
        Self { wanted, ..self }
    }

    /// Reads records and pages.
    ///
    /// # Errors
    /// When Redis fails, holds no read model, or has not folded what was wanted.
    pub async fn look(self, names: &[String], pages: &[PageRequest]) -> Result<Look, ReadError> {
        if !self.wanted.is_empty() {
            let waited = self.reader.wait_for(&self.wanted, TOKEN_PATIENCE).await;
            waited.map_err(ReadError::NotCaughtUp)?;
        }
        let mut generation = self.reader.standing.borrow().generation.clone();
        for _ in 0..ATTEMPTS {
            let assumed = match generation.take() {
                Some(generation) => generation,
                None => self.reader.live_generation().await?,
            };
            let prefix = assumed.prefix();
            let first = [keys::POINTER.to_owned(), assumed.position_key(), assumed.built_key()];
            let keys = names.iter().map(|name| [&prefix, name.as_str()].concat());
            let keys: Vec<String> = first.into_iter().chain(keys).collect();
            let answer = self.ask(&prefix, &keys, pages).await?;
            if let Some(look) = understand(&assumed, keys, answer, !pages.is_empty())? {
                return Ok(look);
            }
        }
        Err(ReadError::Nothing)
    }

    async fn ask(
        &self,
        prefix: &str,
        keys: &[String],
        pages: &[PageRequest],
    ) -> Result<ListAnswer, ReadError> {
        match &self.connection {
            Some(connection) => ask(&mut connection.clone(), prefix, keys, pages).await,
            None => ask(&mut self.reader.connection.clone(), prefix, keys, pages).await,
        }
    }
}

async fn ask(
    connection: &mut (impl ConnectionLike + Send),
    prefix: &str,
    keys: &[String],
    pages: &[PageRequest],
) -> Result<ListAnswer, ReadError> {
    let mut values = redis::cmd("MGET");
    values.arg(keys);
    if pages.is_empty() {
        return Ok((values.query_async(connection).await?, (0, Vec::new())));
    }
    let mut call = LIST.prepare_invoke();
    call.arg(prefix).arg(keys::PARKED).arg(keys::DROPPED);
    for page in pages {
        page.add_to(&mut call);
    }
    // Not read by the script: what goes through it costs several times as much.
    let mut all = redis::pipe();
    all.atomic().add_command(values).invoke_script(&call);
    match all.query_async(connection).await {
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
            LIST.load_async(connection).await?;
            Ok(all.query_async(connection).await?)
        }
        answer => Ok(answer?),
    }
}

/// What was read under the assumption that this generation is live; nothing if another one is.
fn understand(
    assumed: &Generation,
    mut keys: Vec<String>,
    (mut values, (parked, pages)): ListAnswer,
    asked_for_pages: bool,
) -> Result<Option<Look>, ReadError> {
    if values.len() < FIRST_KEYS {
        return Err(too_little());
    }
    let records = values.split_off(FIRST_KEYS);
    let (pointer, position) = (text(values.first()), text(values.get(1)));
    if pointer.is_some_and(|pointer| pointer != assumed.to_string()) {
        return Ok(None);
    }
    // What is not built to its end would answer with a part of the truth.
    let (Some(_), Some(position), Some(_)) = (pointer, position, text(values.get(2))) else {
        return Err(ReadError::Nothing);
    };
    let positions =
        Positions::parse(position).map_err(|damaged| ReadError::Damaged(damaged.to_string()))?;
    // The pointer is not among them: with another live generation, all that is kept is lost.
    let mut dependencies = keys.split_off(FIRST_KEYS);
    dependencies.extend(asked_for_pages.then(|| assumed.position_key()));
    let pages = pages.into_iter().map(Page::of).collect();
    Ok(Some(Look { positions, dependencies, records, pages, parked }))
}

/// What was read is not all that was asked for.
pub(crate) fn too_little() -> ReadError {
    ReadError::Damaged("Redis answered too little".to_owned())
}

/// What of `wanted` is not folded.
#[must_use]
pub fn missing(positions: &Positions, wanted: &Wanted) -> Vec<Missing> {
    let standing = |(service, wanted): (&Service, &u64)| Missing {
        service: *service,
        wanted: *wanted,
        folded: positions.of(*service).sequence,
    };
    wanted.iter().map(standing).filter(|missing| missing.folded < missing.wanted).collect()
}

/// Understands a record.
///
/// # Errors
/// When it is not what a fold writes.
pub fn record<T: DeserializeOwned>(
    value: Option<&Option<Vec<u8>>>,
) -> Result<Option<T>, ReadError> {
    let Some(Some(json)) = value else { return Ok(None) };
    let stored: Stored<T> = serde_json::from_slice(json)
        .map_err(|error| ReadError::Damaged(format!("a record in Redis is damaged: {error}")))?;
    Ok(Some(stored.record))
}

fn text(value: Option<&Option<Vec<u8>>>) -> Option<&str> {
    std::str::from_utf8(value?.as_ref()?).ok()
}
