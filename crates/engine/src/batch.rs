//! The engine: runs whatever inputs have queued up through a domain, in one transaction.
//!
//! Own events, what they applied, positions, replicas, timers and idempotency keys are committed
//! together. If an input cannot be handled, the whole batch is rolled back and its inputs run one by
//! one, so that only the one that fails is left out, and its stream is held. An input over which the domain
//! panics fails like any other: a process that died over it would meet it again with each start.

mod known;
mod restore;
mod rewind;
pub(crate) mod step;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use protocol::{HistoryId, Idempotency, Position, Row, SealKeys, Service, StoredEvent, Timestamp};

use crate::database::owner::NotOwner;
use crate::database::{Database, copies};
use crate::domain::Domain;
use crate::outbox;
use crate::positions::{self, Positions};
use crate::precondition::{Preconditions, Validators};
use crate::seeded::{self, Bug};
use crate::state::{Read, StateError};
use crate::timers::{self, Timer};
use crate::versions::Versions;
use step::Running;

pub use known::Known;
pub use restore::RestoreError;

/// What comes with a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The client's key, and the hash of what was asked.
    pub idempotency: Option<Idempotency>,
    /// The W3C trace that the command belongs to.
    pub traceparent: Option<String>,
    /// What must hold of the thing that the command would change.
    pub preconditions: Preconditions,
}

/// One input, queued.
#[derive(Clone, Debug)]
pub enum QueuedInput<C, E> {
    /// Somebody asks for something.
    Command {
        /// What is asked.
        command: C,
        /// What comes with it.
        request: Request,
    },
    /// The next event of a foreign stream.
    Event(Box<StoredEvent<E>>),
    /// The next events of a foreign stream, which change nothing in any state: only the positions move.
    Ignored {
        /// Whose stream it is.
        stream: Service,
        /// The number before the first of them.
        after: u64,
        /// The last of them.
        up_to: Position,
    },
    /// A durable timer is due.
    Timer(Timer),
}

/// The answer to a command. It may leave the process only once the promise of [`crate::promise`]
/// is kept for [`Batch::head`].
#[derive(Debug)]
pub enum Answer<R, E> {
    /// This happened: now, or when the same request came first.
    Accepted {
        /// The event; the answer is made from it alone.
        event: Box<StoredEvent<E>>,
        /// Whether the request had been accepted before.
        repeated: bool,
    },
    /// It was so already; nothing changed.
    Unchanged,
    /// It is refused.
    Refused(R),
    /// The idempotency key stands for another request, or is another caller's.
    KeyReused,
    /// A precondition does not hold; nothing changed. What there is instead, if anything.
    PreconditionFailed(Option<Validators>),
    /// What it would write is more than one row may hold; nothing changed.
    TooLarge {
        /// Bytes of the row.
        bytes: usize,
        /// Bytes that a row may have now.
        bytes_max: usize,
    },
    /// It cannot be handled; nothing changed. A defect, and not the client's.
    Failed(String),
}

/// What became of one input.
#[derive(Debug)]
pub enum Outcome<R, E> {
    /// A command was answered.
    Command(Answer<R, E>),
    /// An event was folded, and decided if it was new.
    Event,
    /// Events were passed over.
    Ignored,
    /// A timer fired, or was no longer set.
    Timer,
    /// The input cannot be handled. Nothing more of its stream is, until the process starts anew.
    Held {
        /// The stream that is held; none for a timer.
        stream: Option<Service>,
        /// Why.
        reason: String,
    },
}

/// What a batch did, committed.
#[derive(Debug)]
pub struct Batch<R, E> {
    /// What became of each input, in order.
    pub outcomes: Vec<Outcome<R, E>>,
    /// The rows that were appended, in order.
    pub rows: Vec<Row>,
    /// The end of the outbox after the batch.
    pub head: Position,
    /// The foreign events that changed a replica, in order.
    pub folded: Vec<StoredEvent<E>>,
    /// What the database holds after the batch.
    pub known: Known,
}

/// Why the process must end: the database cannot be used, or is no longer this process's own.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// The database failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// Another process owns the database, or its file was replaced.
    #[error(transparent)]
    NotOwner(#[from] NotOwner),
}

