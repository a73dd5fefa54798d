//! What waits for the next commit. One is under way at a time; its inputs are whatever has queued up.
//!
//! Of the events that a service reads, more than half are ignored in every state. They cost no commit:
//! their position moves in memory, and is stored with the next commit that has a reason, or after a bound.
//! Nothing is lost by it: after a crash the same rows are read, and ignored again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use protocol::stored::RowError;
use protocol::{Position, Row, Service, Timestamp};

use crate::batch::{QueuedInput, Request};
use crate::domain::Domain;
use crate::positions::Positions;
use crate::seeded::{self, Bug};
use crate::versions::Versions;

/// Inputs of one commit at most: some milliseconds of work, so that nobody waits long behind it.
const COMMIT_INPUTS_MAX: usize = 512;

/// Inputs that wait at most. Full, reading pauses.
const INPUTS_MAX: usize = 4_096;

/// Ignored rows that are not stored yet, at most, and for how long. A crash reads so many again.
const IGNORED_ROWS_MAX: u64 = 1_000;
const IGNORED_FOR: Duration = Duration::from_secs(1);

/// An input, and who waits for its answer.
type Waiting<D, T> = (QueuedInput<<D as Domain>::Command, <D as Domain>::Event>, Option<T>);

/// Whatever waits for the next commit. `T` is who waits for a command's answer.
pub(super) struct Queue<D: Domain, T> {
    ignorable: BTreeSet<String>,
    replicated: BTreeSet<Service>,
    versions: Arc<Versions>,
    inputs: VecDeque<Waiting<D, T>>,
    /// How many inputs of each stream wait.
    waiting: BTreeMap<Service, usize>,
    ignored: BTreeMap<Service, Ignored>,
    ignored_since: Option<Duration>,
    timers_due: Option<Timestamp>,
}

/// Rows of one stream that were passed over, and are ahead of all that waits.
#[derive(Clone, Copy, Debug)]
struct Ignored {
    after: u64,
    up_to: Position,
}

/// The inputs of one commit, and who waits for which of them.
pub(super) struct Taken<D: Domain, T> {
    pub(super) queued: Vec<QueuedInput<D::Command, D::Event>>,
    pub(super) tickets: Vec<Option<T>>,
    pub(super) timers_due: Option<Timestamp>,
}

impl<D: Domain, T> Queue<D, T> {
    pub(super) fn new(service: Service, versions: Arc<Versions>) -> Self {
        let choreography = D::choreography();
        let ignored =
            choreography.kinds().filter(|kind| choreography.ignores_always(service, *kind));
        let streams = choreography.streams_read_by(service).into_iter();
        Self {
            ignorable: ignored.map(|kind| format!("{}.", kind.name())).collect(),
            replicated: streams.filter(|of| choreography.replicates(service, *of)).collect(),
            versions,
            inputs: VecDeque::new(),
            waiting: BTreeMap::new(),
            ignored: BTreeMap::new(),
            ignored_since: None,
            timers_due: None,
        }
    }

    pub(super) fn command(&mut self, command: D::Command, request: Request, ticket: T) {
        self.inputs.push_back((QueuedInput::Command { command, request }, Some(ticket)));
    }

    /// The next row of a foreign stream.
    ///
    /// # Errors
    /// When it is not understood.
    pub(super) fn row(
        &mut self,
        stream: Service,
        row: &Row,
        now: Duration,
    ) -> Result<(), RowError> {
        if self.is_ignorable(stream, row) {
            self.ignore(stream, row, now);
            return Ok(());
        }
        let event = self.versions.understand(row)?;
        if let Some(Ignored { after, up_to }) = self.ignored.remove(&stream) {
            self.push(stream, QueuedInput::Ignored { stream, after, up_to });
        }
        self.push(stream, QueuedInput::Event(Box::new(event)));
        Ok(())
    }

    /// Timers that are due may fire.
    pub(super) const fn timers_due(&mut self, by: Timestamp) {
        self.timers_due = Some(by);
    }

