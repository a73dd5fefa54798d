//! Bugs of a driver, put in on purpose: see [`crate::seeded`]. In a world without one, nothing of this does
//! anything.

use contracts::Row;
use engine::process::{BrokerAnswer, Inputs, Stage};
use engine::relay::Reply;
use engine::{Work, outbox};

use super::{Driver, Step};
use crate::env::Env;
use crate::seeded::DriverBug;
use crate::services::Simulated;

/// What bugs have to remember.
#[derive(Debug, Default)]
pub(super) struct Bugs {
    loses_queued: bool,
}

impl<D: Simulated> Driver<D> {
    pub(super) fn bug_at_publish(&self, env: &mut Env, window: u64, row: u64) {
        if env.bug == Some(DriverBug::AcknowledgeUnstored) {
            let reply = Box::new(Reply::Stored { sequence: row, duplicate: false });
            env.later(self.pid, 0, Step::Acknowledged { window, row, reply });
        }
    }

    pub(super) fn bug_at_answer(&self, env: &Env, answer: &mut Result<BrokerAnswer, String>) {
        let starts = self.process.stage() == Stage::Starting;
        if starts || env.bug != Some(DriverBug::CompareWithItself) {
            return;
        }
        if let Ok(BrokerAnswer::Message(message)) = answer {
            let number = message.as_ref().map_or(0, |row| row.sequence);
            let own = outbox::row(&self.engine.read(), number);
            *message = own.ok().flatten().or(message.take());
        }
    }

    pub(super) fn bug_at_disconnect(&mut self, env: &Env) {
        self.bugs.loses_queued = env.bug == Some(DriverBug::LoseQueued);
    }

    pub(super) fn bug_at_commit(&mut self, inputs: &mut Inputs<D::Command>) {
        let is_event = |work: &Work<D::Command>| matches!(work, Work::Event(_));
        // Who waits for which input is known by its place.
        if self.bugs.loses_queued && inputs.works.iter().all(is_event) {
            self.bugs.loses_queued = false;
            inputs.works.clear();
        }
    }

    /// Rows that will never be committed are sent.
    pub(super) fn publish_uncommitted(&mut self, env: &mut Env, inputs: Inputs<D::Command>) {
        self.uncommitted = self.engine.image().ok();
        let rows: Vec<Row> = self
            .engine
            .commit(inputs, env.clock(D::SERVICE))
            .map_or_else(|_| Vec::new(), |b| b.rows);
        for row in rows {
            self.send(env, row, crate::agenda::Awaits::Nothing);
        }
    }
}
