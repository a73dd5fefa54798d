//! Bugs of a driver, put in on purpose: see [`crate::seeded`]. In a world without one, nothing of this does
//! anything.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use contracts::Row;
use engine::process::{BrokerAnswer, BrokerRequest, Inputs, Report, Stage};
use engine::promise::Durability;
use engine::relay::Reply;
use engine::{Outcome, Work, outbox};

use super::{Driver, Step, told};
use crate::clients::Attempt;
use crate::env::{Answer, Env, Told};
use crate::seeded::DriverBug;
use crate::services::Simulated;

/// How far the clock is put forward where patience is asked for: by more than that.
const PATIENCE: Duration = Duration::from_secs(3);

/// What bugs have to remember.
#[derive(Debug, Default)]
pub(super) struct Bugs {
    /// Whose commands wait for a commit, in order.
    asked: VecDeque<Attempt>,
    /// What was decided, and not answered yet.
    unanswered: BTreeMap<Attempt, Told>,
    loses_queued: bool,
    /// How far the process's clock is put forward.
    pub(super) ahead: Duration,
}

impl<D: Simulated> Driver<D> {
    pub(super) fn bug_at_publish(&self, env: &mut Env, window: u64, row: u64) {
        if env.bug == Some(DriverBug::AcknowledgeUnstored) {
            let reply = Box::new(Reply::Stored { sequence: row, duplicate: false });
            env.later(self.pid, 0, Step::Acknowledged { window, row, reply });
        }
    }

    pub(super) fn bug_at_answer(
        &self,
        env: &Env,
        request: &BrokerRequest,
        answer: &mut Result<BrokerAnswer, String>,
    ) {
        let starts = self.process.stage() == Stage::Starting;
        let Ok(BrokerAnswer::Message(message)) = answer else { return };
        match (env.bug, request) {
            (Some(DriverBug::CompareWithItself), _) if !starts => {
                let number = message.as_ref().map_or(0, |row| row.sequence);
                let own = outbox::row(&self.engine.read(), number);
                *message = own.ok().flatten().or(message.take());
            }
            (Some(DriverBug::SkipWitnessesOfMissing), BrokerRequest::Tail(of))
                if *of != D::SERVICE && env.broker.stream(D::SERVICE).is_none() =>
            {
                *message = None;
            }
            _ => {}
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

    pub(super) fn bug_at_ask(&mut self, env: &Env, attempt: Attempt) {
        if env.bug == Some(DriverBug::ReplyAfterEnd) {
            self.bugs.asked.push_back(attempt);
        }
    }

    pub(super) fn bug_at_outcomes(&mut self, outcomes: &[Outcome<D::Refusal>]) {
        for outcome in outcomes {
            if let Outcome::Command(answer) = outcome
                && let Some(attempt) = self.bugs.asked.pop_front()
            {
                self.bugs.unanswered.insert(attempt, told(answer));
            }
        }
    }

    pub(super) fn bug_at_reply(&mut self, attempt: Attempt) {
        self.bugs.unanswered.remove(&attempt);
        self.bugs.asked.retain(|asked| *asked != attempt);
    }

    pub(super) fn bug_at_end(&mut self, env: &mut Env) {
        for (attempt, told) in std::mem::take(&mut self.bugs.unanswered) {
            env.answers.push(Answer { attempt, told, durability: Durability::Replicated });
        }
    }

    pub(super) fn bug_at_report(&mut self, env: &Env, report: &Report) {
        let is_patient = matches!(report, Report::Waiting(why) if why.contains("replaced writer"));
        if is_patient && env.bug == Some(DriverBug::SkipPatience) {
            self.bugs.ahead += PATIENCE;
        }
    }

    /// Rows that will never be committed are sent.
    pub(super) fn publish_uncommitted(&mut self, env: &mut Env, inputs: Inputs<D::Command>) {
        self.uncommitted = self.engine.image().ok();
        let rows: Vec<Row> =
            self.engine.commit(inputs, env.clock(D::SERVICE)).map_or_else(|_| Vec::new(), |b| b.rows);
        for row in rows {
            self.send(env, row, crate::agenda::Awaits::Nothing);
        }
    }
}
