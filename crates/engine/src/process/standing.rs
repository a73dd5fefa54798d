//! How a process stands: what `/status` and the operator see.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::{HistoryId, Service, Timestamp};
use serde::Serialize;

/// What a process is called that is ready but for a stream that it decides on and cannot read.
pub const UNREADY: &str = "unready";

/// The stage of a process's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It looks at what its stores hold; commands are turned away.
    #[default]
    Starting,
    /// It takes commands.
    Ready,
    /// It takes commands without the broker.
    Alone,
    /// It refuses commands until a person has chosen.
    Fenced,
    /// It finishes what it has begun.
    Stopping,
}

impl Stage {
    /// Whether a command may be taken now, which may demand that it is kept in two places.
    #[must_use]
    pub const fn admits(self, require_replicated: bool) -> bool {
        match self {
            Self::Ready => true,
            Self::Alone => !require_replicated,
            Self::Starting | Self::Fenced | Self::Stopping => false,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Alone => "alone",
            Self::Fenced => "fenced",
            Self::Stopping => "stopping",
        }
    }
}

/// How a process stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessStatus {
    /// The stage.
    pub stage: Stage,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// What the streams that are decided on say that keeps them from being read, if anything: an alarm
    /// stands. That the broker is away is none.
    pub unreadable: Option<String>,
    /// What of the broker's limits is in the way.
    pub limits: Option<String>,
    /// What a person can do.
    pub choices: &'static [&'static str],
    /// The first message of the own stream that somebody else wrote, where it is fenced for that.
    pub foreign_message: Option<u64>,
    /// The history that is told.
    pub history: Option<HistoryId>,
    /// The outbox's end.
    pub head: u64,
    /// Up to where the stream has acknowledged it.
    pub acknowledged: u64,
    /// What is known of the stream, once the start has compared it with the outbox.
    pub compared: Option<Compared>,
    /// For each foreign stream, how far it is folded and decided.
    pub positions: BTreeMap<Service, (u64, u64)>,
    /// The readers of foreign streams.
    pub streams: BTreeMap<Service, StreamProgress>,
    /// Streams that are held, and why.
    pub held: BTreeMap<Service, String>,
    /// When the next timer is due, if one is set.
    pub next_timer: Option<Timestamp>,
}

impl ProcessStatus {
    /// Whether it takes commands, with the broker or without.
    #[must_use]
    pub const fn takes_commands(&self) -> bool {
        matches!(self.stage, Stage::Ready | Stage::Alone)
    }

    /// Whether it does its work: it takes commands, and can read what it decides on.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.takes_commands() && self.unreadable.is_none()
    }

    /// The name of its stage, or [`UNREADY`].
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match (self.stage, &self.unreadable) {
            (Stage::Ready, Some(_)) => UNREADY,
            (stage, _) => stage.name(),
        }
    }
}

/// When a process has compared its stream with the outbox, and whether it has to again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// When the stream was created: tells it from another one of its name.
    pub created: Timestamp,
    /// When it was last seen to hold what it has acknowledged, by the monotonic clock.
    pub at: Duration,
    /// Why what it holds has to be read back.
    pub doubt: Option<String>,
    /// What a consumer of it complains of, until the stream was looked at.
    pub complaint: Option<String>,
}

/// How far the reading of a stream is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamProgress {
    /// Whether messages flow, since the stream was looked at.
    pub connected: bool,
    /// The stream's end, as last seen.
    pub last: u64,
    /// Why nothing flows, where that is not for the stream's sake.
    pub waits: Option<String>,
    /// What is wrong with the stream, if anything is.
    pub alarm: Option<String>,
}
