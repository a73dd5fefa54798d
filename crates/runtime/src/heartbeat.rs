//! Says over the broker how this process is: at once when that changes, and about once a second.
//!
//! Whoever listens learns from the words how a process is, and from silence that it is not. Nothing
//! decides by it, and nothing waits for it: a heartbeat that cannot be said is left out.

use std::time::Duration;

use engine::{Domain, redundancy};
use protocol::Timestamp;
use protocol::choreography::Declared;
use protocol::heartbeat::{Heartbeat, Held, ProcessState, subject};
use tokio::task::JoinHandle;

use crate::handle::now;
use crate::nats::Connection;
use crate::status::{ProcessStatus, Stage, Status};

/// Time between two heartbeats of a process of which nothing changes.
pub const EVERY: Duration = Duration::from_secs(1);

/// Longest time that saying one may take.
const SAY_WITHIN: Duration = Duration::from_millis(500);

/// Longest time that the last one may take: a process that ends is waited for.
const LAST_WORD_WITHIN: Duration = Duration::from_millis(250);

/// What people see at once; the rest goes with the next heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The stage.
    pub state: ProcessState,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// What a person can do about it.
    pub choices: Vec<String>,
    /// The streams that it holds.
    pub held: Vec<Held>,
}

/// What a process has to lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The outbox's end.
    pub head: u64,
    /// Up to where the stream has acknowledged it.
    pub acknowledged: u64,
    /// What of it is in one place only, if anything is.
    pub alone: Option<String>,
}

/// The voice of one process.
#[derive(Clone, Debug)]
pub struct Voice {
    connection: Connection,
    process: String,
    instance: String,
    started_at: Timestamp,
    declared: Option<Declared>,
}

/// The heartbeats of a service, for as long as this is kept.
pub(crate) struct Heartbeats {
    voice: Voice,
    status: Status,
    beating: JoinHandle<()>,
}

impl Voice {
    /// The voice of the process of that name, over this connection.
    #[must_use]
    pub fn new(connection: Connection, process: &str) -> Self {
        let instance = uuid::Uuid::new_v4().to_string();
        let process = process.to_owned();
        Self { connection, process, instance, started_at: now(), declared: None }
    }

    /// The voice of a service's process, which also says what it declares of itself.
    fn of<D: Domain>(connection: Connection) -> Self {
        let declared = Declared::of(D::choreography(), D::SERVICE);
        Self { declared: Some(declared), ..Self::new(connection, D::SERVICE.name()) }
    }

    /// The start of the process, as its heartbeats name it.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Says how the process is since when. Left out while the broker is away: it would be said later,
    /// when it is not true any more.
    pub async fn say(&self, said: &Said, since: Timestamp, kept: Option<Kept>) {
        if !self.connection.is_connected() {
            return;
        }
        let Said { state, reason, choices, held } = said.clone();
        let beat = Heartbeat {
            process: self.process.clone(),
            instance: self.instance.clone(),
            started_at: self.started_at,
            at: now(),
            state,
            since,
            reason,
            choices,
            head: kept.as_ref().map(|kept| kept.head),
            acknowledged: kept.as_ref().map(|kept| kept.acknowledged),
            redundant: kept.as_ref().map(|kept| kept.alone.is_none()),
            redundant_reason: kept.and_then(|kept| kept.alone),
            held,
            declared: self.declared.clone(),
        };
        let Ok(payload) = serde_json::to_vec(&beat) else { return };
        let publishing = self.connection.client().publish(subject(&self.process), payload.into());
        if let Ok(Err(error)) = tokio::time::timeout(SAY_WITHIN, publishing).await {
            tracing::debug!(%error, "a heartbeat was not said");
        }
    }
}

impl Said {
    fn by(standing: &ProcessStatus) -> Self {
        let state = match standing.stage {
            Stage::Starting => ProcessState::Starting,
            Stage::Ready if standing.unreadable.is_some() => ProcessState::Unready,
            Stage::Ready => ProcessState::Ready,
            Stage::Alone => ProcessState::Disconnected,
            Stage::Fenced => ProcessState::Fenced,
            Stage::Stopping => ProcessState::Stopping,
        };
        let choices = standing.choices.iter().map(|choice| (*choice).to_owned()).collect();
        let unreadable = standing.unreadable.clone().filter(|_| standing.takes_commands());
        let reasons: Vec<_> = standing.reason.clone().into_iter().chain(unreadable).collect();
        let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        Self { state, reason, choices, held: held(standing) }
    }
}

fn held(standing: &ProcessStatus) -> Vec<Held> {
    let held = standing.held.iter().map(|(stream, reason)| {
        let (folded, _) = standing.positions.get(stream).copied().unwrap_or_default();
        Held { stream: *stream, row: folded + 1, reason: reason.clone() }
    });
    held.collect()
}

impl Kept {
    fn by(status: &Status) -> Self {
        let ProcessStatus { head, acknowledged, .. } = status.standing();
        Self { head, acknowledged, alone: redundancy::reason(&status.missing()) }
    }
}

impl Heartbeats {
    pub(crate) fn begin<D: Domain>(connection: Connection, status: Status) -> Self {
        let voice = Voice::of::<D>(connection);
        let beating = tokio::spawn(beat(voice.clone(), status.clone()));
        Self { voice, status, beating }
    }

    /// The last word, when the process has done what it had to.
    pub(crate) async fn end(self, reason: Option<String>) {
        self.beating.abort();
        // Only when it has really ended can it no longer speak after the last word.
        drop(self.beating.await);
        let said =
            Said { state: ProcessState::Stopped, reason, choices: Vec::new(), held: Vec::new() };
        let last_word = async {
            self.voice.say(&said, now(), Some(Kept::by(&self.status))).await;
            self.voice.connection.client().flush().await
        };
        // A broker that is away is told nothing.
        if self.voice.connection.is_connected()
            && tokio::time::timeout(LAST_WORD_WITHIN, last_word).await.is_err()
        {
            tracing::debug!("the last heartbeat was not said");
        }
    }
}

/// Until it is dropped, or nobody is left who could change anything.
async fn beat(voice: Voice, status: Status) {
    let (mut standing, mut connected) = (status.watch(), voice.connection.watch());
    let (mut said, mut since) = (Said::by(&standing.borrow()), now());
    loop {
        let is = Said::by(&standing.borrow_and_update());
        if is.state != said.state {
            since = now();
        }
        said = is;
        voice.say(&said, since, Some(Kept::by(&status))).await;
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            changed = standing.wait_for(|standing| Said::by(standing) != said) => {
                if changed.is_err() { return }
            }
            changed = connected.changed() => if changed.is_err() { return },
        }
    }
}
