//! Redis, as the projector uses it: where it stands, what it holds, and the one script that writes.
//!
//! Redis alone says how far the read model has come. Whoever finds it somewhere else than expected
//! (flushed, restored, written by another) goes on from what it says, never from memory.
//!
//! Deliberately absent: reconnecting. A connection that failed leaves open whether its last write
//! was done, so the projector starts again from [`Store::connect`] and [`Store::find`].

pub mod fitness;
pub mod generations;
pub mod parked;

mod scripts;
mod sweep;
mod trouble;

use std::time::Duration;

use protocol::Timestamp;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, FromRedisValue, IntoConnectionInfo,
    TlsCertificates,
};

use crate::fold::Changes;
use crate::keys::{self, Generation, VIEWS_VERSION};
use crate::positions::Positions;
use fitness::Unfit;
pub(crate) use scripts::{LIST, OPEN};
pub(crate) use trouble::explained;

/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// Longest wait for an answer. A batch of a thousand large orders takes tens of milliseconds; a
/// Redis that saves or loads a large data set can be silent for seconds.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or does not answer as it should.
    #[error("Redis failed: {}", explained(.0))]
    Failed(#[from] redis::RedisError),
    /// It is not fit to hold the read model.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// What it holds was written by a newer build.
    #[error(
        "the read model in Redis has version {found}, this build writes {VIEWS_VERSION}: \
         run the newer build, or flush Redis to build the older version anew"
    )]
    Newer { found: u32 },
    /// A position cannot be written as text.
    #[error("the position cannot be written: {0}")]
    Position(#[from] serde_json::Error),
    /// A script answered something that it never answers.
    #[error("a script answered {0:?}")]
    Answer(String),
}

/// A connection for writing.
#[derive(Clone)]
pub struct Store {
    connection: MultiplexedConnection,
    role: GenerationRole,
}

/// Which of the generations is folded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GenerationRole {
    /// The one that is read.
    #[default]
    Live,
    /// The one that is built beside it.
    Next,
}

impl GenerationRole {
    /// The key that names the generation.
    #[must_use]
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::Live => keys::POINTER,
            Self::Next => keys::NEXT,
        }
    }
}

/// A live read model, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Which generation it is.
    pub generation: Generation,
    /// How far it has folded.
    pub positions: Positions,
    /// Whether it was built to its end once. Before, nobody reads it.
    pub built: bool,
    /// The same, as the very text that Redis holds.
    text: String,
}

