//! What the last poll has seen, and for how long that may be told.
//!
//! A poll goes over the connection on which Redis tells of changes, and Redis tells of a change
//! before it answers anything that was asked after it. So whatever was changed up to the position
//! that a poll answers has been dropped from what is kept by the time the poll's answer is here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use runtime::warp::http::HeaderValue;

use crate::answers::freshness::Freshness;
use crate::positions::Positions;
use crate::standing::Standing;

/// How long what a poll has seen is told, from the moment at which it was sent. The bound on how
/// much older than the projector an answer from memory can be.
pub const TOLD_MAX: Duration = Duration::from_millis(50);

/// What a poll has seen.
#[derive(Debug)]
pub(super) struct Seen {
    /// Another one for each that looks different.
    pub(super) version: u64,
    pub(super) positions: Positions,
    /// As it stands in answers.
    pub(super) freshness: Bytes,
    pub(super) token: HeaderValue,
    /// Whether the projector follows.
    pub(super) complete: bool,
}

/// The last that was seen.
pub(super) struct Sight {
    started: Instant,
    /// Microseconds from `started` until which it may be told.
    told_until: AtomicU64,
    seen: RwLock<Option<Arc<Seen>>>,
    versions: AtomicU64,
}

impl Sight {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            told_until: AtomicU64::new(0),
            seen: RwLock::default(),
            versions: AtomicU64::new(0),
        }
    }

    /// What was seen, if that is not too long ago.
    pub(super) fn now(&self) -> Option<Arc<Seen>> {
        // Read before the time, so that what is told is never older than the time allows.
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let now = micros(self.started.elapsed());
        (now < self.told_until.load(Ordering::Acquire)).then_some(seen)
    }

    /// Takes in what a poll that was sent at `sent` has seen.
    pub(super) fn take(&self, positions: Positions, standing: &Standing, sent: Instant) {
        let told_until = micros(sent.saturating_duration_since(self.started) + TOLD_MAX);
        if let Some(seen) = self.look(positions, standing) {
            *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(seen));
        }
        self.told_until.store(told_until, Ordering::Release);
    }

    /// Something else than before, or nothing.
    fn look(&self, positions: Positions, standing: &Standing) -> Option<Seen> {
        let last = self.seen.read().unwrap_or_else(PoisonError::into_inner).clone();
        let freshness = Freshness::of(&positions, standing);
        let json = serde_json::to_vec(&freshness).ok()?;
        let same = |last: &Arc<Seen>| last.positions == positions && last.freshness == json;
        if last.as_ref().is_some_and(same) {
            return None;
        }
        Some(Seen {
            version: self.versions.fetch_add(1, Ordering::Relaxed) + 1,
            token: HeaderValue::try_from(freshness.token()).ok()?,
            complete: !freshness.is_incomplete(),
            freshness: json.into(),
            positions,
        })
    }

    /// Nothing can be said any more.
    pub(super) fn lose(&self) {
        self.told_until.store(0, Ordering::Release);
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
