//! The gate before timers: an outage must not cancel orders whose good news lies unread. A timer that is
//! due fires only while the service is ready, has published what it had, and has decided all that the
//! streams held when the timer was found due.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use protocol::{Service, Timestamp};

use super::readers::Readers;
use super::routine::{AskError, Asked, Port, Routine, Shared};
use super::seam::{BrokerAnswer, Now, RequestId};
use crate::positions::Positions;
use crate::seeded::{self, Bug};
use crate::timers::Quiet;

/// How long the streams' ends may take to be reached before they are asked for anew.
const REACH_WITHIN: Duration = Duration::from_secs(10);

/// Wait before the streams are asked again.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// How often the clock is looked at while a timer is set: it may jump.
const CLOCK_EVERY: Duration = Duration::from_millis(500);

type Ends = BTreeMap<Service, u64>;

/// The gate of one process.
pub(super) struct TimerGate {
    state: State,
    streams: Vec<Service>,
}

enum State {
    /// Nothing is due, or nobody asks before then.
    Closed(Duration),
    /// Asks the broker for the streams' ends: what this process knows of them may be as old as the pause
    /// that it wakes up from.
    Asking { routine: Routine<Result<Ends, AskError>>, head: u64, asked_at: Now },
    /// Waits until all of this is decided.
    Reaching { ends: Ends, head: u64, asked_at: Now },
}

/// What the gate sees of its process.
pub(super) struct View<'a> {
    pub(super) next_timer: Option<Timestamp>,
    pub(super) is_ready: bool,
    pub(super) head: u64,
    pub(super) acknowledged: u64,
    pub(super) positions: &'a Positions,
    pub(super) readers: &'a Readers,
}

impl TimerGate {
    pub(super) const fn new(streams: Vec<Service>) -> Self {
        Self { state: State::Closed(Duration::ZERO), streams }
    }

    /// Goes on as far as it can. Timers may fire that were due by the moment that it says, if it does.
    pub(super) fn advance(&mut self, view: &View<'_>, shared: &Rc<Shared>) -> Option<Timestamp> {
        let now = shared.now();
        let due = view.next_timer.is_some_and(|due| due <= now.wall);
        if let State::Closed(not_before) = self.state
            && due
            && now.monotonic >= not_before
        {
            if seeded::on(Bug::DeadlinesBeforeNews) {
                self.state = State::Closed(now.monotonic + ASK_AGAIN);
                return Some(now.wall);
            }
            let streams = self.streams.clone();
            let routine = Routine::begin(shared, move |port| ends_of(streams, port));
            self.state = State::Asking { routine, head: view.head, asked_at: now };
        }
        if let State::Asking { routine, head, asked_at } = &mut self.state {
            let (head, asked_at) = (*head, *asked_at);
            match routine.poll() {
                Poll::Pending => {}
                Poll::Ready(Ok(ends)) => self.state = State::Reaching { ends, head, asked_at },
                Poll::Ready(Err(_)) => self.state = State::Closed(now.monotonic + ASK_AGAIN),
            }
        }
        let State::Reaching { ends, head, asked_at } = &self.state else { return None };
        let asked_at = *asked_at;
        if view.quiet(ends, *head).timers_may_fire() {
            self.state = State::Closed(now.monotonic);
            return Some(asked_at.wall);
        }
        if now.monotonic >= asked_at.monotonic + REACH_WITHIN {
            self.state = State::Closed(now.monotonic + ASK_AGAIN);
        }
        None
    }

    /// No timer is due. Ends that were asked for before one is due prove nothing for it.
    pub(super) fn close(&mut self) {
        if !matches!(self.state, State::Closed(_)) {
            self.state = State::Closed(Duration::ZERO);
        }
    }

    /// When it goes on, unless something else happens first.
    pub(super) fn timeout(&self, next_timer: Option<Timestamp>, now: Now) -> Option<Duration> {
        match &self.state {
            State::Closed(not_before) => {
                let ahead = next_timer?.micros().saturating_sub(now.wall.micros()).max(0);
                let ahead = Duration::from_micros(ahead.unsigned_abs());
                Some((now.monotonic + ahead.min(CLOCK_EVERY)).max(*not_before))
            }
            State::Asking { .. } => None,
            State::Reaching { asked_at, .. } => Some(asked_at.monotonic + REACH_WITHIN),
        }
    }

    pub(super) fn next_request(&mut self) -> Option<Asked> {
        match &mut self.state {
            State::Asking { routine, .. } => routine.next_request(),
            State::Closed(_) | State::Reaching { .. } => None,
        }
    }

    pub(super) fn take_broker(
        &mut self,
        id: RequestId,
        answer: Result<BrokerAnswer, String>,
    ) -> Option<Result<BrokerAnswer, String>> {
        match &mut self.state {
            State::Asking { routine, .. } => routine.take_broker(id, answer),
            State::Closed(_) | State::Reaching { .. } => Some(answer),
        }
    }

    pub(super) fn disconnect(&mut self) {
        if let State::Asking { routine, .. } = &mut self.state {
            routine.disconnect();
        }
    }
}

impl View<'_> {
    fn quiet(&self, ends: &Ends, head: u64) -> Quiet {
        let caught_up = ends.iter().all(|(stream, end)| {
            let decided = self.positions.of(*stream).decided.sequence;
            // A reader that began anew has seen a new end.
            self.readers.of(*stream).is_some_and(|reader| {
                reader.is_connected() && decided >= *end.max(&reader.seen_at_begin)
            })
        });
        Quiet { connected: self.is_ready, drained: self.acknowledged >= head, caught_up }
    }
}

async fn ends_of(streams: Vec<Service>, port: Port) -> Result<Ends, AskError> {
    let mut ends = BTreeMap::new();
    for stream in streams {
        ends.insert(stream, port.find(stream).await?.map_or(0, |info| info.extent.last));
    }
    Ok(ends)
}