    pub(super) const fn announces_timers(&self) -> bool {
        self.timers_due.is_some()
    }

    /// Whether there is a reason to commit.
    pub(super) fn has_reason(&self, now: Duration, ends: bool) -> bool {
        let ignored_enough = self.ignored_since.is_some_and(|since| {
            let rows = |ignored: &Ignored| ignored.up_to.sequence - ignored.after;
            ends || now >= since + IGNORED_FOR
                || self.ignored.values().map(rows).sum::<u64>() >= IGNORED_ROWS_MAX
        });
        !self.inputs.is_empty() || self.timers_due.is_some() || ignored_enough
    }

    /// When what was ignored is stored for its own sake.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.ignored_since.map(|since| since + IGNORED_FOR)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.timers_due.is_none() && self.ignored.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.inputs.len() >= INPUTS_MAX
    }

    /// The inputs of the next commit.
    pub(super) fn take(&mut self) -> Taken<D, T> {
        let mut taken =
            Taken { queued: Vec::new(), tickets: Vec::new(), timers_due: self.timers_due };
        self.timers_due = None;
        self.ignored_since = None;
        for (stream, Ignored { after, up_to }) in std::mem::take(&mut self.ignored) {
            taken.queued.push(QueuedInput::Ignored { stream, after, up_to });
            taken.tickets.push(None);
        }
        let count = self.inputs.len().min(COMMIT_INPUTS_MAX);
        for (input, ticket) in self.inputs.drain(..count) {
            taken.queued.push(input);
            taken.tickets.push(ticket);
        }
        self.count();
        taken
    }

    /// The positions as they are in memory: what was ignored ahead of all that waits is passed already.
    pub(super) fn overlay(&self, positions: &mut Positions) {
        for (stream, ignored) in &self.ignored {
            let place = positions.0.entry(*stream).or_default();
            if place.folded.sequence != ignored.after {
                continue;
            }
            place.folded = ignored.up_to;
            if ignored.up_to.sequence > place.decided.sequence {
                place.decided = ignored.up_to;
            }
        }
    }

    /// Gives back who waits for what was not taken.
    pub(super) fn abandon(&mut self) -> Vec<T> {
        self.waiting.clear();
        self.ignored.clear();
        self.inputs.drain(..).filter_map(|(_, ticket)| ticket).collect()
    }

    fn is_ignorable(&self, stream: Service, row: &Row) -> bool {
        if self.replicated.contains(&stream) || seeded::breaks_the_table() {
            return false;
        }
        let end = row.subject.match_indices('.').nth(1).map(|(at, _)| at + 1);
        end.is_some_and(|end| self.ignorable.contains(&row.subject[..end]))
    }

    fn ignore(&mut self, stream: Service, row: &Row, now: Duration) {
        let (after, up_to) = (row.sequence - 1, row.position());
        let waits = self.waiting.get(&stream).is_some_and(|count| *count > 0);
        if waits && !seeded::on(Bug::IgnoredAheadOfDecision) {
            // What comes before it has to be decided first.
            if let Some((QueuedInput::Ignored { stream: of, up_to: last, .. }, _)) =
                self.inputs.back_mut()
                && *of == stream
            {
                *last = up_to;
                return;
            }
            return self.push(stream, QueuedInput::Ignored { stream, after, up_to });
        }
        self.ignored.entry(stream).or_insert(Ignored { after, up_to }).up_to = up_to;
        self.ignored_since.get_or_insert(now);
    }

    fn push(&mut self, stream: Service, input: QueuedInput<D::Command, D::Event>) {
        *self.waiting.entry(stream).or_default() += 1;
        self.inputs.push_back((input, None));
    }

    fn count(&mut self) {
        self.waiting.clear();
        for (input, _) in &self.inputs {
            let stream = match input {
                QueuedInput::Event(event) => event.headers.kind.service(),
                QueuedInput::Ignored { stream, .. } => *stream,
                QueuedInput::Command { .. } | QueuedInput::Timer(_) => continue,
            };
            *self.waiting.entry(stream).or_default() += 1;
        }
    }
}
