//! Looking at the own stream: first the stream, then the own end, with time in between.

use contracts::{Position, Timestamp};
use engine::reading::Extent;
use engine::watching::{StreamSeen, Verdict, first_of_another, judge, judge_message};
use engine::{StateError, outbox};

use super::{Flow, Process, Step};
use crate::env::{Env, REQUEST_TIMEOUT};
use crate::services::Simulated;

/// A look under way, and what the relay knew when it began.
#[derive(Debug)]
pub(super) struct Looking {
    number: u64,
    acknowledged: u64,
    was_in_doubt: bool,
    /// When the stream was created, and what its counters say.
    extent: Option<(Timestamp, Extent)>,
    tail: Option<Position>,
    /// The row that a consumer complains of.
    asked: Option<u64>,
}

impl<D: Simulated> Process<D> {
    pub(super) fn begin_look(&mut self, env: &mut Env) {
        if self.look.is_some() || !self.connected {
            return;
        }
        self.looks += 1;
        self.look = Some(Looking {
            number: self.looks,
            acknowledged: self.relay.acknowledged(),
            was_in_doubt: self.relay.is_in_doubt(),
            extent: None,
            tail: None,
            asked: self.asked.take(),
        });
        env.ask_broker(D::SERVICE, self.pid, Step::LookAtExtent(self.looks));
    }

    pub(super) fn look_at_extent(&mut self, env: &mut Env, number: u64) -> Flow {
        if self.cannot_look(env, number) {
            return Ok(());
        }
        let stream = env.broker.stream(D::SERVICE);
        let extent = stream.map(|stream| (stream.created(), stream.extent()));
        let next =
            if extent.is_some() { Step::LookAtTail(number) } else { Step::LookAtOwn(number) };
        if let Some(look) = &mut self.look {
            look.extent = extent;
        }
        env.ask_broker(D::SERVICE, self.pid, next);
        Ok(())
    }

    pub(super) fn look_at_tail(&mut self, env: &mut Env, number: u64) -> Flow {
        if self.cannot_look(env, number) {
            return Ok(());
        }
        let tail = env.broker.stream(D::SERVICE).and_then(|stream| stream.tail());
        if let Some(look) = &mut self.look {
            look.tail = tail.map(|message| message.row().position());
        }
        env.ask_broker(D::SERVICE, self.pid, Step::LookAtOwn(number));
        Ok(())
    }

    pub(super) fn look_at_own(&mut self, env: &mut Env, number: u64) -> Flow {
        let Some(look) = self.look.take_if(|look| look.number == number) else { return Ok(()) };
        let tail = look.tail;
        let seen = look.extent.map(|(created, extent)| StreamSeen { created, extent, tail });
        let at = look.tail.map_or(0, |tail| tail.sequence);
        let own = outbox::row(&self.engine.read(), at)?.map(|row| row.chain);
        let end = outbox::head(&self.engine.read())?.sequence;
        let verdict = match (judge(seen.as_ref(), self.stream_created, end, own), look.asked) {
            (Verdict::EndsAt(last), Some(asked)) if env.reaches_broker(D::SERVICE) => {
                let stream = env.broker.stream(D::SERVICE);
                let message = stream.and_then(|stream| stream.message(asked));
                let own = outbox::row(&self.engine.read(), asked)?;
                judge_message(asked, last, message.map(|message| message.row()), own.as_ref())
            }
            (verdict, _) => verdict,
        };
        if look.was_in_doubt
            && let Some(tail) = look.tail
            && let Some(another) = self.first_of_another(env, look.acknowledged, tail.sequence)?
        {
            return self
                .stop(env, &format!("message {another} is not row {another}: another writes"));
        }
        self.conclude(env, &look, verdict)?;
        if self.asked.is_some() {
            self.begin_look(env);
        }
        self.keep_promises(env)
    }

    /// The first number in doubt at which the stream holds another row than the outbox.
    fn first_of_another(
        &self,
        env: &Env,
        acknowledged: u64,
        tail: u64,
    ) -> Result<Option<u64>, StateError> {
        let mut doubtful = Vec::new();
        for number in acknowledged + 1..=tail {
            let stream = env.broker.stream(D::SERVICE);
            let message = stream.and_then(|stream| stream.message(number));
            let own = outbox::row(&self.engine.read(), number)?;
            let chain = message.map(|message| message.row().chain);
            doubtful.push((number, chain, own.map(|row| row.chain)));
        }
        Ok(first_of_another(doubtful))
    }

    fn conclude(&mut self, env: &mut Env, look: &Looking, verdict: Verdict) -> Flow {
        match verdict {
            Verdict::End(reason) => return self.stop(env, &reason),
            Verdict::Suspect { message, reason } => {
                self.engine.note_suspect(message)?;
                return self.stop(env, &reason);
            }
            Verdict::EndsAt(last) if self.relay.is_in_doubt() => {
                // What was seen before the doubt arose says nothing about it.
                if look.was_in_doubt {
                    env.tell(D::SERVICE, || format!("its stream ends at {last}"));
                    self.relay.resume(last);
                    self.acknowledge(env, last);
                    self.publish(env)?;
                }
            }
            Verdict::EndsAt(last) if last < look.acknowledged => {
                let reason = format!("the stream ends at {last}, not at {}", look.acknowledged);
                self.doubt(env, &reason);
            }
            Verdict::EndsAt(_) => {}
        }
        Ok(())
    }

    pub(super) fn look_failed(&mut self, number: u64) -> Flow {
        self.look.take_if(|look| look.number == number);
        Ok(())
    }

    /// Whether this look goes on no more: it was given up, or the broker does not answer.
    fn cannot_look(&self, env: &mut Env, number: u64) -> bool {
        if self.look.as_ref().is_none_or(|look| look.number != number) {
            return true;
        }
        if env.reaches_broker(D::SERVICE) {
            return false;
        }
        env.later(self.pid, REQUEST_TIMEOUT, Step::LookFailed(number));
        true
    }
}