/// One service's logic over its database.
#[derive(Debug)]
pub struct Engine<D: Domain> {
    domain: D,
    database: Database,
    keys: Arc<SealKeys>,
    known: Known,
    held: BTreeMap<Service, String>,
    held_timers: BTreeSet<Timer>,
    row_bytes_max: usize,
    versions: Arc<Versions>,
    copies: Option<PathBuf>,
}

impl<D: Domain> Engine<D> {
    /// An engine over an opened database, whose rows are sealed with the newest of these keys.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn new(domain: D, database: Database, keys: Arc<SealKeys>) -> Result<Self, StateError> {
        let known = Known::load::<D>(&database.read())?;
        let (held, held_timers) = (BTreeMap::new(), BTreeSet::new());
        let row_bytes_max = outbox::ROW_BYTES_MAX;
        let (versions, copies) = (Arc::default(), None);
        Ok(Self {
            domain,
            database,
            keys,
            known,
            held,
            held_timers,
            row_bytes_max,
            versions,
            copies,
        })
    }

    /// Events are written and read in these versions, where they are named.
    pub fn set_versions(&mut self, versions: Arc<Versions>) {
        self.versions = versions;
    }

    /// Copies of the database are written to files whose names begin with this. Without it, none is
    /// written where one is asked for: for databases in memory.
    pub fn set_copies(&mut self, prefix: PathBuf) {
        self.copies = Some(prefix);
    }

    /// What stands in the database.
    #[must_use]
    pub const fn known(&self) -> &Known {
        &self.known
    }

    /// The committed state, to read.
    #[must_use]
    pub fn read(&self) -> Read<'_> {
        self.database.read()
    }

    /// The database, to copy and to check.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// An image of the database in memory, as it is committed now.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn image(&mut self) -> Result<Vec<u8>, StateError> {
        self.database.image()
    }

    /// Gives the database back: what a process leaves behind when it ends.
    #[must_use]
    pub fn into_database(self) -> Database {
        self.database
    }

    /// Writes a copy of the database, where copies are to be written; see [`copies::COPIES_KEPT`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn copy(&self, now: Timestamp) -> Result<(), StateError> {
        let Some(prefix) = &self.copies else { return Ok(()) };
        copies::write(&self.database, prefix, now)
    }

    /// The end of the outbox.
    #[must_use]
    pub const fn head(&self) -> Position {
        self.known.head
    }

    /// The history that the outbox tells; none before the first start.
    #[must_use]
    pub const fn history(&self) -> Option<HistoryId> {
        self.known.history
    }

    /// The positions in the foreign streams.
    #[must_use]
    pub const fn positions(&self) -> &Positions {
        &self.known.positions
    }

    /// The streams that are held, and why.
    #[must_use]
    pub const fn held(&self) -> &BTreeMap<Service, String> {
        &self.held
    }

    /// From now on, commands write rows of at most so many bytes: what the broker takes, or
    /// [`outbox::ROW_BYTES_MAX`] if that is less. What follows from other services' events and from
    /// timers cannot be refused: it is written, and waits for a broker that takes it.
    pub fn limit_rows(&mut self, bytes_max: usize) {
        self.row_bytes_max = bytes_max.min(outbox::ROW_BYTES_MAX);
    }

    /// At most `limit` timers that are due and not held.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn timers_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Timer>, StateError> {
        let held = u32::try_from(self.held_timers.len()).unwrap_or(u32::MAX);
        let mut due = timers::due(&self.read(), now, limit.saturating_add(held))?;
        due.retain(|timer| !self.held_timers.contains(timer));
        due.truncate(limit as usize);
        Ok(due)
    }

    /// Runs inputs in order, in one transaction, at the time `now`.
    ///
    /// # Errors
    /// When the database fails or is no longer this process's own: the process must end, and
    /// nothing of the batch may be answered.
    pub fn run(
        &mut self,
        inputs: &[QueuedInput<D::Command, D::Event>],
        now: Timestamp,
    ) -> Result<Batch<D::Refusal, D::Event>, Fatal> {
        let mut batch = match self.attempt(inputs, now) {
            Err(Fatal::State(StateError::Contradiction(_))) => self.run_one_by_one(inputs, now)?,
            done => done?,
        };
        self.known.next_timer = self.next_timer()?;
        batch.known = self.known.clone();
        Ok(batch)
    }

    /// When the next timer is due that is not held. One that is would be due for ever.
    fn next_timer(&self) -> Result<Option<Timestamp>, StateError> {
        if !D::choreography().has_timers(D::SERVICE) {
            return Ok(None);
        }
        if self.held_timers.is_empty() {
            return timers::next_due(&self.read());
        }
        let all = timers::due(&self.read(), Timestamp::from_micros(i64::MAX), u32::MAX)?;
        Ok(all.into_iter().find(|timer| !self.held_timers.contains(timer)).map(|timer| timer.due))
    }

    fn run_one_by_one(
        &mut self,
        inputs: &[QueuedInput<D::Command, D::Event>],
        now: Timestamp,
    ) -> Result<Batch<D::Refusal, D::Event>, Fatal> {
        self.known = Known::load::<D>(&self.database.read())?;
        let mut all = Batch::empty(self.known.clone());
        for input in inputs {
            match self.attempt(std::slice::from_ref(input), now) {
                Ok(batch) => all.join(batch),
                Err(Fatal::State(StateError::Contradiction(reason))) => {
                    all.outcomes.push(self.hold(input, reason));
                }
                Err(fatal) => return Err(fatal),
            }
        }
        Ok(all)
    }

    fn attempt(
        &mut self,
        inputs: &[QueuedInput<D::Command, D::Event>],
        now: Timestamp,
    ) -> Result<Batch<D::Refusal, D::Event>, Fatal> {
        let Self { domain, database, keys, known, held, row_bytes_max, versions, .. } = self;
        // A commit into an unlinked file would be acknowledged and lost.
        database.check_still_owner()?;
        let before = known.clone();
        let (batch, after) = database.transaction(|write| {
            let running = Running::new(domain, write, held, before.clone(), inputs, now, keys);
            let running = running.with_rows_of(*row_bytes_max).written_in(versions);
            // Whatever it leaves half done is rolled back.
            let ran = catch_unwind(AssertUnwindSafe(|| running.run()));
            let (batch, after) = ran.unwrap_or_else(|panic| Err(panicked(&*panic)))?;
            if seeded::on(Bug::PositionOutsideTransaction) {
                positions::store(write, &Positions::default(), &before.positions)?;
            } else {
                positions::store(write, &before.positions, &after.positions)?;
            }
            Ok::<_, StateError>((batch, after))
        })?;
        self.known = after;
        Ok(batch)
    }

    fn hold(
        &mut self,
        input: &QueuedInput<D::Command, D::Event>,
        reason: String,
    ) -> Outcome<D::Refusal, D::Event> {
        match input {
            QueuedInput::Command { .. } => Outcome::Command(Answer::Failed(reason)),
            QueuedInput::Event(event) => self.hold_stream(event.headers.kind.service(), reason),
            QueuedInput::Ignored { stream, .. } => self.hold_stream(*stream, reason),
            QueuedInput::Timer(timer) => {
                self.held_timers.insert(timer.clone());
                Outcome::Held { stream: None, reason }
            }
        }
    }

    fn hold_stream(&mut self, stream: Service, reason: String) -> Outcome<D::Refusal, D::Event> {
        self.held.insert(stream, reason.clone());
        Outcome::Held { stream: Some(stream), reason }
    }
}

/// An input over which the domain panics cannot be handled, whatever the panic says.
fn panicked(panic: &(dyn Any + Send)) -> StateError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    StateError::Contradiction(format!("handling it panics: {}", text.unwrap_or("no reason given")))
}

impl<R, E> Batch<R, E> {
    pub(crate) const fn empty(known: Known) -> Self {
        let head = known.head;
        Self { outcomes: Vec::new(), rows: Vec::new(), head, folded: Vec::new(), known }
    }

    fn join(&mut self, next: Self) {
        self.outcomes.extend(next.outcomes);
        self.rows.extend(next.rows);
        self.folded.extend(next.folded);
        self.head = next.head;
    }
}

#[cfg(test)]
pub(crate) mod tests;
