//! What a process does next, room by room, in the order in which one room's news concern the next.

use super::publisher;
use super::routine::Asked;
use super::seam::{Effect, End, Inputs, Report};
use super::startup::Started;
use super::timers::View;
use super::verifier::Verified;
use super::{Phase, Process, RECONNECT_EVERY, Stage};
use crate::domain::Domain;
use crate::promise::Durability;

impl<D: Domain, T> Process<D, T> {
    pub(super) fn advance(&mut self) {
        match &self.phase {
            Phase::Starting(_) => self.start(),
            Phase::Working(_) => {
                self.verify();
                self.read_streams();
                self.open_timers();
                self.commit();
                self.publish();
                self.reply();
                self.finish();
            }
            Phase::Fenced | Phase::Ended(_) => {}
        }
    }

    fn start(&mut self) {
        let Some(limits) = &self.broker else { return };
        let unfit = limits.unfit.clone().or_else(|| limits.too_small.clone());
        let now = self.now();
        let Phase::Starting(startup) = &mut self.phase else { return };
        if let Some(reason) = unfit.filter(|_| !startup.is_passing()) {
            startup.hold_off(now);
            self.wait_to_start(reason);
            return self.reconnect();
        }
        let started = startup.advance::<D>(&self.shared);
        let disbelieved = startup.take_disbelieved();
        while let Some(asked) = startup.next_request() {
            self.effects.push_back(ask(asked));
        }
        for of in disbelieved {
            self.report(Report::Disbelieved(of));
        }
        match started {
            Started::Underway => {}
            Started::Passed(said) => self.report(Report::Starting(said)),
            Started::Waits(reason) => self.wait_to_start(reason),
            Started::Ready(found) => self.begin(found),
            Started::Fenced(fence) => self.fence(fence),
            Started::Failed(fatal) => self.failed(&fatal),
        }
    }

    fn wait_to_start(&mut self, reason: String) {
        if self.reason.as_ref() != Some(&reason) {
            self.report(Report::Waiting(reason.clone()));
            self.reason = Some(reason);
        }
    }

    /// Connects anew, but not too often.
    fn reconnect(&mut self) {
        let now = self.now();
        if self.reconnected_at.is_none_or(|at| now >= at + RECONNECT_EVERY) {
            self.reconnected_at = Some(now);
            self.effects.push_back(Effect::Reconnect);
        }
    }

    fn verify(&mut self) {
        let (now, connected) = (self.now(), self.broker.is_some());
        let (shared, head) = (std::rc::Rc::clone(&self.shared), self.known.head.sequence);
        let Some(working) = self.working() else { return };
        let outcomes = working.publisher.time_out(now);
        self.on_acks(outcomes);
        let Phase::Working(working) = &mut self.phase else { return };
        let relay = working.publisher.relay().clone();
        let verified = working.verifier.advance(D::SERVICE, &relay, &shared, connected);
        while let Some(asked) = working.verifier.next_request() {
            self.effects.push_back(ask(asked));
        }
        match verified {
            Verified::Nothing | Verified::AsKnown => {}
            Verified::EndsAt(last) => {
                let advances = working.publisher.resume(last, head);
                working.replies.resumed(last, head, advances, now);
            }
            Verified::Doubt(reason) => self.doubt(&reason),
            Verified::End(reason) => self.end(End::StartAnew(reason)),
            Verified::Failed(fatal) => self.failed(&fatal),
        }
    }

    fn read_streams(&mut self) {
        if self.broker.is_none() || self.stops {
            return;
        }
        let shared = std::rc::Rc::clone(&self.shared);
        let now = self.now();
        while let Some(working) = self.working()
            && let Some(next) = working.readers.begin(now, || shared.next_request())
        {
            self.read(next);
        }
    }

    fn open_timers(&mut self) {
        let now = self.shared.now().wall;
        if self.known.next_timer.is_none_or(|due| due > now) {
            if let Some(working) = self.working() {
                working.timers.close();
            }
            return;
        }
        let positions = self.positions();
        let Phase::Working(working) = &mut self.phase else { return };
        if self.stops || working.committing.is_some() || self.queue.announces_timers() {
            return;
        }
        let view = View {
            next_timer: self.known.next_timer,
            is_ready: self.stage == Stage::Ready,
            head: self.known.head.sequence,
            acknowledged: working.publisher.relay().acknowledged(),
            positions: &positions,
            readers: &working.readers,
        };
        let may_fire = working.timers.advance(&view, &self.shared);
        while let Some(asked) = working.timers.next_request() {
            self.effects.push_back(ask(asked));
        }
        if let Some(by) = may_fire {
            self.queue.timers_due(by);
        }
    }

