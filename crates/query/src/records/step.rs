//! One event in the life of an order, as its timeline shows it.

use contracts::StoredEvent;
use contracts::choreography::MURMURATION;
use protocol::choreography::{NONE, State};
use protocol::{Cause, Kind, Service, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One event: what, when, and what made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its sequence in its stream.
    pub sequence: u64,
    /// What happened.
    #[serde(rename = "type", with = "protocol::as_text")]
    #[schemars(with = "protocol::Kind")]
    pub kind: Kind,
    /// When it was decided, by the clock of whoever decided.
    pub time: Timestamp,
    /// What made it.
    #[serde(with = "protocol::as_text")]
    #[schemars(with = "String")]
    pub cause: Cause,
}

impl Step {
    /// The step that an event is.
    #[must_use]
    pub fn of(event: &StoredEvent) -> Self {
        let headers = &event.headers;
        Self {
            sequence: headers.sequence,
            kind: headers.kind,
            time: headers.time,
            cause: headers.cause.clone(),
        }
    }

    /// The service that took it.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.kind.service()
    }
}

/// The state in which a service is after these steps of it, by the choreography's names.
#[must_use]
pub fn state_after(steps: &[Step]) -> State {
    steps.last().and_then(|step| MURMURATION.state_after(step.kind)).unwrap_or(NONE)
}
