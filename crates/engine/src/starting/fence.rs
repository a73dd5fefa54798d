//! What cannot be healed without a person: what was seen, and what the choices are.

use protocol::{HistoryId, Service};
use rusqlite::ErrorCode;

use crate::batch::Fatal;
use crate::database::OpenError;
use crate::database::schema::SchemaError;
use crate::state::StateError;

/// Why a service refuses commands and touches nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fence {
    /// An empty database and no stream, and nobody said that this is a first start.
    #[error("the database is empty, and there is nothing in the stream")]
    FirstStartNeeded,
    /// The stream's configuration is not as wanted and cannot be set right.
    #[error("the stream is not configured as wanted: {0}")]
    Configuration(String),
    /// The stream tells a history of its own.
    #[error("the database tells history {own}, the stream tells {stream}")]
    OtherHistory {
        /// The database's.
        own: HistoryId,
        /// The stream's.
        stream: HistoryId,
    },
    /// Outbox and stream differ at a number that both hold.
    #[error("outbox and stream differ at row {sequence}: two histories")]
    Fork {
        /// The number.
        sequence: u64,
    },
    /// The stream holds a message that is nobody's event, beyond the outbox's end.
    #[error(
        "message {message} of the stream is foreign or damaged: it does not follow from the \
         one before"
    )]
    Foreign {
        /// Its number.
        message: u64,
    },
    /// The stream holds a message that follows the chain, and that no key of this service has sealed.
    #[error(
        "message {message} of the stream is sealed by no key of this service: somebody else \
         wrote it"
    )]
    Forged {
        /// Its number.
        message: u64,
    },
    /// A message of the stream is not the row of its number, and no key of this service has sealed it.
    #[error(
        "the damaged stream cannot be rebuilt: message {message} does not equal row \
         {message}, and is sealed by no key of this service"
    )]
    Edited {
        /// Its number.
        message: u64,
    },
    /// What somebody else wrote into the stream may not be taken out of it.
    #[error(
        "what somebody else wrote into the stream, from message {message} on, cannot be taken \
         out of it: {why}"
    )]
    CannotRemove {
        /// The number of the first message of it.
        message: u64,
        /// Why.
        why: String,
    },
    /// The database is another service's.
    #[error("the database belongs to the service {0:?}")]
    OtherService(String),
    /// The database cannot be read.
    #[error("the database cannot be read: {0}")]
    DatabaseDamaged(String),
    /// Another service has seen a different row at this number.
    #[error("{witness} has seen another row {sequence} than this outbox holds")]
    WitnessDisagrees {
        /// Who.
        witness: Service,
        /// The number.
        sequence: u64,
    },
    /// Another service has seen more rows than outbox and stream hold together.
    #[error("{witness} has seen {seen} rows, outbox and stream hold {held}: two stores were lost")]
    TwoStoresLost {
        /// Who.
        witness: Service,
        /// How many it has seen.
        seen: u64,
        /// How many are left.
        held: u64,
    },
    /// Another process of this service has taken the stream over, over rows that this database lacks.
    #[error(
        "another process of this service has taken the stream over with {sequence} rows; this \
         outbox and the stream hold {held}, or others"
    )]
    Replaced {
        /// The end of its outbox then.
        sequence: u64,
        /// How many rows this outbox and the stream hold.
        held: u64,
    },
    /// The stream is damaged, and a condition for rebuilding it does not hold.
    #[error("the damaged stream cannot be rebuilt: {0}")]
    CannotRebuild(String),
    /// The stream is longer than the outbox, and its rows cannot be taken over.
    #[error("the database cannot be restored from the stream: {0}")]
    CannotRestore(String),
    /// The stream is longer than the outbox by rows that only a newer build understands.
    #[error(
        "message {message} of the stream was written by a newer build of this service, and \
         has to be restored: {reason}"
    )]
    NewerBuild {
        /// The first of them.
        message: u64,
        /// What is not known.
        reason: String,
    },
    /// The outbox itself is damaged.
    #[error("the outbox is damaged: {0}")]
    OutboxDamaged(String),
}

impl Fence {
    /// The fence that an unusable database calls for, if it calls for one: others are told by the end
    /// of the process.
    #[must_use]
    pub fn of_open(error: &OpenError) -> Option<Self> {
        match error {
            OpenError::Schema(SchemaError::OtherService { found, .. }) => {
                Some(Self::OtherService(found.clone()))
            }
            OpenError::Schema(SchemaError::Failed(error)) => Self::of_state(error),
            OpenError::Sqlite { source, .. } => Self::of_sqlite(source),
            OpenError::Schema(SchemaError::Newer { .. })
            | OpenError::Io { .. }
            | OpenError::Owned(_)
            | OpenError::Library(_) => None,
        }
    }

