//! The one thread that owns the engine: takes whatever has queued up, within a bound, into one
//! transaction, so that one wait for the disk serves many inputs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use contracts::{Service, StoredEvent};
use engine::batch::Fatal;
use engine::starting::Fence;
use engine::{Answer, Batch, Domain, Engine, Outcome, Work};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::executed::Promise;
use crate::failpoint::Point;
use crate::handle::now;
use crate::nats::{Connection, wire};
use crate::relay::{Committed, Release, Suspect};
use crate::replicas::Replicas;
use crate::shutdown::StopSender;
use crate::status::Status;

/// Inputs of one transaction at most: some milliseconds of work, so that nobody waits long behind it.
const BATCH_INPUTS_MAX: usize = 512;

/// Due timers that are taken at once at most.
const TIMERS_AT_ONCE: u32 = 256;

/// One thing for the writer.
pub(crate) enum Letter<D: Domain> {
    /// A command, and who waits for its answer.
    Command {
        /// The command.
        work: Work<D::Command>,
        /// Who waits.
        reply: Reply<D::Refusal>,
    },
    /// The next event of a foreign stream.
    Event(Box<StoredEvent>),
    /// Timers are due, and may fire.
    TimersDue,
    /// A message of the own stream is damaged: note it, and end.
    Suspect(Suspect),
}

impl<D: Domain> std::fmt::Debug for Letter<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Command { .. } => "Command",
            Self::Event(_) => "Event",
            Self::TimersDue => "TimersDue",
            Self::Suspect(_) => "Suspect",
        })
    }
}

/// Who waits for an answer, and the place that the command takes up until then.
#[derive(Debug)]
pub(crate) struct Reply<R> {
    /// Where the answer goes.
    pub(crate) sender: oneshot::Sender<(Answer<R>, Promise)>,
    /// Its place in the queue.
    pub(crate) place: OwnedSemaphorePermit,
}

/// The writer's surroundings.
pub(crate) struct Writer<D: Domain> {
    pub(crate) engine: Engine<D>,
    pub(crate) letters: mpsc::Receiver<Letter<D>>,
    pub(crate) relay: mpsc::UnboundedSender<Committed>,
    pub(crate) replicas: Arc<Replicas>,
    pub(crate) status: Status,
    pub(crate) connection: Connection,
    pub(crate) stop: Arc<StopSender>,
}

/// The inputs of one batch, and who waits for which of them.
struct Inputs<D: Domain> {
    works: Vec<Work<D::Command>>,
    replies: BTreeMap<usize, Reply<D::Refusal>>,
    timers_due: bool,
    suspect: Option<Suspect>,
}

impl<D: Domain> Writer<D> {
    /// Runs until nobody can send letters any more, or the database fails.
    pub(crate) fn run(mut self) {
        self.status.tell(&self.engine);
        while let Some(first) = self.letters.blocking_recv() {
            let inputs = self.collect(first);
            if let Err(fatal) = self.run_batch(inputs) {
                return self.give_up(&fatal);
            }
        }
    }

    /// Another start helps, or a person has to choose: damage stays.
    fn give_up(&self, fatal: &Fatal) {
        tracing::error!(%fatal, "nothing more can be written by this process");
        match Fence::of_fatal(fatal) {
            Some(fence) => self.status.fence(&fence),
            None => self.stop.stop(&fatal.to_string()),
        }
    }

    fn collect(&mut self, first: Letter<D>) -> Inputs<D> {
        let mut inputs = Inputs::<D>::new();
        inputs.add(first);
        while inputs.works.len() < BATCH_INPUTS_MAX {
            match self.letters.try_recv() {
                Ok(letter) => inputs.add(letter),
                Err(_) => break,
            }
        }
        inputs
    }

    fn run_batch(&mut self, mut inputs: Inputs<D>) -> Result<(), Fatal> {
        if let Some(Suspect { message, reason }) = inputs.suspect.take() {
            self.engine.note_suspect(message)?;
            self.stop.stop(&reason);
        }
        let now = now();
        if inputs.timers_due {
            let due = self.engine.timers_due(now, TIMERS_AT_ONCE)?;
            inputs.works.extend(due.into_iter().map(Work::Timer));
        }
        if inputs.works.is_empty() {
            return Ok(());
        }
        let loading = !self.engine.positions().replicas_reach_decided();
        Point::BeforeCommit.pass();
        let began = Instant::now();
        self.engine.limit_rows(wire::row_bytes_max(self.connection.payload_bytes_max()));
        let batch = self.engine.run(&inputs.works, now)?;
        Point::AfterCommit.pass();
        if loading {
            Point::MidReplicaLoad.pass();
        }
        metrics::histogram!("murmur_batch_seconds").record(began.elapsed().as_secs_f64());
        metrics::counter!("murmur_inputs_total").increment(inputs.works.len() as u64);
        self.hand_over(batch, inputs.replies);
        Ok(())
    }

    /// Nothing of a batch leaves the process before this, when it is committed.
    fn hand_over(
        &mut self,
        batch: Batch<D::Refusal>,
        mut replies: BTreeMap<usize, Reply<D::Refusal>>,
    ) {
        for event in batch.folded {
            self.replicas.take(event);
        }
        let mut releases = Vec::with_capacity(replies.len());
        for (nth, outcome) in batch.outcomes.into_iter().enumerate() {
            match outcome {
                Outcome::Command(answer) => {
                    if let Some(reply) = replies.remove(&nth) {
                        releases.push(release(answer, reply));
                    }
                }
                Outcome::Held { stream, reason } => self.tell_held(stream, reason),
                Outcome::Event | Outcome::Timer => {}
            }
        }
        self.status.tell(&self.engine);
        let committed = Committed { rows: batch.rows, head: batch.head.sequence, releases };
        // A relay that is gone can only mean that the process ends.
        if self.relay.send(committed).is_err() {}
    }

    fn tell_held(&self, stream: Option<Service>, reason: String) {
        let Some(stream) = stream else {
            tracing::error!(reason, "a timer cannot be handled and is held");
            return;
        };
        self.status.hold(stream, reason);
    }
}

impl<D: Domain> Inputs<D> {
    const fn new() -> Self {
        Self { works: Vec::new(), replies: BTreeMap::new(), timers_due: false, suspect: None }
    }

    fn add(&mut self, letter: Letter<D>) {
        match letter {
            Letter::Command { work, reply } => {
                self.replies.insert(self.works.len(), reply);
                self.works.push(work);
            }
            Letter::Event(event) => self.works.push(Work::Event(event)),
            Letter::TimersDue => self.timers_due = true,
            Letter::Suspect(suspect) => self.suspect = Some(suspect),
        }
    }
}

fn release<R: Send + 'static>(answer: Answer<R>, reply: Reply<R>) -> Release {
    let Reply { sender, place } = reply;
    Box::new(move |promise| {
        drop(place);
        // A client that is gone waits no more; what it asked for has happened all the same.
        if sender.send((answer, promise)).is_err() {}
    })
}
