//! The life of one supervised process, as a state machine without I/O: what happens to it goes in,
//! what is to be done comes out.
//!
//! Deliberately absent: processes, signals, sockets and the clock. Time is handed in.

use std::time::{Duration, Instant};

use runtime::settings::{DRAIN_SECONDS, STOP_MARGIN};

use crate::protocol::{Act, State};

/// Pause before the first restart: long enough not to spin, short enough not to be noticed.
pub(crate) const BACKOFF_FIRST: Duration = Duration::from_millis(100);
/// Longest pause: what heals by itself (a port, a full disk) is found within that time.
pub(crate) const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// Who ran that long was well, and starts from the first pause again.
const STEADY_AFTER: Duration = Duration::from_secs(10);
/// How long a process may take from SIGTERM to its end, unless it was told to take another time.
pub(crate) const STOP_WITHIN: Duration = stop_within(DRAIN_SECONDS);
/// How often a process that is not ready is asked.
const PROBE_EVERY_UNREADY: Duration = Duration::from_millis(50);
/// How often a ready process is asked.
const PROBE_EVERY_READY: Duration = Duration::from_secs(1);

/// Something to be done to the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Start it, and say [`Lifecycle::spawned`] or [`Lifecycle::ended`].
    Spawn,
    /// Delete what it keeps. It does not run.
    Wipe,
    /// Send it a signal.
    Signal(Signal),
    /// Ask it whether it is ready, and say [`Lifecycle::probed`].
    Probe,
}

/// The signals that a supervisor sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// End in order.
    Term,
    /// End at once.
    Kill,
    /// Freeze.
    Stop,
    /// Thaw.
    Continue,
}

/// What comes after an end that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    StayDown,
    /// As after any other death.
    Recover,
    Start,
    WipeAndStart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Stopped,
    Waiting { until: Instant },
    Starting,
    Ready,
    Unready,
    Paused,
    Stopping { kill_at: Instant, then: Then },
}

/// One process, from its first start to the supervisor's end.
#[derive(Clone, Debug)]
pub(crate) struct Lifecycle {
    stop_within: Duration,
    phase: Phase,
    started: Option<Instant>,
    probe_at: Option<Instant>,
    starts: u32,
    deaths_in_a_row: u32,
    last_death: Option<String>,
    reason: String,
}

impl Lifecycle {
    /// A process that has not been started, and what it may take from SIGTERM to its end.
    pub(crate) const fn new(stop_within: Duration) -> Self {
        Self {
            stop_within,
            phase: Phase::Stopped,
            started: None,
            probe_at: None,
            starts: 0,
            deaths_in_a_row: 0,
            last_death: None,
            reason: String::new(),
        }
    }

    /// Somebody wants something done to it.
    ///
    /// # Errors
    /// When it is in no state for that; the message says in which it is.
    pub(crate) fn command(&mut self, act: Act, now: Instant) -> Result<Vec<Effect>, String> {
        match (act, self.phase) {
            (Act::Start, Phase::Stopped | Phase::Waiting { .. }) => Ok(self.spawn(now)),
            (Act::Start, Phase::Paused) => {
                self.phase = Phase::Unready;
                self.probe_at = Some(now);
                Ok(vec![Effect::Signal(Signal::Continue)])
            }
            (Act::Start, Phase::Stopping { kill_at, .. }) => {
                self.phase = Phase::Stopping { kill_at, then: Then::Start };
                Ok(Vec::new())
            }
            (Act::Start, Phase::Starting | Phase::Ready | Phase::Unready) => Ok(Vec::new()),
            (Act::Stop, _) => Ok(self.stop(now)),
            (Act::Kill, Phase::Stopping { .. }) => Ok(vec![Effect::Signal(Signal::Kill)]),
            (Act::Kill, _) if self.runs() => Ok(self.kill(Then::Recover, now)),
            (Act::Pause, _) if self.runs() => {
                self.phase = Phase::Paused;
                self.probe_at = None;
                Ok(vec![Effect::Signal(Signal::Stop)])
            }
            (Act::Halt, _) if self.runs() => Ok(self.kill(Then::StayDown, now)),
            (Act::Halt, _) => Ok(self.stop(now)),
            (Act::Kill | Act::Pause, _) => Err(format!("it does not run: it is {}", self.state())),
        }
    }

