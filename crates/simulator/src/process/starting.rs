//! The start: see, judge, act, and see again, with time and deaths in between.

use contracts::choreography::MURMURATION;
use contracts::{Headers, HistoryId, Position, Row, Service};
use engine::reading::Extent;
use engine::starting::ends::{self, Ends};
use engine::starting::stray::is_stray;
use engine::starting::{
    Common, Fence, Proof, Seen, Step as StartStep, Stream, Witness, may_rebuild, next,
};
use engine::{StateError, outbox};

use super::{Flow, Process, Stage, Step};
use crate::agenda::MILLISECOND;
use crate::env::Env;
use crate::fault::Fault;
use crate::services::Simulated;

/// Wait before the broker is asked again.
const RETRY: u64 = 100 * MILLISECOND;

/// How long a replaced writer gets to see that it was, before the stream that it has written into is
/// rebuilt. Running, it knows another stream by its creation; to its next start, one that begins anew
/// would look like one that has lost its tail.
const STRAY_PATIENCE: u64 = 2_000 * MILLISECOND;

/// What others have seen of the own stream, before it was looked at.
#[derive(Debug)]
pub(super) struct Gathered {
    witnesses: Vec<Witness>,
}

/// What was proved of a damaged stream.
struct Proved {
    proof: Proof,
    behind_a_stray: bool,
}

impl<D: Simulated> Process<D> {
    /// Asks the witnesses. What they have seen by now is in the stream when it is looked at.
    pub(super) fn gather(&mut self, env: &mut Env) -> Flow {
        if !self.connected {
            // Goes on when the connection is there.
            return Ok(());
        }
        self.crash_at(env, Fault::CrashWhileStarting)?;
        if !env.reaches_broker(D::SERVICE) {
            return self.gather_again(env);
        }
        self.gathered = Some(Gathered { witnesses: self.witnesses(env)? });
        env.ask_broker(D::SERVICE, self.pid, Step::Judge);
        Ok(())
    }

    pub(super) fn gather_again(&self, env: &mut Env) -> Flow {
        env.later(self.pid, RETRY, Step::Gather);
        Ok(())
    }

    /// Looks at the own stream, and says what follows.
    pub(super) fn judge_start(&mut self, env: &mut Env) -> Flow {
        let Some(Gathered { witnesses }) = self.gathered.take() else { return Ok(()) };
        if !env.reaches_broker(D::SERVICE) {
            return self.gather_again(env);
        }
        let stream = self.look_at_stream(env)?;
        let own = env.broker.stream(D::SERVICE);
        let has_stray =
            own.map_or(Ok(None), |own| self.ends(own).map(|ends| ends.stray))?.is_some();
        let seen = Seen {
            head: self.engine.head(),
            history: self.engine.history(),
            stream,
            witnesses,
            first_start: self.first_start,
            // Behind a stray, no row can take the end of the stream.
            restoring: self.engine.is_restoring()? && !has_stray,
            rebuilt: self.rebuilt,
        };
        let step = next(&seen);
        env.tell(D::SERVICE, || format!("starts with {} rows: {step:?}", seen.head.sequence));
        env.ask_broker(D::SERVICE, self.pid, Step::Act(step));
        Ok(())
    }

    pub(super) fn act(&mut self, env: &mut Env, step: StartStep) -> Flow {
        if !env.reaches_broker(D::SERVICE) {
            return self.gather_again(env);
        }
        match step {
            StartStep::BeginHistory => {
                let (high, low) =
                    (env.random.draw().to_be_bytes(), env.random.draw().to_be_bytes());
                let mut bytes = [0; 16];
                bytes[..8].copy_from_slice(&high);
                bytes[8..].copy_from_slice(&low);
                self.engine.begin_history(HistoryId::from_bytes(bytes))?;
            }
            StartStep::CreateStream => match outbox::verify(&self.engine.read()) {
                Ok(_) => env.broker.create(D::SERVICE),
                Err(StateError::Contradiction(what)) => {
                    return self.fence(env, &Fence::OutboxDamaged(what));
                }
                Err(error) => return Err(error.into()),
            },
            StartStep::Configure => {
                self.configured = true;
                env.broker.configure(D::SERVICE);
            }
            StartStep::Restore { up_to, .. } => return self.begin_restore(env, up_to),
            StartStep::Rebuild => return self.rebuild(env),
            StartStep::Publish(found) => {
                if self.engine.suspect()?.is_some() {
                    self.engine.note_suspect(0)?;
                }
                return self.begin(env, found);
            }
            StartStep::Fence(fence) => return self.fence(env, &fence),
        }
        env.ask_broker(D::SERVICE, self.pid, Step::Gather);
        Ok(())
    }

    pub(super) fn fence(&mut self, env: &mut Env, fence: &Fence) -> Flow {
        env.tell(D::SERVICE, || format!("FENCED: {fence}"));
        self.stage = Stage::Fenced(fence.to_string());
        Ok(())
    }

    fn rebuild(&mut self, env: &mut Env) -> Flow {
        let proof = self.prove(env)?;
        if let Err(fence) = may_rebuild(&proof.proof) {
            return self.fence(env, &fence);
        }
        if proof.behind_a_stray && !self.has_waited {
            // Its writer gets the time to see for itself that it was replaced.
            self.has_waited = true;
            env.later(self.pid, STRAY_PATIENCE, Step::Gather);
            return Ok(());
        }
        self.rebuilt = true;
        env.tell(D::SERVICE, || "deletes its damaged stream, to publish it again from row 1");
        env.broker.delete(D::SERVICE);
        self.crash_at(env, Fault::CrashWhileRebuilding)?;
        env.ask_broker(D::SERVICE, self.pid, Step::Recreate);
        Ok(())
    }

