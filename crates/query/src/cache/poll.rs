//! What the last poll has seen, and for how long that may be told.
//!
//! A poll goes over the connection on which Redis tells of changes, and Redis tells of a change
//! before it answers anything that was asked after it. So whatever was changed up to the position
//! that a poll answers has been dropped from what is kept by the time the poll's answer is here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::freshness::Freshness;
use crate::positions::Positions;
use crate::projector_status::ProjectorStatus;
use crate::query::answer::Stamp;

/// How long what a poll has seen is told, from the moment at which it was sent. The bound on how
/// much older than the projector an answer from memory can be.
pub const TOLD_MAX: Duration = Duration::from_millis(50);

/// What a poll has seen.
#[derive(Debug)]
pub(super) struct PollSnapshot {
    /// Another one for each that looks different.
    pub(super) version: u64,
    pub(super) positions: Positions,
    /// As it stands in answers.
    pub(super) stamp: Stamp,
}

pub(super) struct Polled {
    started: Instant,
    /// Microseconds from `started` until which it may be told.
    fresh_until: AtomicU64,
    last: RwLock<Option<Arc<PollSnapshot>>>,
    versions: AtomicU64,
}

impl Polled {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            fresh_until: AtomicU64::new(0),
            last: RwLock::default(),
            versions: AtomicU64::new(0),
        }
    }

    /// The last snapshot, if it is not too old.
    pub(super) fn now(&self) -> Option<Arc<PollSnapshot>> {
        // Read before the time, so that what is told is never older than the time allows.
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let now = micros(self.started.elapsed());
        (now < self.fresh_until.load(Ordering::Acquire)).then_some(last)
    }

    /// Takes in what a poll that was sent at `sent` has seen.
    pub(super) fn take(&self, positions: Positions, standing: &ProjectorStatus, sent: Instant) {
        let fresh_until = micros(sent.saturating_duration_since(self.started) + TOLD_MAX);
        if let Some(snapshot) = self.changed(positions, standing) {
            *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(snapshot));
        }
        self.fresh_until.store(fresh_until, Ordering::Release);
    }

    /// Something else than before, or nothing.
    fn changed(&self, positions: Positions, standing: &ProjectorStatus) -> Option<PollSnapshot> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner).clone();
        let stamp = Stamp::of(&Freshness::of(&positions, standing)).ok()?;
        let same = |last: &Arc<PollSnapshot>| last.positions == positions && last.stamp == stamp;
        if last.as_ref().is_some_and(same) {
            return None;
        }
        let version = self.versions.fetch_add(1, Ordering::Relaxed) + 1;
        Some(PollSnapshot { version, positions, stamp })
    }

    /// Nothing can be said any more.
    pub(super) fn lose(&self) {
        self.fresh_until.store(0, Ordering::Release);
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
