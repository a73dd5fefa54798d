//! The process of one service: its whole life, as a state machine.
//!
//! What has happened goes in with [`Process::handle`]; what is to be done comes out of
//! [`Process::poll_effect`]; [`Process::poll_timeout`] says when to come by again. Two drivers carry the
//! effects out: the runtime with the real broker, disk and network, and the simulator with models of them.
//! Neither decides anything.
//!
//! Everything that has arrived is handed in before effects are asked for: many rows become one commit.
//!
//! # Layout, in reading order
//!
//! `seam` is what goes in and comes out. `startup` is the start, with its `gather`, `rebuild` and
//! `restore`; `routine` and its `port` let it be written from top to bottom. Then, while the process works: `readers` take
//! foreign streams in, `queue` holds what waits for the next commit, `publisher` sends what was committed,
//! `replies` answer once the stream has it, `verifier` compares the stream with the outbox, `timers` hold
//! deadlines back until the news is read. `standing` is what people see, and `database` what a driver does
//! with the engine. `inputs` and `work` take each input and each next step to its room.
//!
//! Deliberately absent: I/O, the clock, tasks, randomness, and collections without an order.

mod database;
mod inputs;
mod port;
mod publisher;
mod queue;
mod readers;
mod replies;
mod routine;
mod seam;
mod standing;
mod startup;
mod timers;
mod verifier;
mod work;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use protocol::{HistoryId, Position, SealKeys, Service};

use crate::batch::Known;
use crate::domain::Domain;
use crate::positions::Positions;
use crate::starting::{Fence, Found};
use crate::versions::Versions;
use publisher::Publisher;
use queue::Queue;
use readers::{OwnRows, Readers};
use replies::PendingReplies;
use routine::Shared;
use startup::Startup;
use timers::TimerGate;
use verifier::Verifier;

pub use seam::{
    BrokerAnswer, BrokerLimits, BrokerRequest, ConsumerId, DatabaseAnswer, DatabaseRequest, Effect,
    End, Input, Inputs, Notes, Now, Report, RequestId, SCAN_MESSAGES_MAX, StreamInfo,
};
pub use standing::{Compared, ProcessStatus, Stage, StreamProgress, UNREADY};

/// How often the broker is connected to anew at most, to hear whether a limit was raised.
const RECONNECT_EVERY: Duration = Duration::from_secs(5);

/// How a process begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether this is an explicit first start.
    pub first_start: bool,
    /// A fresh random id, should a history begin.
    pub fresh_history: HistoryId,
    /// What tells the own rows from those of others.
    pub keys: Arc<SealKeys>,
    /// In which versions foreign rows are read, where they are named.
    pub versions: Arc<Versions>,
    /// The first message of the own stream that an operator has seen somebody else to have written: the
    /// stream may be published anew without it and what follows. Of another message nothing is allowed.
    pub drop_foreign: Option<Position>,
}

/// When to ask for effects again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    /// By the monotonic clock.
    pub at: Duration,
    /// What for.
    pub why: &'static str,
}

/// The process of one service. `T` is whoever waits for the answer to a command.
pub struct Process<D: Domain, T> {
    shared: Rc<Shared>,
    keys: Arc<SealKeys>,
    effects: VecDeque<Effect<D, T>>,
    phase: Phase<D, T>,
    queue: Queue<D, T>,
    /// What the database is known to hold.
    known: Known,
    /// The broker's limits, while it is connected to.
    broker: Option<BrokerLimits>,
    reconnected_at: Option<Duration>,
    stage: Stage,
    reason: Option<String>,
    choices: &'static [&'static str],
    foreign_message: Option<u64>,
    held: BTreeMap<Service, String>,
    stops: bool,
}

/// What a process is at.
enum Phase<D: Domain, T> {
    /// It looks at what its stores hold.
    Starting(Startup),
    /// It works.
    Working(Box<Working<D, T>>),
    /// A person has to choose.
    Fenced,
    /// It is over, and stood like this.
    Ended(Box<ProcessStatus>),
}

/// A process between its start and its end.
struct Working<D: Domain, T> {
    publisher: Publisher,
    verifier: Verifier,
    replies: PendingReplies<T, D::Refusal, D::Event>,
    readers: Readers,
    timers: TimerGate,
    /// Who waits for which input of the commit that is under way, if one is.
    committing: Option<Vec<Option<T>>>,
}

