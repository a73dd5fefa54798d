//! The writer: takes whatever has queued up into one transaction.

use contracts::{Row, Service, StoredEvent};
use engine::seeded::{self, Bug};
use engine::{Answer, Batch, Outcome, Work};

use super::{Committed, End, Flow, Process, Release, Stage, Step};
use crate::agenda::Publish;
use crate::clients::Attempt;
use crate::env::{Env, Told};
use crate::fault::Fault;
use crate::services::{Ask, Simulated};

/// Timers that are taken at once at most.
const TIMERS_AT_ONCE: u32 = 256;

/// One thing for the writer.
pub(super) enum Letter<D: Simulated> {
    /// A command, and who waits for its answer.
    Command(Attempt, Box<Work<D::Command>>),
    /// The next event of a foreign stream.
    Event(Box<StoredEvent>),
    /// Timers are due, and may fire.
    TimersDue,
}

/// The inputs of one batch, and who waits for which of them.
struct Inputs<D: Simulated> {
    works: Vec<Work<D::Command>>,
    attempts: Vec<Option<Attempt>>,
    timers_due: bool,
}

impl<D: Simulated> Process<D> {
    pub(super) fn take_command(
        &mut self,
        env: &mut Env,
        attempt: Attempt,
        ask: &Ask,
    ) -> Result<(), Told> {
        match self.stage {
            Stage::Ready => {}
            Stage::Alone if !ask.requires_replicated => {}
            Stage::Alone | Stage::Starting | Stage::Fenced(_) => return Err(Told::Unavailable),
        }
        let Some(command) = D::command(&ask.what) else { return Err(Told::Unavailable) };
        let work = Work::Command { command, request: ask.request() };
        self.post(env, Letter::Command(attempt, Box::new(work)));
        Ok(())
    }

    /// Puts a letter into the writer's queue.
    pub(super) fn post(&mut self, env: &mut Env, letter: Letter<D>) {
        self.inbox.push_back(letter);
        if !self.writes {
            self.writes = true;
            let wait = env.random.between(1, 60);
            env.later(self.pid, wait, Step::Write);
        }
    }

    pub(super) fn write(&mut self, env: &mut Env) -> Flow {
        self.writes = false;
        if self.inbox.is_empty() {
            return Ok(());
        }
        if seeded::on(Bug::PublishBeforeCommit) && self.would_fail_at_commit(env) {
            self.uncommitted = self.engine.image().ok();
        } else {
            self.crash_at(env, Fault::CrashBeforeCommit)?;
        }
        if self.replaced.is_some_and(|replaced| replaced.notices) {
            env.tally.fire(Fault::ZombieWithoutFile);
            return self.stop(env, "the database's file was replaced");
        }
        if env.strikes(D::SERVICE, Fault::DatabaseFailed) {
            return self.stop(env, "the database failed at a commit");
        }
        let inputs = self.collect(env)?;
        if inputs.works.is_empty() {
            return Ok(());
        }
        #[cfg(feature = "seeded-bugs")]
        seeded::set_clock(env.clock(D::SERVICE));
        let batch = match self.engine.run(&inputs.works, env.clock(D::SERVICE)) {
            Ok(batch) => batch,
            Err(engine::batch::Fatal::State(engine::StateError::Full)) => {
                env.tally.fire(Fault::DatabaseFull);
                return self.stop(env, "the database is full");
            }
            Err(fatal) => return self.stop(env, &fatal.to_string()),
        };
        if self.uncommitted.is_some() {
            self.publish_uncommitted(env, batch.rows);
            return Err(End::Killed(Fault::CrashBeforeCommit));
        }
        self.crash_at(env, Fault::CrashAfterCommit)?;
        if env.strikes(D::SERVICE, Fault::DatabaseFailedLate) {
            return self.stop(env, "the database failed after a commit");
        }
        if !self.engine.positions().replicas_reach_decided() {
            self.crash_at(env, Fault::CrashWhileReplicaLoads)?;
        }
        self.hand_over(env, batch, inputs.attempts);
        self.write_again(env);
        Ok(())
    }

    /// Whether a fault strikes at this commit. Asked only by a bug that publishes before it.
    fn would_fail_at_commit(&self, env: &mut Env) -> bool {
        env.strikes(D::SERVICE, Fault::CrashBeforeCommit)
            || env.strikes(D::SERVICE, Fault::DatabaseFailed)
    }