    fn commit(&mut self) {
        let now = self.now();
        let row_bytes_max = self.broker.as_ref().map_or(usize::MAX, |limits| limits.row_bytes_max);
        let Phase::Working(working) = &mut self.phase else { return };
        if working.committing.is_none() && self.queue.has_reason(now, self.stops) {
            let taken = self.queue.take();
            working.committing = Some(taken.tickets);
            let (queued, timers_due) = (taken.queued, taken.timers_due);
            self.effects.push_back(Effect::Commit(Inputs { queued, timers_due, row_bytes_max }));
        }
    }

    fn publish(&mut self) {
        let (head, now) = (self.known.head.sequence, self.now());
        let shared = std::rc::Rc::clone(&self.shared);
        let Some(limits) = self.broker.clone() else { return };
        loop {
            let Some(working) = self.working() else { return };
            match working.publisher.next(head, &limits, now, || shared.next_request()) {
                publisher::Next::Nothing => return,
                publisher::Next::Publish(window, row) => {
                    self.effects.push_back(Effect::Publish { window, row });
                }
                publisher::Next::Read(id, request) => {
                    self.effects.push_back(Effect::Database(id, request));
                }
                publisher::Next::TooLarge(reason) => {
                    self.doubt(&reason);
                    return self.reconnect();
                }
            }
        }
    }

    fn reply(&mut self) {
        let now = self.now();
        while let Some(working) = self.working()
            && let Some((reply, durability, acknowledged)) = working.replies.next(now)
        {
            if durability == Durability::Local {
                self.go_alone();
            }
            let (ticket, answer) = (reply.ticket, reply.answer);
            self.effects.push_back(Effect::Reply { ticket, answer, durability, acknowledged });
        }
        let Some(working) = self.working() else { return };
        let is_in_doubt = working.publisher.relay().is_in_doubt();
        let is_alone = working.replies.is_alone(now);
        if self.stage == Stage::Starting && self.known.positions.replicas_reach_decided() {
            // Each replica has folded what decisions were already made by.
            self.set_stage(Stage::Ready, None);
        }
        if is_alone {
            self.go_alone();
        } else if self.stage == Stage::Alone && !is_in_doubt {
            self.set_stage(Stage::Ready, None);
        }
    }

    /// Goes on without the broker, or says anew why. A broker that refuses a row is not one that is silent.
    fn go_alone(&mut self) {
        let connected = self.broker.is_some();
        let Some(working) = self.working() else { return };
        let reason = match working.publisher.doubted().filter(|_| connected) {
            Some(doubted) => {
                format!("{doubted}; until the stream takes it, what is answered is kept here only")
            }
            None => "the broker does not answer; what is answered is kept here only".to_owned(),
        };
        match self.stage {
            Stage::Ready => self.set_stage(Stage::Alone, Some(reason)),
            Stage::Alone => self.reason = Some(reason),
            Stage::Starting | Stage::Fenced | Stage::Stopping => {}
        }
    }

    /// Asked to stop, it is over once all that it has taken is committed, and acknowledged.
    fn finish(&mut self) {
        let head = self.known.head.sequence;
        let queue_is_empty = self.queue.is_empty();
        let stops = self.stops;
        let Some(working) = self.working() else { return };
        let relay = working.publisher.relay();
        let is_acknowledged = !relay.is_in_doubt() && relay.acknowledged() >= head;
        let is_done = queue_is_empty && working.committing.is_none() && is_acknowledged;
        if stops && is_done && self.effects.is_empty() {
            self.end(End::Stopped);
        }
    }
}

fn ask<D: Domain, T>(asked: Asked) -> Effect<D, T> {
    match asked {
        Asked::Broker(id, request) => Effect::Broker(id, request),
        Asked::Database(id, request) => Effect::Database(id, request),
    }
}