impl<D: Domain, T> Process<D, T> {
    /// A process over a database that holds this.
    #[must_use]
    pub fn new(settings: Settings, known: Known) -> Self {
        let queue = Queue::new(D::SERVICE, Arc::clone(&settings.versions));
        Self {
            shared: Rc::default(),
            keys: Arc::clone(&settings.keys),
            effects: VecDeque::new(),
            phase: Phase::Starting(Startup::new(settings)),
            queue,
            known,
            broker: None,
            reconnected_at: None,
            stage: Stage::Starting,
            reason: None,
            choices: &[],
            foreign_message: None,
            held: BTreeMap::new(),
            stops: false,
        }
    }

    /// Notes what has happened. What follows from it is asked for with [`Process::poll_effect`].
    pub fn handle(&mut self, input: Input<D, T>, now: Now) {
        self.shared.set_now(now);
        if !matches!(self.phase, Phase::Ended(_)) {
            self.take(input);
        }
    }

    /// What is to be done next; nothing until something happens or [`Process::poll_timeout`] is due.
    pub fn poll_effect(&mut self, now: Now) -> Option<Effect<D, T>> {
        self.shared.set_now(now);
        if self.effects.is_empty() && !matches!(self.phase, Phase::Ended(_)) {
            self.advance();
        }
        self.effects.pop_front()
    }

    /// When to ask for effects again, if nothing happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timeout> {
        let timeout = |at: Option<Duration>, why| at.map(|at| Timeout { at, why });
        let connected = self.broker.is_some();
        match &self.phase {
            Phase::Starting(startup) => {
                timeout(startup.timeout().filter(|_| connected), "the start goes on")
            }
            Phase::Working(working) => {
                let now = self.shared.now();
                let readers = working.readers.timeout().filter(|_| connected && !self.stops);
                let timers = working.timers.timeout(self.known.next_timer, now);
                let alone = working.replies.timeout().filter(|at| *at > now.monotonic);
                let queue = self.queue.timeout().filter(|_| working.committing.is_none());
                let all = [
                    timeout(working.publisher.timeout(), "a row is under way for too long"),
                    timeout(working.verifier.timeout(connected), "the stream is verified"),
                    timeout(readers, "a reader begins"),
                    timeout(timers.filter(|_| connected && !self.stops), "a timer is due"),
                    timeout(alone, "the stream does not acknowledge"),
                    timeout(queue, "ignored positions are stored"),
                ];
                all.into_iter().flatten().min_by_key(|timeout| timeout.at)
            }
            Phase::Fenced | Phase::Ended(_) => None,
        }
    }

    /// Whether messages of foreign streams may be delivered now.
    #[must_use]
    pub fn wants_deliveries(&self) -> bool {
        !self.queue.is_full()
    }

    /// The stage of its life.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// The positions in the foreign streams, ignored rows included that are not stored yet.
    #[must_use]
    pub fn positions(&self) -> Positions {
        let mut positions = self.known.positions.clone();
        self.queue.overlay(&mut positions);
        positions
    }

    /// Whether nothing is queued, under way, in doubt or unacknowledged.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let Phase::Working(working) = &self.phase else { return false };
        let relay = working.publisher.relay();
        self.queue.is_empty()
            && self.effects.is_empty()
            && working.committing.is_none()
            && !relay.is_in_doubt()
            && relay.acknowledged() >= self.known.head.sequence
            && working.replies.waiting() == 0
    }

    /// How it stands, for people.
    #[must_use]
    pub fn standing(&self) -> ProcessStatus {
        if let Phase::Ended(last) = &self.phase {
            return ProcessStatus::clone(last);
        }
        let mut standing = ProcessStatus {
            stage: self.stage,
            reason: self.reason.clone(),
            choices: self.choices,
            foreign_message: self.foreign_message,
            history: self.known.history,
            head: self.known.head.sequence,
            held: self.held.clone(),
            next_timer: self.known.next_timer,
            ..ProcessStatus::default()
        };
        let positions = self.positions().0;
        let both = |(stream, place): (Service, crate::positions::Progress)| {
            (stream, (place.folded.sequence, place.decided.sequence))
        };
        standing.positions = positions.into_iter().map(both).collect();
        if let Phase::Working(working) = &self.phase {
            working.describe(&mut standing);
            standing.unreadable = working.unreadable();
            standing.limits = self.broker.as_ref().and_then(|limits| limits.too_small.clone());
        }
        standing
    }

    fn now(&self) -> Duration {
        self.shared.now().monotonic
    }

    /// Outbox and stream tell one history: from here on, it works.
    fn begin(&mut self, found: Found) {
        let streams = D::choreography().streams_read_by(D::SERVICE);
        self.report(Report::Note(format!("works; its stream ends at {}", found.ends_at)));
        let timers = TimerGate::new(streams.clone());
        let mut replies = PendingReplies::new(found.ends_at);
        replies.committed(found.ends_at, self.known.head.sequence, self.now());
        replies.set_connected(self.broker.is_some());
        self.phase = Phase::Working(Box::new(Working {
            publisher: Publisher::new(found.ends_at),
            verifier: Verifier::new(found, self.now()),
            replies,
            readers: Readers::new(&streams, &self.known.positions, self.own_rows()),
            timers,
            committing: None,
        }));
        self.reason = None;
    }

    fn own_rows(&self) -> OwnRows {
        let head = self.known.head;
        let unmarked = if self.keys.has_marked(head) { 0 } else { head.sequence };
        let foreign = Arc::clone(&self.known.foreign);
        OwnRows { service: D::SERVICE, keys: Arc::clone(&self.keys), unmarked, foreign }
    }

    fn fence(&mut self, fence: Fence) {
        self.choices = fence.choices();
        self.foreign_message = fence.foreign_message();
        self.set_stage(Stage::Fenced, Some(fence.to_string()));
        self.report(Report::Fenced(fence));
        self.phase = Phase::Fenced;
        // What was not taken into a commit was not taken at all.
        let waiting = self.queue.abandon();
        self.effects.extend(waiting.into_iter().map(Effect::TurnAway));
    }

    /// Nothing of this process leaves it any more.
    fn end(&mut self, end: End) {
        if let End::StartAnew(reason) | End::Failed(reason) = &end {
            self.set_stage(Stage::Stopping, Some(reason.clone()));
        }
        self.phase = Phase::Ended(Box::new(self.standing()));
        self.effects.clear();
        self.effects.push_back(Effect::End(end));
    }

    fn set_stage(&mut self, stage: Stage, reason: Option<String>) {
        let is_fixed = matches!(self.stage, Stage::Fenced | Stage::Stopping);
        if self.stage == stage || (is_fixed && stage != Stage::Stopping) {
            return;
        }
        self.stage = stage;
        self.reason = reason.clone();
        self.report(Report::Stage(stage, reason));
    }

    fn report(&mut self, report: Report) {
        self.effects.push_back(Effect::Report(report));
    }
}

