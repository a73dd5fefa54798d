//! What a projector reports to the processes that only answer: how it goes, and where the streams end.
//!
//! Positions are not reported here: they stand beside what they are the positions of.

use std::time::Duration;

use contracts::service;
use redis::aio::MultiplexedConnection;
use runtime::reading::Progress;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{Phase, ProjectorStatus};

/// The key under which it is reported.
pub const KEY: &str = "{query}:projector";

/// How often it is reported.
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// For how long it is believed. A projector that is gone says nothing more.
const BELIEVED_MS: u64 = 2_000;

/// What is reported.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    /// Whether it has caught up.
    pub(super) follows: bool,
    /// Why it does not fold.
    pub(super) away: Option<String>,
    /// Each stream, in the order of [`contracts::service::ALL`].
    pub(super) streams: Vec<StreamReport>,
}

/// What is reported of one stream.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StreamReport {
    last: u64,
    connected: bool,
    #[serde(default)]
    waits: Option<String>,
    alarm: Option<String>,
}

/// Reports, until that fails: then the projector meets the same.
pub(crate) async fn publish(
    standing: watch::Receiver<ProjectorStatus>,
    mut connection: MultiplexedConnection,
) {
    loop {
        let report = Report::of(&standing.borrow());
        let Ok(text) = serde_json::to_string(&report) else { return };
        let mut set = redis::cmd("SET");
        set.arg(KEY).arg(text).arg("PX").arg(BELIEVED_MS);
        if set.exec_async(&mut connection).await.is_err() {
            return;
        }
        tokio::time::sleep(REPORT_EVERY).await;
    }
}

impl Report {
    fn of(standing: &ProjectorStatus) -> Self {
        let away = match &standing.phase {
            Phase::Away(reason) => Some(reason.clone()),
            Phase::StaleVersion | Phase::Rebuilding | Phase::CatchingUp | Phase::Following => None,
        };
        let stream = |service| StreamReport::of(standing.progress_of(service));
        let streams = service::ALL.into_iter().map(stream).collect();
        Self { follows: standing.phase == Phase::Following, away, streams }
    }
}

impl StreamReport {
    fn of(progress: Progress) -> Self {
        let Progress { connected, last_in_stream, waits, alarm, .. } = progress;
        Self { last: last_in_stream, connected, waits, alarm }
    }

    /// As if this process read the stream itself.
    pub(super) fn apply_to(self, progress: &mut Progress) {
        progress.last_in_stream = self.last;
        progress.connected = self.connected;
        progress.waits = self.waits;
        progress.alarm = self.alarm;
    }
}
