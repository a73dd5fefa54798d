//! Bugs of a driver, put in on purpose: see [`crate::seeded`]. In a world without one, nothing of this does
//! anything.

use std::collections::{BTreeMap, VecDeque};

use engine::process::{
    BrokerAnswer, BrokerRequest, DatabaseAnswer, DatabaseRequest, Inputs, RequestId, Stage,
    StreamInfo,
};
use engine::promise::Durability;
use engine::reading::Extent;
use engine::relay::Reply;
use engine::{Batch, Domain, Outcome, QueuedInput, outbox};
use protocol::{Row, Service};

use super::{Driver, Step, response};
use crate::agenda::Awaits;
use crate::clients::Attempt;
use crate::env::{Answer, Env, Response};
use crate::seeded::DriverBug;

/// What bugs have to remember.
#[derive(Debug, Default)]
pub(super) struct Bugs {
    loses_queued: bool,
    /// A start has found its stream missing.
    met_none: bool,
    /// What was asked and not decided yet, in order.
    undecided: VecDeque<Attempt>,
    /// What was decided and not answered yet.
    unanswered: BTreeMap<Attempt, Response>,
}

impl<D: Domain> Driver<D> {
    pub(super) fn bug_at_publish(&self, env: &mut Env, window: u64, row: u64) {
        if env.bug == Some(DriverBug::AcknowledgeUnstored) {
            let reply = Box::new(Reply::Stored { sequence: row, duplicate: false });
            env.later(self.pid, 0, Step::Acknowledged { window, row, reply });
        }
    }

    /// Whether a row that was to be published by itself counts as stored, and is not sent.
    pub(super) fn bug_at_recovered(&self, env: &mut Env, id: RequestId, row: &Row) -> bool {
        let is_on = env.bug == Some(DriverBug::RecoveredUnstored);
        if is_on {
            let reply = Reply::Stored { sequence: row.sequence, duplicate: false };
            let answer = Box::new(Ok(BrokerAnswer::Published(reply)));
            env.later(self.pid, 0, Step::Answer(id, answer));
        }
        is_on
    }

    /// Whether a request counts as carried out, and is dropped.
    pub(super) fn bug_at_request(env: &Env, request: &BrokerRequest) -> bool {
        env.bug == Some(DriverBug::DropClaim) && matches!(request, BrokerRequest::WriteClaim(..))
    }

    pub(super) fn bug_at_answer(
        &mut self,
        env: &Env,
        request: &BrokerRequest,
        answer: &mut Result<BrokerAnswer, String>,
    ) {
        let (Some(bug), Ok(answer)) = (env.bug, answer) else { return };
        let starts = self.process.stage() == Stage::Starting;
        let stream = env.broker.stream(D::SERVICE);
        self.bugs.met_none |= starts && stream.is_none();
        match (bug, request, answer) {
            (DriverBug::CompareWithItself, _, BrokerAnswer::Message(message)) if !starts => {
                let number = message.as_ref().map_or(0, |row| row.sequence);
                let own = outbox::row(&self.engine.read(), number);
                *message = own.ok().flatten().or(message.take());
            }
            (
                DriverBug::SkipWitnessesOfMissing,
                BrokerRequest::Tail(of),
                BrokerAnswer::Message(message),
            ) if *of != D::SERVICE && starts && self.bugs.met_none => *message = None,
            (DriverBug::SkipClaim, BrokerRequest::Claim(_), BrokerAnswer::Claim(claim))
                if stream.is_none_or(|stream| stream.extent().last == 0) =>
            {
                *claim = None;
            }
            (_, BrokerRequest::Find(of), BrokerAnswer::Stream(Some(info))) => {
                self.bug_at_find(bug, *of, info);
            }
            _ => {}
        }
    }

    /// A stream that others write seems to end where the process has decided all.
    fn bug_at_find(&self, bug: DriverBug, of: Service, info: &mut StreamInfo) {
        let starts = self.process.stage() == Stage::Starting;
        if bug == DriverBug::EndsWhereItStands && of != D::SERVICE && !starts {
            let last = info.extent.last.min(self.process.positions().of(of).decided.sequence);
            info.extent = Extent { first: info.extent.first.min(last), last, messages: last };
        }
    }

    /// Whether an outbox counts as verified.
    pub(super) fn bug_at_verify(
        &self,
        env: &Env,
        request: &DatabaseRequest,
    ) -> Option<DatabaseAnswer> {
        let is_on = env.bug == Some(DriverBug::SkipVerification);
        let skips = is_on && matches!(request, DatabaseRequest::Verify);
        skips.then(|| DatabaseAnswer::Verified(Ok(self.engine.head())))
    }

    pub(super) fn bug_at_disconnect(&mut self, env: &Env) {
        self.bugs.loses_queued = env.bug == Some(DriverBug::LoseQueued);
    }

    pub(super) fn bug_at_commit(&mut self, inputs: &mut Inputs<D::Command, D::Event>) {
        let is_event =
            |work: &QueuedInput<D::Command, D::Event>| matches!(work, QueuedInput::Event(_));
        // Who waits for which input is known by its place.
        if self.bugs.loses_queued && inputs.queued.iter().all(is_event) {
            self.bugs.loses_queued = false;
            inputs.queued.clear();
        }
    }

    pub(super) fn bug_at_ask(&mut self, env: &Env, attempt: Attempt) {
        if env.bug == Some(DriverBug::ReplyAfterEnd) {
            self.bugs.undecided.push_back(attempt);
        }
    }

    pub(super) fn bug_at_committed(&mut self, batch: &Batch<D::Refusal, D::Event>) {
        for outcome in &batch.outcomes {
            if let Outcome::Command(answer) = outcome
                && let Some(attempt) = self.bugs.undecided.pop_front()
            {
                self.bugs.unanswered.insert(attempt, response(answer));
            }
        }
    }

    pub(super) fn bug_at_reply(&mut self, attempt: Attempt) {
        self.bugs.undecided.retain(|asked| *asked != attempt);
        self.bugs.unanswered.remove(&attempt);
    }

    /// Who waits is told that the stream has it.
    pub(super) fn bug_at_end(&mut self, env: &mut Env) {
        for (attempt, response) in std::mem::take(&mut self.bugs.unanswered) {
            env.answers.push(Answer { attempt, response, durability: Durability::Replicated });
        }
    }

    /// Rows that will never be committed are sent.
    pub(super) fn publish_uncommitted(
        &mut self,
        env: &mut Env,
        inputs: Inputs<D::Command, D::Event>,
    ) {
        self.uncommitted = self.engine.image().ok();
        let rows: Vec<Row> = self
            .engine
            .commit(inputs, env.clock(D::SERVICE))
            .map_or_else(|_| Vec::new(), |b| b.rows);
        for row in rows {
            self.send(env, row, Awaits::Nothing);
        }
    }
}