    /// Sends what was never committed: a bug, put in on purpose.
    fn publish_uncommitted(&self, env: &mut Env, rows: Vec<Row>) {
        for row in rows {
            let (service, from, window) = (D::SERVICE, self.pid, Some(u64::MAX));
            let (connection, sent_at, late) = (0, 0, false);
            env.send(Publish { service, from, connection, row, window, sent_at, late });
        }
    }

    fn write_again(&mut self, env: &mut Env) {
        if !self.inbox.is_empty() && !self.writes {
            self.writes = true;
            let wait = env.random.between(20, env.pace.disk_max);
            env.later(self.pid, wait, Step::Write);
        }
    }

    /// What has queued up; sometimes only a part of it, as if the rest came later.
    fn collect(&mut self, env: &mut Env) -> Result<Inputs<D>, engine::StateError> {
        let all = self.inbox.len();
        let take = if env.random.chance(70) { all } else { 1 + env.random.index(all) };
        let mut inputs = Inputs::<D> { works: Vec::new(), attempts: Vec::new(), timers_due: false };
        for letter in self.inbox.drain(..take) {
            inputs.add(letter);
        }
        if inputs.timers_due {
            let due = self.engine.timers_due(env.clock(D::SERVICE), TIMERS_AT_ONCE)?;
            for timer in due {
                inputs.works.push(Work::Timer(timer));
                inputs.attempts.push(None);
            }
        }
        Ok(inputs)
    }

    /// Nothing of a batch leaves the process before this, when it is committed.
    fn hand_over(
        &mut self,
        env: &mut Env,
        batch: Batch<D::Refusal>,
        attempts: Vec<Option<Attempt>>,
    ) {
        let mut releases = Vec::new();
        for (outcome, attempt) in batch.outcomes.into_iter().zip(attempts) {
            match (outcome, attempt) {
                (Outcome::Command(answer), Some(attempt)) => {
                    releases.push(Release { attempt, told: told(answer) });
                }
                (Outcome::Held { stream, reason }, _) => self.tell_held(env, stream, &reason),
                (Outcome::Command(_) | Outcome::Event | Outcome::Timer, _) => {}
            }
        }
        for row in &batch.rows {
            env.tell(D::SERVICE, || format!("row {}: {}", row.sequence, row.subject));
            self.check_deadline(env, row);
        }
        self.tell_ready(env);
        self.committed.push_back(Committed {
            rows: batch.rows,
            head: batch.head.sequence,
            releases,
        });
        let hop = env.random.between(1, 40);
        env.later(self.pid, hop, Step::Committed);
    }

    /// An outage must not cancel orders whose good news lies unread.
    fn check_deadline(&self, env: &mut Env, row: &Row) {
        let Some(order) = row.subject.strip_prefix("order.cancelled.") else { return };
        if !row.headers.contains("timer/deadline") {
            return;
        }
        let decided = self.engine.positions().of(Service::Shipping).decided.sequence;
        let news = format!("shipping.created.{order}");
        let stream = env.broker.stream(Service::Shipping);
        let unread = stream.into_iter().flat_map(|stream| stream.all()).find(|message| {
            message.row().sequence > decided
                && message.row().subject == news
                && message.stored_at() < self.timekeeper.granted_at
        });
        if let Some(sequence) = unread.map(|message| message.row().sequence) {
            let text = format!("{order} was cancelled by its deadline, SHIPPING {sequence} unread");
            env.violation(text);
        }
    }

    fn tell_held(&self, env: &mut Env, stream: Option<Service>, reason: &str) {
        let what = stream.map_or("a timer", Service::stream);
        env.violation(format!("{} holds {what}: {reason}", D::SERVICE));
    }
}

impl<D: Simulated> Inputs<D> {
    fn add(&mut self, letter: Letter<D>) {
        let (work, attempt) = match letter {
            Letter::Command(attempt, work) => (*work, Some(attempt)),
            Letter::Event(event) => (Work::Event(event), None),
            Letter::TimersDue => {
                self.timers_due = true;
                return;
            }
        };
        self.works.push(work);
        self.attempts.push(attempt);
    }
}

fn told<R>(answer: Answer<R>) -> Told {
    match answer {
        Answer::Accepted { event, repeated } => Told::Accepted {
            sequence: event.headers.sequence,
            chain: event.chain,
            kind: event.headers.kind,
            repeated,
        },
        Answer::Unchanged => Told::Unchanged,
        Answer::Refused(_) | Answer::PreconditionFailed(_) => Told::Refused,
        Answer::KeyReused => Told::KeyReused,
        Answer::TooLarge { bytes, .. } => Told::Failed(format!("a row of {bytes} bytes")),
        Answer::Failed(reason) => Told::Failed(reason),
    }
}
