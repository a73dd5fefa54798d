//! What a process says of itself about once a second: for people who look, and for nobody who decides.
//!
//! Heartbeats are plain messages. Their subjects have two tokens, so that no stream keeps them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choreography::Declared;
use crate::{Service, Timestamp};

/// The query process's name in heartbeats; the others are named after their services.
pub const QUERY: &str = "query";

/// The heartbeats of all processes.
pub const ALL_SUBJECTS: &str = "*.heartbeat";

/// One heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The process, by its service's name or [`QUERY`].
    pub process: String,
    /// Tells one start of the process from the next.
    pub instance: String,
    /// When it was started.
    pub started_at: Timestamp,
    /// When this was said.
    pub at: Timestamp,
    /// The stage of its life.
    pub state: ProcessState,
    /// Since when it is in that stage.
    pub since: Timestamp,
    /// Why, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The outbox's end. None from a process that has no outbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<u64>,
    /// Up to where the stream has acknowledged the outbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<u64>,
    /// Whether all that it holds is in two places. None from a process that has nothing to lose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redundant: Option<bool>,
    /// What of it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redundant_reason: Option<String>,
    /// The streams before whose next row it stands, since it cannot handle that one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
    /// What it declares of itself, for those who were not built with it. None from a process that reacts to
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Declared>,
}

/// A stream that is held: nothing of it is skipped, and nothing behind that row is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// Whose stream.
    pub stream: Service,
    /// The row that cannot be handled.
    pub row: u64,
    /// Why not.
    pub reason: String,
}

/// The stage of a process's life, by its own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProcessState {
    /// It looks at what its stores hold; commands wait.
    Starting,
    /// It takes commands.
    Ready,
    /// It takes commands, and a stream that it decides on cannot be read.
    Unready,
    /// It takes commands, and the broker does not acknowledge them.
    Disconnected,
    /// It refuses commands until a person has chosen.
    Fenced,
    /// It finishes what it has begun.
    Stopping,
    /// It has ended in good order.
    Stopped,
    /// It says something that only a newer build understands.
    #[serde(other)]
    Unknown,
}

/// The subject of a process's heartbeats.
#[must_use]
pub fn subject(process: &str) -> String {
    format!("{process}.heartbeat")
}

impl Service {
    /// The subject of its process's heartbeats.
    #[must_use]
    pub fn heartbeat_subject(&self) -> String {
        subject(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_builds_state_is_unknown_and_no_error() {
        let state: ProcessState = serde_json::from_str("\"hibernating\"").unwrap();
        assert_eq!(state, ProcessState::Unknown);
    }

    #[test]
    fn no_stream_keeps_heartbeats() {
        // Streams keep subjects of three tokens.
        assert_eq!(Service::named("order").heartbeat_subject(), "order.heartbeat");
    }
}
