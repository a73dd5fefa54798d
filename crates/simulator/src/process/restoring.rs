//! Taking over from the stream what the database has lost, and taking the stream's end with a
//! `recovered` row before anything is decided.

use contracts::Chain;
use engine::StateError;
use engine::batch::{Fatal, RestoreError};
use engine::reading::{Accepted, Beginning, Cursor};
use engine::relay::Reply;
use engine::seeded::{self, Bug};
use engine::starting::{Fence, Found};

use super::{End, Flow, Process, Step};
use crate::agenda::Publish;
use crate::env::Env;
use crate::fault::Fault;
use crate::services::Simulated;

/// A restoring under way.
#[derive(Debug)]
pub(super) struct Restoring {
    before: u64,
    up_to: u64,
    cursor: Cursor,
    next: Option<u64>,
    row: Option<contracts::Row>,
}

impl<D: Simulated> Process<D> {
    pub(super) fn begin_restore(&mut self, env: &mut Env, up_to: u64) -> Flow {
        let head = self.engine.head();
        self.restoring = Some(Restoring {
            before: head.sequence,
            up_to,
            cursor: Cursor::new(head),
            next: None,
            row: None,
        });
        env.ask_broker(D::SERVICE, self.pid, Step::Restore);
        Ok(())
    }

    /// Takes over some rows; in the end, publishes the `recovered` row.
    pub(super) fn restore_rows(&mut self, env: &mut Env) -> Flow {
        let Some(mut restoring) = self.restoring.take() else { return Ok(()) };
        self.crash_at(env, Fault::CrashWhileRestoring)?;
        if !env.reaches_broker(D::SERVICE) {
            return self.gather_again(env);
        }
        if self.engine.head().sequence < restoring.up_to {
            let rows = match self.rows_to_restore(env, &mut restoring) {
                Ok(rows) => rows,
                Err(reason) => return self.fence(env, &Fence::CannotRestore(reason)),
            };
            match self.engine.restore(&rows) {
                Ok(()) => {}
                Err(RestoreError::Fatal(fatal))
                    if !matches!(fatal, Fatal::State(StateError::Contradiction(_))) =>
                {
                    return Err(fatal.into());
                }
                Err(error) => return self.fence(env, &Fence::CannotRestore(error.to_string())),
            }
        }
        let done = self.engine.head().sequence >= restoring.up_to;
        if done && seeded::on(Bug::NoRecoveredRow) {
            let stream = env.broker.stream(D::SERVICE);
            let created = stream.map(crate::broker::Stream::created).unwrap_or_default();
            return self.begin(env, Found { created, ends_at: restoring.up_to });
        }
        if done {
            return self.publish_recovered(env, restoring);
        }
        self.restoring = Some(restoring);
        env.ask_broker(D::SERVICE, self.pid, Step::Restore);
        Ok(())
    }

    /// Some of the next rows of the stream.
    fn rows_to_restore(
        &self,
        env: &mut Env,
        restoring: &mut Restoring,
    ) -> Result<Vec<contracts::Row>, String> {
        let many = env.random.between(1, 200);
        let Some(stream) = env.broker.stream(D::SERVICE) else { return Ok(Vec::new()) };
        let mut next = match restoring.next {
            Some(next) => next,
            None => match restoring.cursor.begin(&stream.extent()) {
                Beginning::At(start) => start,
                Beginning::TooShort => return Err("the stream is too short".to_owned()),
                Beginning::Holed => return Err("the stream has lost messages".to_owned()),
            },
        };
        let mut rows = Vec::new();
        while (rows.len() as u64) < many {
            let Some(message) = stream.next_from(next) else { break };
            if message.row().sequence > restoring.up_to {
                break;
            }
            next = message.row().sequence + 1;
            match restoring.cursor.accept(message.row()) {
                Ok(Accepted::Known) => {}
                Ok(Accepted::Next) => rows.push(message.row().clone()),
                Err(_) if !rows.is_empty() => {
                    // What follows nothing is judged when all is seen anew.
                    restoring.up_to = message.row().sequence - 1;
                    break;
                }
                Err(stopped) => return Err(stopped.to_string()),
            }
        }
        restoring.next = Some(next);
        Ok(rows)
    }

    fn publish_recovered(&mut self, env: &mut Env, mut restoring: Restoring) -> Flow {
        self.crash_at(env, Fault::CrashBeforeRecovered)?;
        let restored = restoring.up_to.saturating_sub(restoring.before);
        let row = self.engine.recovered_row(restored, env.clock(D::SERVICE))?;
        restoring.row = Some(row.clone());
        self.restoring = Some(restoring);
        let (service, from, window) = (D::SERVICE, self.pid, None);
        let (connection, sent_at, late) = (0, 0, false);
        env.send(Publish { service, from, connection, row, window, sent_at, late });
        Ok(())
    }

    /// The row is stored only once the stream has it; if another took its place, all is seen anew.
    pub(super) fn hear_recovered(&mut self, env: &mut Env, chain: Chain, reply: &Reply) -> Flow {
        let is_it = |restoring: &mut Restoring| {
            restoring.row.as_ref().is_some_and(|row| row.chain == chain)
        };
        let Some(row) = self.restoring.take_if(is_it).and_then(|restoring| restoring.row) else {
            return Ok(());
        };
        let taken = matches!(reply, Reply::Stored { sequence, duplicate: false }
            if *sequence == row.sequence);
        if taken {
            self.crash_at(env, Fault::CrashAfterRecovered)?;
            match self.engine.restore(std::slice::from_ref(&row)) {
                Ok(()) => {
                    env.tell(D::SERVICE, || format!("took row {} as recovered", row.sequence))
                }
                Err(RestoreError::Fatal(fatal)) => return Err(fatal.into()),
                Err(error) => return Err(End::Itself(error.to_string())),
            }
        }
        self.gather_again(env)
    }
}