    pub(super) fn recreate(&mut self, env: &mut Env) -> Flow {
        if env.reaches_broker(D::SERVICE) {
            env.broker.create(D::SERVICE);
        }
        self.gather_again(env)
    }

    fn prove(&self, env: &Env) -> Result<Proved, StateError> {
        let stream = env.broker.stream(D::SERVICE);
        let mut tail = stream.and_then(|s| s.tail()).map_or(0, |message| message.row().sequence);
        let (mut unequal, mut behind_a_stray) = (None, false);
        for message in stream.into_iter().flat_map(crate::broker::Stream::all) {
            let message = message.row();
            if outbox::row(&self.engine.read(), message.sequence)?.as_ref() == Some(message) {
                continue;
            }
            if behind_a_stray || self.is_stray(message)? {
                behind_a_stray = true;
                tail = tail.min(self.engine.head().sequence);
                continue;
            }
            unequal = Some(message.sequence);
            break;
        }
        let verified = outbox::verify(&self.engine.read());
        let outbox = verified.map_err(|error| error.to_string());
        let proof = Proof { outbox, tail, unequal, copied: Ok(()) };
        Ok(Proved { proof, behind_a_stray })
    }

    /// Whether a replaced writer has slipped it in behind the own row before it.
    fn is_stray(&self, message: &Row) -> Result<bool, StateError> {
        let own = |number| outbox::row(&self.engine.read(), number);
        let known = own(message.sequence.saturating_sub(1))?.zip(self.engine.history());
        let at = own(message.sequence)?;
        Ok(known.is_some_and(|(before, history)| is_stray(message, &before, at.as_ref(), history)))
    }

    /// The ends of outbox and stream, compared number by number.
    fn ends(&self, stream: &crate::broker::Stream) -> Result<Ends, StateError> {
        let tail = stream.tail().map_or(0, |message| message.row().sequence);
        let (from, to) = ends::to_compare(self.engine.head().sequence, tail);
        let messages = (from..=to).filter_map(|number| stream.message(number));
        let messages: Vec<Row> = messages.map(|message| message.row().clone()).collect();
        let rows = u32::try_from(ends::COMPARED_ROWS).unwrap_or(u32::MAX).saturating_add(2);
        let own = outbox::rows(&self.engine.read(), from.saturating_sub(1).max(1), rows)?;
        Ok(ends::compare(&messages, &own, self.engine.history()))
    }

    fn look_at_stream(&self, env: &Env) -> Result<Stream, StateError> {
        let Some(stream) = env.broker.stream(D::SERVICE) else { return Ok(Stream::Missing) };
        if let Some(difference) = stream.difference() {
            let (difference, update_tried) = (difference.to_owned(), self.configured);
            return Ok(Stream::Misconfigured { difference, update_tried });
        }
        let (created, mut extent) = (stream.created(), stream.extent());
        if self.holds_a_suspect(stream)? {
            // The broker counts what it cannot read.
            extent.messages = extent.messages.saturating_sub(1);
        }
        let tail = stream.tail();
        let history = tail.and_then(|message| Headers::parse(&message.row().headers).ok());
        let mut tail = tail.map_or(0, |message| message.row().sequence);
        let Ends { stray, mut common } = self.ends(stream)?;
        if common.is_none() {
            common = self.common(stream, &extent, tail)?;
        }
        // What is there ends before a stray; the rest is rebuilt.
        tail = stray.map_or(tail, |stray| stray - 1);
        let history = history.map(|headers| headers.history);
        Ok(Stream::There { created, extent, tail, history, common })
    }

    /// The highest readable sequence that outbox and stream both hold, however far back.
    fn common(
        &self,
        stream: &crate::broker::Stream,
        extent: &Extent,
        tail: u64,
    ) -> Result<Option<Common>, StateError> {
        let mut sequence = tail.min(self.engine.head().sequence);
        while sequence >= extent.first.max(1) {
            if let Some(message) = stream.message(sequence) {
                let own = outbox::row(&self.engine.read(), sequence)?;
                let stream = message.row().chain;
                return Ok(own.map(|row| Common { sequence, own: row.chain, stream }));
            }
            sequence -= 1;
        }
        Ok(None)
    }

    /// Whether the message that was found damaged still is.
    fn holds_a_suspect(&self, stream: &crate::broker::Stream) -> Result<bool, StateError> {
        let last = stream.extent().last;
        let Some(suspect) = self.engine.suspect()?.filter(|suspect| *suspect <= last) else {
            return Ok(false);
        };
        let own = outbox::row(&self.engine.read(), suspect)?;
        let message = stream.message(suspect).map(|message| message.row());
        Ok(message.is_none() || message != own.as_ref())
    }

    /// What the last event of each stream that reads this one says of it.
    fn witnesses(&self, env: &Env) -> Result<Vec<Witness>, StateError> {
        let mut witnesses = Vec::new();
        for of in Service::ALL {
            if !MURMURATION.streams_read_by(of).contains(&D::SERVICE) {
                continue;
            }
            let Some(seen) = seen_by(env, of, D::SERVICE) else { continue };
            let own = outbox::row(&self.engine.read(), seen.sequence)?.map(|row| row.chain);
            witnesses.push(Witness { of, seen, own });
        }
        Ok(witnesses)
    }
}

fn seen_by(env: &Env, of: Service, service: Service) -> Option<Position> {
    let row = env.broker.stream(of)?.tail()?.row();
    // A damaged event is no witness; its own service sees to it.
    let headers = Headers::parse(&row.headers).ok()?;
    let seen = headers.vector.of(service);
    (seen.sequence > 0).then_some(seen)
}
