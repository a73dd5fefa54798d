//! A circuit breaker: whether an owner is asked at all, judged by how it answered before.
//!
//! Closed, it lets every call through. After [`FAILURES_TO_OPEN`] failures in a row it opens, and lets
//! none through for a while: whoever asks is answered at once, and the owner gets time to recover.
//! Then it is half open: a few probes at a time decide whether it closes, or opens for longer.
//!
//! It is a pure state machine: time is handed in. What a call showed is told with the permit that
//! let it through, so that a late answer to an earlier era's call moves nothing.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;

/// Failures in a row that open it. One or two happen to a healthy owner that is restarted.
pub const FAILURES_TO_OPEN: u32 = 5;

/// How long it stays open the first time. A service restarts within less.
pub const OPEN_FOR_MIN: Duration = Duration::from_millis(500);

/// How long it stays open at most, however often probes fail: the longest that an owner that is back
/// goes unnoticed.
pub const OPEN_FOR_MAX: Duration = Duration::from_secs(2);

/// Probes under way at once while it is half open.
pub const PROBES_MAX: u32 = 2;

/// Successful probes that close it.
pub const SUCCESSES_TO_CLOSE: u32 = 2;

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Every call goes through.
    Closed,
    /// A few calls go through, to see.
    HalfOpen,
    /// No call goes through.
    Open,
}

/// What a call showed of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Works,
    /// It does not.
    Fails,
    /// Nothing: the call was given up for another's reason.
    Nothing,
}

/// Lets one call through. It is given back with what the call showed.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    era: u64,
}

/// A breaker as others see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Where it stands.
    pub state: State,
    /// Failures in a row, probes included.
    pub failures: u32,
    /// How long it has stood there.
    pub stands_for: Duration,
    /// When the next probe goes through, while it is open.
    pub next_probe_in: Option<Duration>,
}

/// The breaker of one owner.
#[derive(Debug)]
pub struct Breaker {
    phase: Phase,
    /// Counts the phases: a permit is good for the one it was given in.
    era: u64,
    since: Instant,
    failures: u32,
    /// How long it stays open the next time.
    open_for: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed,
    Open { until: Instant },
    HalfOpen { probes: u32, successes: u32 },
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub const fn new(now: Instant) -> Self {
        Self { phase: Phase::Closed, era: 0, since: now, failures: 0, open_for: OPEN_FOR_MIN }
    }

    /// Whether a call may go through.
    pub fn ask(&mut self, now: Instant) -> Option<Permit> {
        if let Phase::Open { until } = self.phase
            && now >= until
        {
            self.enter(Phase::HalfOpen { probes: 0, successes: 0 }, now);
        }
        match &mut self.phase {
            Phase::Closed => {}
            Phase::Open { .. } => return None,
            Phase::HalfOpen { probes, .. } if *probes >= PROBES_MAX => return None,
            Phase::HalfOpen { probes, .. } => *probes += 1,
        }
        Some(Permit { era: self.era })
    }

    /// Takes a permit back, with what its call showed.
    pub fn record(&mut self, permit: &Permit, verdict: Verdict, now: Instant) {
        if permit.era != self.era {
            return;
        }
        if let Phase::HalfOpen { probes, .. } = &mut self.phase {
            *probes = probes.saturating_sub(1);
        }
        match verdict {
            Verdict::Works => self.works(now),
            Verdict::Fails => self.fails(now),
            Verdict::Nothing => {}
        }
    }

    /// How it stands.
    #[must_use]
    pub fn view(&self, now: Instant) -> View {
        let (state, next_probe_in) = match self.phase {
            Phase::Closed => (State::Closed, None),
            Phase::Open { until } => (State::Open, Some(until.saturating_duration_since(now))),
            Phase::HalfOpen { .. } => (State::HalfOpen, None),
        };
        let stands_for = now.saturating_duration_since(self.since);
        View { state, failures: self.failures, stands_for, next_probe_in }
    }

    fn works(&mut self, now: Instant) {
        match &mut self.phase {
            Phase::Closed => self.failures = 0,
            Phase::HalfOpen { successes, .. } => {
                *successes += 1;
                if *successes >= SUCCESSES_TO_CLOSE {
                    self.failures = 0;
                    self.open_for = OPEN_FOR_MIN;
                    self.enter(Phase::Closed, now);
                }
            }
            Phase::Open { .. } => {}
        }
    }

    fn fails(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        match self.phase {
            Phase::Closed if self.failures < FAILURES_TO_OPEN => {}
            Phase::Closed | Phase::HalfOpen { .. } => {
                let until = now + self.open_for;
                self.open_for = (self.open_for * 2).min(OPEN_FOR_MAX);
                self.enter(Phase::Open { until }, now);
            }
            Phase::Open { .. } => {}
        }
    }

    fn enter(&mut self, phase: Phase, now: Instant) {
        self.phase = phase;
        self.era += 1;
        self.since = now;
    }
}

#[cfg(test)]
mod tests;
