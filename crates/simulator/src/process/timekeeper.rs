//! Says when timers are due and may fire: only while the service is connected, has published what it
//! had, and has decided all that the streams held when the timer was found due.

use std::collections::BTreeMap;

use contracts::Service;
use contracts::choreography::{MURMURATION, Trigger};
use engine::seeded::{self, Bug};
use engine::timers::{self, Quiet};

use super::writer::Letter;
use super::{Flow, Process, Stage, Step};
use crate::agenda::{MILLISECOND, SECOND};
use crate::env::Env;
use crate::services::Simulated;

/// How often it is looked whether timers may fire, once some are due.
const LOOK_EVERY: u64 = 10 * MILLISECOND;

/// How long the streams' ends may take to be reached before they are asked for anew.
const REACH_WITHIN: u64 = 10 * SECOND;

/// Wait before the streams are asked again.
const ASK_AGAIN: u64 = 250 * MILLISECOND;

/// How often it is looked whether timers are due: the clock may jump, and events set new ones.
const LOOK_FOR_DUE_EVERY: u64 = 100 * MILLISECOND;

/// What must be reached before the timers that are due now may fire.
#[derive(Debug, Default)]
pub(super) struct Timekeeper {
    head: u64,
    ends: BTreeMap<Service, u64>,
    asked_at: u64,
    /// When the streams' ends were asked for that were reached before timers might fire.
    pub(super) granted_at: u64,
}

impl<D: Simulated> Process<D> {
    pub(super) fn look_at_timers(&mut self, env: &mut Env) -> Flow {
        if !has_timers(D::SERVICE) {
            return Ok(());
        }
        let next = timers::next_due(&self.engine.read())?;
        if next.is_some_and(|due| due <= env.clock(D::SERVICE)) {
            if seeded::on(Bug::DeadlinesBeforeNews) {
                self.timekeeper.granted_at = env.now;
                self.post(env, Letter::TimersDue);
                env.later(self.pid, LOOK_FOR_DUE_EVERY, Step::Timers);
                return Ok(());
            }
            env.ask_broker(D::SERVICE, self.pid, Step::TimerGoal);
        } else {
            env.later(self.pid, LOOK_FOR_DUE_EVERY, Step::Timers);
        }
        Ok(())
    }

    /// Asks the broker for the streams' ends: what this process knows of them may be old.
    pub(super) fn timer_goal(&mut self, env: &mut Env) -> Flow {
        if !self.connected || !env.reaches_broker(D::SERVICE) {
            env.later(self.pid, ASK_AGAIN, Step::Timers);
            return Ok(());
        }
        let end = |stream: &Service| env.broker.stream(*stream).map_or(0, |s| s.extent().last);
        let ends = self.readings.keys().map(|stream| (*stream, end(stream))).collect();
        let (head, asked_at) = (self.engine.head().sequence, env.now);
        self.timekeeper = Timekeeper { head, ends, asked_at, ..self.timekeeper };
        env.ask_broker(D::SERVICE, self.pid, Step::TimerPoll);
        Ok(())
    }

    pub(super) fn timer_poll(&mut self, env: &mut Env) -> Flow {
        if self.quiet().timers_may_fire() {
            self.timekeeper.granted_at = self.timekeeper.asked_at;
            self.post(env, Letter::TimersDue);
            env.later(self.pid, LOOK_FOR_DUE_EVERY, Step::Timers);
        } else if env.now - self.timekeeper.asked_at > REACH_WITHIN {
            env.later(self.pid, ASK_AGAIN, Step::Timers);
        } else {
            env.later(self.pid, LOOK_EVERY, Step::TimerPoll);
        }
        Ok(())
    }

    fn quiet(&self) -> Quiet {
        let caught_up = self.timekeeper.ends.iter().all(|(stream, end)| {
            let decided = self.engine.positions().of(*stream).decided.sequence;
            self.readings.get(stream).is_some_and(|reading| {
                reading.is_connected() && decided >= *end.max(&reading.seen_at_begin)
            })
        });
        Quiet {
            connected: self.stage == Stage::Ready,
            drained: self.relay.acknowledged() >= self.timekeeper.head,
            caught_up,
        }
    }
}

fn has_timers(service: Service) -> bool {
    let mut reactions = MURMURATION.reactions.iter().filter(|r| r.service == service);
    reactions.any(|reaction| matches!(reaction.on, Trigger::Timer(_)))
}
