//! Where the read model stands, as everyone in this process sees it.

pub mod monitor;
pub mod report;

use std::sync::Arc;

use contracts::service;
use protocol::{Service, Timestamp};
use runtime::reading::Progress;
use schemars::JsonSchema;
use serde::Serialize;

use crate::keys::Generation;
use crate::positions::Positions;
use crate::sources::AllProgress;

/// What the projector is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It cannot fold, for this reason, and tries again.
    Away(String),
    /// What is read was folded by an older build, and is not folded further.
    StaleVersion,
    /// It folds from zero, and has not yet reached what the streams held when it began.
    Rebuilding,
    /// It folds what came while it was away.
    CatchingUp,
    /// It has caught up once, and follows.
    Following,
}

/// Where the read model stands.
#[derive(Clone, Debug)]
pub struct ProjectorStatus {
    /// What the projector is doing; [`ProjectorStatus::enter`] changes it.
    pub phase: Phase,
    /// Since when it does that, whatever the reasons were meanwhile.
    pub since: Timestamp,
    /// The live generation, once Redis has said it.
    pub generation: Option<Generation>,
    /// How far it has folded.
    pub positions: Positions,
    /// How the reading of each stream goes.
    pub progress: AllProgress,
    /// When a batch was last written, by this process.
    pub written_at: Option<Timestamp>,
    /// Where the present reading of the streams began.
    pub began: Began,
    /// The clock by which it is told how far all this is behind.
    pub clock: fn() -> Timestamp,
}

/// Where a reading of the streams began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Began {
    /// When.
    pub at: Timestamp,
    /// How many rows were folded then.
    pub rows: u64,
}

/// How far a building from zero is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Rebuild {
    /// Rows that are folded.
    pub folded: u64,
    /// Rows that the streams are known to hold.
    pub of: u64,
    /// How much that is, of a hundred.
    pub percent: u64,
    /// How fast it goes.
    pub rows_per_second: u64,
    /// After how many seconds it will be done, if it goes on like this.
    pub eta_seconds: Option<u64>,
}

impl Default for ProjectorStatus {
    fn default() -> Self {
        Self {
            phase: Phase::Away("starting".into()),
            since: Timestamp::default(),
            generation: None,
            positions: Positions::default(),
            progress: Arc::new([]),
            written_at: None,
            began: Began::default(),
            clock: Timestamp::default,
        }
    }
}

impl Phase {
    /// All names in answers.
    pub const NAMES: [&'static str; 5] =
        ["away", "stale_version", "rebuilding", "catching_up", "following"];

    /// Its name in answers.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Away(_) => "away",
            Self::StaleVersion => "stale_version",
            Self::Rebuilding => "rebuilding",
            Self::CatchingUp => "catching_up",
            Self::Following => "following",
        }
    }
}

impl ProjectorStatus {
    /// From now on it does this.
    pub fn enter(&mut self, phase: Phase) {
        if self.phase.name() != phase.name() || self.since == Timestamp::default() {
            self.since = (self.clock)();
        }
        self.phase = phase;
    }

    /// Whether what is read is all that there is, but for what is under way.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let connected = |service| self.progress_of(service).connected;
        self.phase == Phase::Following && service::ALL.into_iter().all(connected)
    }

    /// How the reading of one stream goes.
    #[must_use]
    pub fn progress_of(&self, service: Service) -> Progress {
        let found = self.progress.iter().find(|(of, _)| *of == service);
        found.map(|(_, progress)| progress.borrow().clone()).unwrap_or_default()
    }

    /// How far the building from zero is, while there is one.
    #[must_use]
    pub fn rebuild(&self) -> Option<Rebuild> {
        (self.phase == Phase::Rebuilding).then(|| {
            let folded = self.positions.rows();
            let ends = service::ALL.map(|service| self.progress_of(service).last_in_stream);
            let elapsed_ms = (self.clock)().millis_since(self.began.at);
            let since_began = folded.saturating_sub(self.began.rows);
            Rebuild::of(folded, ends.iter().sum(), since_began, elapsed_ms)
        })
    }
}

impl Rebuild {
    fn of(folded: u64, known: u64, since_began: u64, elapsed_ms: i64) -> Self {
        let of = known.max(folded);
        let elapsed_ms = u64::try_from(elapsed_ms).unwrap_or(0).max(1);
        let rows_per_second = since_began.saturating_mul(1_000) / elapsed_ms;
        let percent = (folded.saturating_mul(100)).checked_div(of).unwrap_or(0);
        let eta_seconds = (of - folded).checked_div(rows_per_second).map(|whole| whole + 1);
        Self { folded, of, percent, rows_per_second, eta_seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebuild_tells_how_far_it_is_and_when_it_will_be_done() {
        let rebuild = Rebuild::of(30_000, 100_000, 30_000, 1_500);
        assert_eq!((rebuild.percent, rebuild.rows_per_second), (30, 20_000));
        assert_eq!(rebuild.eta_seconds, Some(4));
    }

    #[test]
    fn a_rebuild_that_has_not_moved_yet_promises_nothing() {
        assert_eq!(Rebuild::of(0, 100, 0, 0).eta_seconds, None);
        assert_eq!(Rebuild::of(0, 0, 0, 0).percent, 0);
    }
}