    /// The same of a database that could be opened.
    #[must_use]
    pub fn of_fatal(fatal: &Fatal) -> Option<Self> {
        match fatal {
            Fatal::State(error) => Self::of_state(error),
            Fatal::NotOwner(_) => None,
        }
    }

    /// The same of a database that could be opened and not read.
    #[must_use]
    pub fn of_state(error: &StateError) -> Option<Self> {
        match error {
            StateError::Database(source) => Self::of_sqlite(source),
            StateError::Contradiction(what) => Some(Self::DatabaseDamaged(what.clone())),
            StateError::Full => None,
        }
    }

    fn of_sqlite(error: &rusqlite::Error) -> Option<Self> {
        let damaged = [ErrorCode::NotADatabase, ErrorCode::DatabaseCorrupt];
        let code = error.sqlite_error_code().filter(|code| damaged.contains(code));
        code.map(|_| Self::DatabaseDamaged(error.to_string()))
    }

    /// The first message of the own stream that somebody else wrote, if that is why.
    #[must_use]
    pub const fn foreign_message(&self) -> Option<u64> {
        match self {
            Self::Foreign { message }
            | Self::Forged { message }
            | Self::Edited { message }
            | Self::CannotRemove { message, .. } => Some(*message),
            Self::FirstStartNeeded
            | Self::Configuration(_)
            | Self::OtherHistory { .. }
            | Self::Fork { .. }
            | Self::OtherService(_)
            | Self::DatabaseDamaged(_)
            | Self::WitnessDisagrees { .. }
            | Self::TwoStoresLost { .. }
            | Self::Replaced { .. }
            | Self::CannotRebuild(_)
            | Self::CannotRestore(_)
            | Self::NewerBuild { .. }
            | Self::OutboxDamaged(_) => None,
        }
    }

    /// What a person can do, in full sentences.
    #[must_use]
    pub const fn choices(&self) -> &'static [&'static str] {
        match self {
            Self::FirstStartNeeded => &[
                "If this system is new, start the service once with --first-start.",
                "If it is not, bring back the database folder or the broker's folder, and start again.",
            ],
            Self::Configuration(_) => &[
                "Set the stream's configuration right with the broker's own tool, and start again.",
            ],
            Self::Fork { .. } => &[
                "`murmur heal SERVICE --discard-local` shows what only this database holds, and sets it aside if nobody was promised it.",
                "Or bring back the copy of the database or of the broker's folder that fits the other, and start again.",
            ],
            Self::Foreign { .. } | Self::Edited { .. } => &[
                "Find out who wrote it, and take that access away.",
                "`murmur heal SERVICE --drop-foreign` shows what somebody else wrote; with --yes the stream is published anew without it.",
            ],
            Self::Forged { .. } => &[
                "Find out who wrote it, and take that access away. If the key file was lost or exchanged, bring it back, and start again.",
                "`murmur heal SERVICE --drop-foreign` shows the messages that somebody else wrote, and who has acted on them; with --yes the stream is published anew without them.",
                "If this history began before there were seals, start once with --take-unsealed.",
            ],
            Self::CannotRemove { .. } => &[
                "If the key file was lost or exchanged, bring it back, and start again.",
                "Bring back the newest copy of the database folder, and start again with --drop-foreign.",
                "Or bring back the copy of the broker's folder from before the message, and of the databases of those who acted on it, and start again.",
            ],
            Self::OtherService(_) => &[
                "Check --data: the folder holds another service's database.",
                "Or move the folder away and start again: the service restores itself from its stream.",
            ],
            Self::DatabaseDamaged(_) => &[
                "Move the database folder away, keep it, and start again: the service restores itself from its stream. Only what was answered as local and never published is lost with it.",
                "Or bring back an intact copy of the folder, however old: the stream fills in what it lacks.",
            ],
            Self::OtherHistory { .. } | Self::WitnessDisagrees { .. } => &[
                "Check that --data and --nats belong together.",
                "Bring back the copy of the database or of the broker's folder that fits the other, and start again.",
            ],
            Self::Replaced { .. } => &[
                "If another process of this service runs, stop this one: the other one is its replacement.",
                "If none runs, bring back the newest copy of the database folder, and start again.",
                "If this is a new system on an old broker, delete the service's stream of claims there, too.",
            ],
            Self::TwoStoresLost { .. } => &[
                "Two stores were lost. Bring back the newest copy of the database folder or of the broker's folder, and start again.",
                "Without a copy, what the witness has seen and nobody holds is gone; a new system is a new history.",
            ],
            Self::NewerBuild { .. } => &[
                "Start a build that knows this version: nothing was changed, and nothing is lost.",
            ],
            Self::CannotRebuild(_) | Self::CannotRestore(_) | Self::OutboxDamaged(_) => &[
                "Bring back an intact copy of the database folder (the stream fills in what it lacks), and start again.",
                "Bring back an intact copy of the broker's folder, and start again.",
            ],
        }
    }
}