    /// What it keeps is to be deleted, and it is to be started again without.
    pub(crate) fn wipe(&mut self, now: Instant) -> Vec<Effect> {
        if self.runs() {
            return self.kill(Then::WipeAndStart, now);
        }
        let mut effects = vec![Effect::Wipe];
        effects.extend(self.spawn(now));
        effects
    }

    /// It is to end and to stay down.
    pub(crate) fn stop(&mut self, now: Instant) -> Vec<Effect> {
        let was_paused = self.phase == Phase::Paused;
        match self.phase {
            Phase::Stopped => return Vec::new(),
            Phase::Waiting { .. } => {
                self.phase = Phase::Stopped;
                return Vec::new();
            }
            Phase::Stopping { kill_at, .. } => {
                self.phase = Phase::Stopping { kill_at, then: Then::StayDown };
                return Vec::new();
            }
            Phase::Starting | Phase::Ready | Phase::Unready | Phase::Paused => {}
        }
        self.phase = Phase::Stopping { kill_at: now + self.stop_within, then: Then::StayDown };
        self.probe_at = None;
        let mut effects = vec![Effect::Signal(Signal::Term)];
        if was_paused {
            // A frozen process sees no SIGTERM before it is thawed.
            effects.push(Effect::Signal(Signal::Continue));
        }
        effects
    }

    /// It was started.
    pub(crate) fn spawned(&mut self, now: Instant) {
        self.started = Some(now);
        self.probe_at = Some(now + PROBE_EVERY_UNREADY);
    }

    /// It answered whether it is ready: `Err` says why not. Returns whether that is news.
    pub(crate) fn probed(&mut self, answer: Result<(), String>, now: Instant) -> bool {
        let before = (self.phase, self.reason.clone());
        match (self.phase, answer) {
            (Phase::Starting | Phase::Unready | Phase::Ready, Ok(())) => {
                self.phase = Phase::Ready;
                self.reason.clear();
                self.probe_at = Some(now + PROBE_EVERY_READY);
            }
            (Phase::Starting | Phase::Unready | Phase::Ready, Err(reason)) => {
                if self.phase == Phase::Ready {
                    self.phase = Phase::Unready;
                }
                self.reason = reason;
                self.probe_at = Some(now + PROBE_EVERY_UNREADY);
            }
            (
                Phase::Stopped | Phase::Waiting { .. } | Phase::Paused | Phase::Stopping { .. },
                _,
            ) => {}
        }
        before != (self.phase, self.reason.clone())
    }

    /// It ended, or could not be started.
    pub(crate) fn ended(&mut self, how: String, now: Instant) -> Vec<Effect> {
        let ran = self.started.take().map(|started| now - started).unwrap_or_default();
        self.probe_at = None;
        let then = match self.phase {
            Phase::Stopping { then, .. } => then,
            Phase::Stopped
            | Phase::Waiting { .. }
            | Phase::Starting
            | Phase::Ready
            | Phase::Unready
            | Phase::Paused => Then::Recover,
        };
        self.phase = Phase::Stopped;
        self.reason.clear();
        match then {
            Then::StayDown => Vec::new(),
            Then::Start => self.spawn(now),
            Then::WipeAndStart => self.wipe(now),
            Then::Recover => {
                self.wait_after_death(how, ran, now);
                Vec::new()
            }
        }
    }

