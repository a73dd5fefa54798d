//! What the content of events has to offer. What there is in particular is said by each shop's contracts.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Id, Kind, Service, Timestamp};

/// The events that a service understands: its own, and those that it reads.
pub trait Event: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// Its kind.
    fn kind(&self) -> Kind;

    /// The version of its shape that [`Event::to_payload`] writes.
    fn version(&self) -> u16;

    /// The id that it is about, and the last token of its subject.
    fn id(&self) -> &Id;

    /// When the durable timer that it sets is due, if it sets one.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// Parses the JSON payload of a kind in a version.
    ///
    /// # Errors
    /// When the kind or the version is unknown, or the payload does not have its shape. Unknown fields
    /// are accepted.
    fn parse(kind: Kind, version: u16, payload: &[u8]) -> Result<Self, EventError>;

    /// The JSON payload.
    ///
    /// # Errors
    /// When the payload cannot be written, which is a mistake in its type.
    fn to_payload(&self) -> Result<Vec<u8>, serde_json::Error>;
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
}

/// A database that was lost or behind has been restored from the stream. The row takes the end of
/// the stream for the new owner, before it decides anything. Every service has it, in version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recovered {
    /// The service, as the id of the event.
    pub service: Id,
    /// How many rows were taken from the stream.
    pub rows: u64,
    /// The sequence of the last row that was restored.
    pub up_to: u64,
}

impl Recovered {
    /// The version of its shape.
    pub const VERSION: u16 = 1;
}
