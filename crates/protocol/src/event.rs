//! What the content of events has to offer. What there is in particular is said by each shop's contracts.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{ForeignRows, Id, Kind, Service, Timestamp};

/// The events that a service understands: its own, and those that it reads.
pub trait Event: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// Its kind.
    fn kind(&self) -> Kind;

    /// The newest version of its content. Whatever version a row was written in, what is parsed has this one.
    fn version(&self) -> u16;

    /// The version in which it is written, unless its service is told otherwise. It is older than the
    /// newest as long as there may be readers that do not know the newest.
    fn written(&self) -> u16 {
        self.version()
    }

    /// The id that it is about, and the last token of its subject.
    fn id(&self) -> &Id;

    /// When the durable timer that it sets is due, if it sets one.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// Parses the JSON payload of a kind in a version: the content is that of the newest.
    ///
    /// # Errors
    /// When the kind or the version is unknown, or the payload does not have its shape. Unknown fields
    /// are accepted.
    fn parse(kind: Kind, version: u16, payload: &[u8]) -> Result<Self, EventError>;

    /// The JSON payload in the newest version.
    ///
    /// # Errors
    /// When the payload cannot be written, which is a mistake in its type.
    fn to_payload(&self) -> Result<Vec<u8>, serde_json::Error>;

    /// The JSON payload in that version.
    ///
    /// # Errors
    /// When that version is not written, or the payload cannot be, which is a mistake in its type.
    fn payload_in(&self, version: u16) -> Result<Vec<u8>, EventError> {
        if version != self.version() {
            return Err(EventError::NotWritten { kind: self.kind().to_string(), version });
        }
        self.to_payload().map_err(|error| EventError::payload(self.kind(), &error))
    }
}

/// A shape that the content of an event had before. It stays for as long as there are rows in it, which is
/// for ever: rows are never rewritten.
pub trait OlderVersion: Serialize + DeserializeOwned + JsonSchema {
    /// The newest shape.
    type Newest;

    /// Whether a service may still be told to write this version.
    const IS_WRITTEN: bool;

    /// The upcaster: what a row of this version says, in the newest shape. The same row always says the
    /// same: no clock, no state, and no default that could change.
    fn upcast(self) -> Self::Newest;

    /// The same content in this shape; none where it is not written.
    fn downcast(newest: &Self::Newest) -> Option<Self>;
}

/// State that its owner publishes whole with each event, so that others keep a replica by remembering the
/// newest.
pub trait Replicated: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Whose state it is.
    const OWNER: Service;
}

/// Why an event cannot be understood. Its raw row is still intact and can be kept.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// A kind that this build does not know.
    #[error(
        "unknown event type {0:?}: this build is older than its producer, or the event is foreign"
    )]
    UnknownType(String),
    /// A known kind in a version from the future.
    #[error("{kind} has version {version}, this build knows up to {known}: upgrade this service")]
    UnknownVersion {
        /// The kind.
        kind: String,
        /// The version on the wire.
        version: u16,
        /// The newest version that this build reads.
        known: u16,
    },
    /// The payload does not have the shape of its type.
    #[error("the payload of {kind} does not have its shape: {reason}")]
    Payload {
        /// The kind.
        kind: String,
        /// What the parser says.
        reason: String,
    },
    /// A known version that nobody writes.
    #[error("{kind} is not written in version {version}")]
    NotWritten {
        /// The kind.
        kind: String,
        /// The version.
        version: u16,
    },
}

impl EventError {
    /// Of a payload that has not the shape of its kind.
    #[must_use]
    pub fn payload(kind: Kind, error: &serde_json::Error) -> Self {
        Self::Payload { kind: kind.to_string(), reason: error.to_string() }
    }

    /// Whether a build that is newer than this one may know it.
    #[must_use]
    pub const fn is_newer(&self) -> bool {
        matches!(self, Self::UnknownType(_) | Self::UnknownVersion { .. })
    }

    /// Of a version that is newer than `known`.
    #[must_use]
    pub fn newer(kind: Kind, version: u16, known: u16) -> Self {
        Self::UnknownVersion { kind: kind.to_string(), version, known }
    }
}

/// A database that was lost or behind has been restored from the stream, and the row takes the end of
/// the stream for the new owner, before it decides anything. Or the stream was rebuilt from the database
/// without what somebody else had written into it. Every service has it, in version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recovered {
    /// The service, as the id of the event.
    pub service: Id,
    /// How many rows were taken from the stream.
    pub rows: u64,
    /// The sequence of the last row that was restored.
    pub up_to: u64,
    /// All that was ever taken out of the stream because somebody else had written it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<ForeignRows>,
}

impl Recovered {
    /// The version of its shape.
    pub const VERSION: u16 = 1;
}
