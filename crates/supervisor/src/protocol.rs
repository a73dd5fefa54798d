//! What a client and the supervisor say to each other: one JSON line each way, one question a
//! connection.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::bail;
use client::process::Process;
use serde::{Deserialize, Serialize};

/// Longest line either side accepts, in bytes: far above nine reports.
pub const LINE_BYTES_MAX: u64 = 256 << 10;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// A report on every process.
    Report,
    /// Something to be done to a process.
    Act(Act, Process),
    /// The same, undone as soon as this connection closes: `Stop`, `Halt` or `Pause`.
    Lease(Act, Process),
    /// A lease has ended.
    Release(Process, u64),
    /// Delete what a process keeps, and start it again.
    Wipe(Process),
    /// Start a process otherwise than usual, from its next start on.
    Arm(Process, Arming),
    /// Stop everything, in order, and end.
    Down,
}

/// What can be done to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// SIGKILL. It is restarted.
    Kill,
    /// SIGTERM. It stays down until it is started.
    Stop,
    /// SIGKILL. It stays down until it is started.
    Halt,
    /// SIGSTOP. It stays frozen until it is started.
    Pause,
    /// Starts a stopped process, thaws a paused one.
    Start,
}

/// How the next starts of a process differ from the usual one. Each arming replaces the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arming {
    /// So many starts; 0 ends an earlier arming.
    pub starts: u32,
    /// More in the environment.
    pub environment: BTreeMap<String, String>,
    /// More arguments.
    pub arguments: Vec<String>,
}

/// What the supervisor answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Every process.
    Report(Vec<Report>),
    /// It was done, or has been begun.
    Done,
    /// It was done, and is undone when the lease of this number ends.
    Leased(u64),
    /// It cannot be done, and why.
    Refused(String),
}

/// One process, as its supervisor sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Which one.
    pub process: Process,
    /// Its process id, while it runs.
    pub pid: Option<u32>,
    /// The port it listens on.
    pub port: u16,
    /// Where it stands.
    pub state: State,
    /// What it waits for, or why it is in that state; empty for nothing.
    pub reason: String,
    /// How often it was started again.
    pub restarts: u32,
    /// How long it runs, in milliseconds.
    pub uptime_ms: Option<u64>,
    /// How it last ended.
    pub last_death: Option<String>,
}

impl Act {
    /// The command that asks for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Halt => "halt",
            Self::Pause => "pause",
            Self::Start => "start",
        }
    }
}

impl Report {
    /// How long it runs, as a person says it.
    pub fn age(&self) -> Option<String> {
        let seconds = self.uptime_ms? / 1_000;
        Some(match seconds {
            0..60 => format!("{seconds}s"),
            60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
            _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        })
    }

    /// An error, if the process is down because starting it again would change nothing.
    pub fn refuse_if_given_up(&self) -> anyhow::Result<()> {
        if self.state == State::Stopped && !self.reason.is_empty() {
            bail!("{} is configured wrongly, and stays down: {}", self.process, self.reason);
        }
        Ok(())
    }
}

/// Where a process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It runs and is not ready yet.
    Starting,
    /// It runs and does its work.
    Ready,
    /// It was ready, and is not any more.
    Unready,
    /// It is frozen.
    Paused,
    /// It has been told to end.
    Stopping,
    /// It ended and is started again after a pause.
    Waiting,
    /// It is down, and stays down until it is started.
    Stopped,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Unready => "not ready",
            Self::Paused => "paused",
            Self::Stopping => "stopping",
            Self::Waiting => "waiting",
            Self::Stopped => "stopped",
        })
    }
}