#[derive(Debug)]
pub enum Found {
    /// A read model that can be folded further.
    Live(Live),
    /// A read model of an older version of the views. It can be read, as far as it is understood,
    /// until a new one is built.
    Older(Generation),
    /// None that can be: it must be begun anew, in place of what the pointer says.
    Nothing {
        /// What the pointer says; nothing in an empty Redis.
        pointer: Option<String>,
        /// Why, for people.
        reason: String,
    },
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Written {
    Written,
    /// Redis does not stand where the batch was folded from. Nothing was written.
    Moved,
    /// Redis holds something that no fold wrote. Nothing was written.
    Damaged(String),
}

/// A client for a URL, with what every connection needs.
///
/// # Errors
/// When the URL is none of Redis's.
pub fn client(url: &str) -> Result<Client, redis::RedisError> {
    open(url.into_connection_info()?, None)
}

/// A client for an address, with what every connection needs; over TLS it believes these authorities, in PEM, or
/// those of the machine.
///
/// # Errors
/// When the address or the authorities cannot be used.
pub(crate) fn open(
    info: ConnectionInfo,
    authorities: Option<Vec<u8>>,
) -> Result<Client, redis::RedisError> {
    // What a library is called takes a command that is of no other use.
    let said = info.redis_settings().clone().set_skip_set_lib_name();
    let info = info.set_redis_settings(said);
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    match authorities {
        Some(_) => {
            let certificates = TlsCertificates { client_tls: None, root_cert: authorities };
            Client::build_with_tls(info, certificates)
        }
        None => Client::open(info),
    }
}

/// The reason of a failure, with the Redis that it is about. An address is shown without its password.
pub(crate) fn at(client: &Client, reason: &str) -> String {
    format!("{reason} (Redis at {})", client.get_connection_info().addr())
}

impl Store {
    /// Connects, and checks that the server is fit to hold the read model.
    ///
    /// # Errors
    /// When it cannot be reached, or is not fit.
    pub async fn connect(client: &Client) -> Result<Self, StoreError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(ANSWER_MAX));
        let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut store = Self { connection, role: GenerationRole::Live };
        store.check().await?;
        Ok(store)
    }

    /// Checks that the server is fit to hold the read model. It may cease to be while it is used.
    ///
    /// # Errors
    /// When it is not, or cannot be reached.
    pub async fn check(&mut self) -> Result<(), StoreError> {
        let info: String = redis::cmd("INFO").query_async(&mut self.connection).await?;
        Ok(fitness::check(&info)?)
    }

    /// The same connection, for another of the generations.
    #[must_use]
    pub fn in_role(self, role: GenerationRole) -> Self {
        Self { role, ..self }
    }

    /// Says what Redis holds.
    ///
    /// # Errors
    /// When Redis fails, or what it holds was written by a newer build.
    pub async fn find(&mut self) -> Result<Found, StoreError> {
        let (Some(pointer),): (Option<String>,) =
            self.mget(&[self.role.pointer().to_owned()]).await?
        else {
            return Ok(Found::Nothing {
                pointer: None,
                reason: "Redis holds no read model".into(),
            });
        };
        let nothing = |reason: String| Found::Nothing { pointer: Some(pointer.clone()), reason };
        let generation: Generation = match pointer.parse() {
            Ok(generation) => generation,
            Err(error) => return Ok(nothing(format!("the pointer in Redis is damaged: {error}"))),
        };
        if generation.version() > VIEWS_VERSION {
            return Err(StoreError::Newer { found: generation.version() });
        }
        let keys = [generation.position_key(), generation.built_key()];
        let (text, built): (Option<String>, Option<String>) = self.mget(&keys).await?;
        let Some(text) = text else {
            return Ok(nothing(format!("the position of generation {generation} is gone")));
        };
        if generation.version() < VIEWS_VERSION && built.is_some() {
            return Ok(Found::Older(generation));
        }
        if generation.version() < VIEWS_VERSION {
            return Ok(nothing(format!(
                "{generation} is of an older version, and was never built"
            )));
        }
        Ok(match Positions::parse(&text) {
            Ok(positions) => {
                Found::Live(Live { generation, positions, built: built.is_some(), text })
            }
            Err(error) => nothing(error.to_string()),
        })
    }

    /// Begins a new generation in place of `pointer`, or finds what another one has begun.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn begin(
        &mut self,
        pointer: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Live>, StoreError> {
        let old: Option<Generation> = pointer.and_then(|pointer| pointer.parse().ok());
        let generation = Generation::after(old.as_ref(), now);
        let positions = Positions::default();
        let text = positions.to_text()?;
        let mut call = scripts::BEGIN.prepare_invoke();
        call.key(self.role.pointer())
            .key(generation.position_key())
            .key(old.as_ref().unwrap_or(&generation).position_key())
            .arg(pointer.unwrap_or_default())
            .arg(generation.to_string())
            .arg(&text);
        let answer: String = call.invoke_async(&mut self.connection).await?;
        match answer.as_str() {
            "begun" => Ok(Some(Live { generation, positions, built: false, text })),
            "moved" => Ok(None),
            _ => Err(StoreError::Answer(answer)),
        }
    }

    /// Reads records of a generation, in one round trip.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn read(
        &mut self,
        generation: &Generation,
        names: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let prefix = generation.prefix();
        let keys: Vec<_> = names.iter().map(|name| [prefix.as_str(), name].concat()).collect();
        self.mget(&keys).await
    }

    /// Writes what a batch changed and moves `live` on to `next`, if Redis still stands at `live`.
    ///
    /// # Errors
    /// When Redis fails: whether the batch was written is then not known.
    pub async fn write(
        &mut self,
        live: &mut Live,
        next: Positions,
        changes: &Changes,
    ) -> Result<Written, StoreError> {
        let text = next.to_text()?;
        let mut call = scripts::WRITE.prepare_invoke();
        let generation = &live.generation;
        call.key(self.role.pointer())
            .key(generation.position_key())
            .key(generation.key(keys::PARKED));
        call.arg(generation.to_string()).arg(&live.text).arg(&text);
        scripts::add_changes(&mut call, generation, changes)?;
        let answer: String = call.invoke_async(&mut self.connection).await?;
        match answer.as_str() {
            "written" => {
                live.positions = next;
                live.text = text;
                Ok(Written::Written)
            }
            "moved" => Ok(Written::Moved),
            other => match other.strip_prefix("damaged: ") {
                Some(reason) => Ok(Written::Damaged(reason.to_owned())),
                None => Err(StoreError::Answer(answer)),
            },
        }
    }

    /// Marks a generation as built to its end. Says whether it is still the one to be built.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn mark_built(&mut self, generation: &Generation) -> Result<bool, StoreError> {
        let mut call = scripts::BUILT.prepare_invoke();
        call.key(self.role.pointer()).key(generation.built_key()).arg(generation.to_string());
        let answer: String = call.invoke_async(&mut self.connection).await?;
        Ok(answer == "marked")
    }

    /// One text, if it is there.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn text(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(redis::cmd("GET").arg(key).query_async(&mut self.connection).await?)
    }

    /// The same connection, for whoever needs no store.
    #[must_use]
    pub fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    async fn mget<T: FromRedisValue>(&mut self, keys: &[String]) -> Result<T, StoreError> {
        Ok(redis::cmd("MGET").arg(keys).query_async(&mut self.connection).await?)
    }
}