    /// It ended, and said that starting it again changes nothing: it stays down, and the reason is kept.
    pub(crate) fn gave_up(&mut self, how: String, now: Instant) -> Vec<Effect> {
        if matches!(self.phase, Phase::Stopping { .. }) {
            return self.ended(how, now);
        }
        self.started = None;
        self.probe_at = None;
        self.phase = Phase::Stopped;
        self.reason.clone_from(&how);
        self.last_death = Some(how);
        Vec::new()
    }

    /// Time has passed.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<Effect> {
        match self.phase {
            Phase::Waiting { until } if until <= now => return self.spawn(now),
            Phase::Stopping { kill_at, then } if kill_at <= now => {
                self.phase = Phase::Stopping { kill_at: now + self.stop_within, then };
                return vec![Effect::Signal(Signal::Kill)];
            }
            Phase::Stopped
            | Phase::Waiting { .. }
            | Phase::Starting
            | Phase::Ready
            | Phase::Unready
            | Phase::Paused
            | Phase::Stopping { .. } => {}
        }
        if self.probe_at.is_some_and(|at| at <= now) {
            // Not again before this one has been answered.
            self.probe_at = None;
            return vec![Effect::Probe];
        }
        Vec::new()
    }

    /// When [`Lifecycle::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Waiting { until } => Some(until),
            Phase::Stopping { kill_at, .. } => Some(kill_at),
            Phase::Stopped | Phase::Starting | Phase::Ready | Phase::Unready | Phase::Paused => {
                self.probe_at
            }
        }
    }

    /// Where it stands.
    pub(crate) const fn state(&self) -> State {
        match self.phase {
            Phase::Stopped => State::Stopped,
            Phase::Waiting { .. } => State::Waiting,
            Phase::Starting => State::Starting,
            Phase::Ready => State::Ready,
            Phase::Unready => State::Unready,
            Phase::Paused => State::Paused,
            Phase::Stopping { .. } => State::Stopping,
        }
    }

    /// Why it is there; empty if there is nothing to say.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// How often it was started, the first time included: tells one incarnation from the next.
    pub(crate) const fn starts(&self) -> u32 {
        self.starts
    }

    /// How long it runs.
    pub(crate) fn uptime(&self, now: Instant) -> Option<Duration> {
        self.started.map(|started| now - started)
    }

    /// How it last ended without having been asked to.
    pub(crate) fn last_death(&self) -> Option<&str> {
        self.last_death.as_deref()
    }

    fn spawn(&mut self, now: Instant) -> Vec<Effect> {
        self.phase = Phase::Starting;
        self.started = Some(now);
        self.starts += 1;
        self.reason.clear();
        vec![Effect::Spawn]
    }

    fn wait_after_death(&mut self, how: String, ran: Duration, now: Instant) {
        if ran >= STEADY_AFTER {
            self.deaths_in_a_row = 0;
        }
        self.phase = Phase::Waiting { until: now + backoff(self.deaths_in_a_row) };
        self.deaths_in_a_row = self.deaths_in_a_row.saturating_add(1);
        self.reason.clone_from(&how);
        self.last_death = Some(how);
    }

    fn kill(&mut self, then: Then, now: Instant) -> Vec<Effect> {
        self.phase = Phase::Stopping { kill_at: now + self.stop_within, then };
        self.probe_at = None;
        vec![Effect::Signal(Signal::Kill)]
    }

    const fn runs(&self) -> bool {
        !matches!(self.phase, Phase::Stopped | Phase::Waiting { .. })
    }
}

/// What a process may take from SIGTERM to its end that takes that long for what it has begun.
pub(crate) const fn stop_within(drain_seconds: u64) -> Duration {
    Duration::from_secs(drain_seconds).saturating_add(STOP_MARGIN)
}

/// The pause after that many deaths in a row: doubled each time, up to a limit.
fn backoff(deaths_before: u32) -> Duration {
    let doubled =
        2u32.checked_pow(deaths_before).and_then(|factor| BACKOFF_FIRST.checked_mul(factor));
    doubled.unwrap_or(BACKOFF_MAX).min(BACKOFF_MAX)
}

#[cfg(test)]
mod tests;