impl<D: Domain, T> Working<D, T> {
    /// What the streams that are decided on say that keeps them from being read.
    fn unreadable(&self) -> Option<String> {
        let is_decided_on = |stream| D::choreography().decides(D::SERVICE, stream);
        let alarm = |(stream, reader): (Service, &readers::Reader)| {
            let alarm = reader.alarm.filter(|_| is_decided_on(stream))?;
            Some(format!("{} cannot be read: {alarm}", stream.stream()))
        };
        let alarms: Vec<_> = self.readers.iter().filter_map(alarm).collect();
        (!alarms.is_empty()).then(|| alarms.join("; "))
    }

    fn describe(&self, standing: &mut ProcessStatus) {
        standing.acknowledged = self.publisher.relay().acknowledged();
        let is_in_doubt = self.publisher.relay().is_in_doubt();
        standing.compared = Some(Compared {
            created: self.verifier.created(),
            at: self.verifier.compared_at,
            doubt: self.publisher.doubted().filter(|_| is_in_doubt).map(str::to_owned),
            complaint: self.verifier.complaint(),
        });
        for (stream, reader) in self.readers.iter() {
            let progress = StreamProgress {
                connected: reader.is_connected(),
                last: reader.last,
                waits: reader.waits.clone(),
                alarm: reader.alarm.map(|alarm| alarm.to_string()),
            };
            standing.streams.insert(stream, progress);
        }
    }
}

#[cfg(test)]
mod tests;
