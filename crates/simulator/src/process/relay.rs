//! The shell of the engine's relay: publishes committed rows, and releases the answers that wait for
//! their acknowledgement.

use contracts::Row;
use engine::outbox;
use engine::promise::Durability;
use engine::relay::{Heard, Reply};
use engine::seeded::{self, Bug};

use super::{Committed, Flow, Process, Release, Stage, Step};
use crate::agenda::{MILLISECOND, Publish};
use crate::env::{Answer, Env, Told};
use crate::fault::Fault;
use crate::services::Simulated;

/// How often a doubt is looked into, and it is noticed that no acknowledgement comes.
const TICK: u64 = 100 * MILLISECOND;

/// How often the stream is verified without a doubt.
const VERIFY_EVERY: u64 = 3_000 * MILLISECOND;

/// Rows that are read from the outbox at once.
const ROWS_READ_AT_ONCE: u32 = 512;

impl<D: Simulated> Process<D> {
    pub(super) fn take_committed(&mut self, env: &mut Env) -> Flow {
        let Some(Committed { rows, head, releases }) = self.committed.pop_front() else {
            return Ok(());
        };
        self.head = head;
        self.rows.extend(rows);
        for release in releases {
            let own = match &release.told {
                Told::Accepted { sequence, .. } => *sequence,
                Told::Unchanged
                | Told::Refused
                | Told::KeyReused
                | Told::Failed(_)
                | Told::Unavailable => 0,
            };
            let waits_for = if seeded::on(Bug::AnswerWaitsForOwnRow) { own } else { head };
            self.promises.add(waits_for, release);
        }
        if self.relay.acknowledged() < self.head {
            self.link.begins_to_wait(env.clock(D::SERVICE));
        }
        self.publish(env)?;
        self.tick_soon(env);
        self.keep_promises(env)
    }

    pub(super) fn publish(&mut self, env: &mut Env) -> Flow {
        let Some(range) = self.relay.to_send(self.head) else { return Ok(()) };
        for sequence in range {
            let row = match self.row(sequence)? {
                Some(row) => row,
                None => return self.stop(env, "a row of the outbox is missing"),
            };
            let (service, from, window) = (D::SERVICE, self.pid, Some(self.window));
            let (connection, sent_at, late) = (0, 0, false);
            env.send(Publish { service, from, connection, row, window, sent_at, late });
            self.relay.sent(sequence);
            self.answers.insert(sequence, None);
            self.crash_at(env, Fault::CrashMidPipeline)?;
        }
        Ok(())
    }

    /// The row to publish: kept in memory, or read again.
    fn row(&mut self, sequence: u64) -> Result<Option<Row>, engine::StateError> {
        while self.rows.front().is_some_and(|row| row.sequence < sequence) {
            self.rows.pop_front();
        }
        if self.rows.front().is_none_or(|row| row.sequence > sequence) {
            let before = self.rows.front().map_or(u64::MAX, |row| row.sequence);
            let read = outbox::rows(&self.engine.read(), sequence, ROWS_READ_AT_ONCE)?;
            for row in read.into_iter().rev().filter(|row| row.sequence < before) {
                self.rows.push_front(row);
            }
        }
        Ok(self.rows.pop_front().filter(|row| row.sequence == sequence))
    }

    /// Takes an answer of the broker; answers are heard in the order of the rows.
    pub(super) fn hear(&mut self, env: &mut Env, window: u64, row: u64, reply: Reply) -> Flow {
        if window != self.window {
            return Ok(());
        }
        if let Some(place) = self.answers.get_mut(&row) {
            place.get_or_insert(reply);
        }
        while let Some(first) = self.answers.first_entry() {
            let row = *first.key();
            let Some(reply) = first.get().clone() else { break };
            first.remove();
            match self.relay.heard(row, &reply) {
                Heard::Acknowledged(sequence) => self.acknowledge(env, sequence),
                Heard::Doubt(reason) => self.doubt(env, &reason),
                Heard::Forgotten => {}
            }
        }
        self.crash_at(env, Fault::CrashAfterAcknowledgement)?;
        self.publish(env)?;
        self.keep_promises(env)
    }

    pub(super) fn acknowledge(&mut self, env: &mut Env, sequence: u64) {
        self.promises.acknowledged(sequence);
        self.link.waits(sequence < self.head, env.clock(D::SERVICE));
    }

    /// Forgets what is under way, until the stream is read back.
    pub(super) fn doubt(&mut self, env: &mut Env, reason: &str) {
        env.tell(D::SERVICE, || format!("reads its stream back: {reason}"));
        self.relay.doubt(reason.to_owned());
        self.answers.clear();
        self.window += 1;
        self.look = None;
        self.tick_soon(env);
    }

    pub(super) fn verify(&mut self, env: &mut Env) -> Flow {
        env.later(self.pid, VERIFY_EVERY, Step::Verify);
        self.begin_look(env);
        Ok(())
    }

    pub(super) fn answer_question(&mut self, env: &mut Env, row: Option<u64>) -> Flow {
        if self.runs {
            self.asked = self.asked.or(row);
            self.begin_look(env);
        }
        Ok(())
    }

    /// Ticks for as long as something is doubtful or waits.
    pub(super) fn tick_soon(&mut self, env: &mut Env) {
        if !self.ticks {
            self.ticks = true;
            let wait = env.random.between(MILLISECOND, TICK);
            env.later(self.pid, wait, Step::Tick);
        }
    }

    pub(super) fn tick(&mut self, env: &mut Env) -> Flow {
        self.ticks = false;
        if self.relay.is_in_doubt() {
            self.begin_look(env);
        }
        self.keep_promises(env)?;
        let waits = self.relay.waits() || self.promises.waiting() > 0;
        if self.relay.is_in_doubt() || waits || self.stage == Stage::Alone {
            self.ticks = true;
            env.later(self.pid, TICK, Step::Tick);
        }
        Ok(())
    }

    pub(super) fn keep_promises(&mut self, env: &mut Env) -> Flow {
        while let Some(release) = self.promises.next_kept() {
            self.reply(env, release, Durability::Replicated)?;
        }
        if self.link.is_alone(env.clock(D::SERVICE)) {
            if self.stage == Stage::Ready {
                self.stage = Stage::Alone;
                env.tell(D::SERVICE, || "goes on alone");
            }
            while let Some(release) = self.promises.next_alone() {
                self.reply(env, release, Durability::Local)?;
            }
        } else if !self.relay.is_in_doubt() && self.stage == Stage::Alone {
            self.stage = Stage::Ready;
            env.tell(D::SERVICE, || "is no longer alone");
        }
        Ok(())
    }

    fn reply(&self, env: &mut Env, release: Release, durability: Durability) -> Flow {
        self.crash_at(env, Fault::CrashBeforeReply)?;
        let Release { attempt, told } = release;
        env.answers.push(Answer { attempt, told, durability });
        Ok(())
    }
}
