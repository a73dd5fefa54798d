//! The consumers that the broker keeps for a process, and the messages on their way to it.

use std::collections::BTreeMap;

use engine::Domain;
use engine::process::{ConsumerId, Input};
use protocol::Service;

use super::{Driver, Flow, Step};
use crate::agenda::{SECOND, What};
use crate::env::{Env, REQUEST_TIMEOUT};
use crate::fault::Fault;

/// A broker that is silent for so long is taken for gone.
const SILENCE_MAX: u64 = 2 * SECOND;

/// Messages that come at once at most.
const MESSAGES_AT_ONCE: usize = 64;

/// The consumers of one process: one for each stream at most.
#[derive(Debug, Default)]
pub(super) struct Consumers {
    of: BTreeMap<Service, Consumer>,
    /// Whether messages wait until the process wants them.
    hold_up: bool,
}

#[derive(Debug)]
struct Consumer {
    id: ConsumerId,
    /// As the broker keeps it, once it does.
    kept: Option<Kept>,
    /// Whether its process knows that messages flow.
    began: bool,
}

#[derive(Debug)]
struct Kept {
    incarnation: u64,
    next: u64,
    /// Whether messages are on their way already, or none will ever be again.
    is_busy: bool,
}

impl Consumers {
    pub(super) fn give_up(&mut self, stream: Service) {
        self.of.remove(&stream);
    }

    fn current(&mut self, stream: Service, id: ConsumerId) -> Option<&mut Consumer> {
        self.of.get_mut(&stream).filter(|consumer| consumer.id == id)
    }

    fn kept(&mut self, stream: Service, id: ConsumerId) -> Option<&mut Kept> {
        self.current(stream, id)?.kept.as_mut()
    }
}

impl<D: Domain> Driver<D> {
    pub(super) fn consume(&mut self, env: &mut Env, stream: Service, id: ConsumerId, from: u64) {
        self.consumers.of.insert(stream, Consumer { id, kept: None, began: false });
        env.ask_broker(D::SERVICE, self.pid, Step::MakeConsumer { stream, id, from });
    }

    /// The broker makes the consumer. Meanwhile the stream may have become another one.
    pub(super) fn make_consumer(
        &mut self,
        env: &mut Env,
        stream: Service,
        id: ConsumerId,
        from: u64,
    ) {
        let reaches = env.reaches_broker(D::SERVICE);
        if reaches && from > 2 && env.cuts_before_consumer(D::SERVICE) {
            env.broker.cut_tail(stream, from - 2);
            env.record(stream, || format!("its stream has lost what follows {}", from - 2));
        }
        if !reaches {
            return self.end_after(env, REQUEST_TIMEOUT, stream, id, "timed out");
        }
        let Some(found) = env.broker.stream(stream) else {
            return self.end_after(env, 0, stream, id, "there is no such stream");
        };
        let (incarnation, end) = (found.incarnation(), found.extent().last);
        let Some(consumer) = self.consumers.current(stream, id) else { return };
        let mut next = from;
        if from > end + 1 {
            let clamps = env.broker.clamps;
            let fault = if clamps { Fault::ConsumerClamped } else { Fault::ConsumerWaits };
            if clamps {
                next = end + 1;
            }
            env.tally.fire(fault);
        }
        // What comes first is that it begins.
        consumer.kept = Some(Kept { incarnation, next, is_busy: true });
        let at = env.received_at(D::SERVICE);
        env.agenda.put(at, What::Process(self.pid, Step::ConsumerBegan(stream, id)));
    }

    pub(super) fn consumer_began(
        &mut self,
        env: &mut Env,
        stream: Service,
        id: ConsumerId,
    ) -> Flow {
        let Some(consumer) = self.consumers.current(stream, id) else { return Ok(()) };
        consumer.began = true;
        if let Some(kept) = &mut consumer.kept {
            kept.is_busy = false;
        }
        self.wake_consumer(env, stream);
        self.take(env, Input::ConsumerBegan(stream, id))
    }

    /// Messages are there, or may be: they come.
    pub(super) fn wake_consumer(&mut self, env: &mut Env, stream: Service) {
        let Some(consumer) = self.consumers.of.get_mut(&stream) else { return };
        let Some(kept) = consumer.kept.as_mut().filter(|kept| !kept.is_busy) else { return };
        kept.is_busy = true;
        let step = Step::Deliver(stream, consumer.id);
        let at = env.received_at(D::SERVICE);
        env.agenda.put(at, What::Process(self.pid, step));
    }

    /// Some of the next messages arrive.
    pub(super) fn deliver(&mut self, env: &mut Env, stream: Service, id: ConsumerId) -> Flow {
        let reaches = env.reaches_broker(D::SERVICE);
        let most = env.random.index(MESSAGES_AT_ONCE) + 1;
        let now = self.now(env);
        let Some(kept) = self.consumers.kept(stream, id) else { return Ok(()) };
        let found = env.broker.stream(stream);
        let found = found.filter(|found| reaches && found.incarnation() == kept.incarnation);
        let Some(found) = found else {
            self.end_after(env, SILENCE_MAX, stream, id, "no message and no heartbeat came");
            return Ok(());
        };
        kept.is_busy = false;
        let last = found.extent().last;
        for message in found.all_from(kept.next).take(most) {
            if !self.process.wants_deliveries() {
                break;
            }
            let row = message.row().clone();
            kept.next = row.sequence + 1;
            let pending = last.saturating_sub(row.sequence);
            let delivered = Input::Delivered { stream, consumer: id, row, pending };
            self.process.handle(delivered, now);
        }
        let are_more = found.all_from(kept.next).next().is_some();
        if are_more && self.process.wants_deliveries() {
            self.wake_consumer(env, stream);
        } else {
            self.consumers.hold_up |= are_more;
        }
        self.drive(env)
    }

    /// Messages that had to wait come, once they are wanted.
    pub(super) fn deliver_again(&mut self, env: &mut Env) {
        if self.consumers.hold_up && self.process.wants_deliveries() {
            self.consumers.hold_up = false;
            for stream in env.services.clone() {
                self.wake_consumer(env, stream);
            }
        }
    }

    pub(super) fn consumer_ended(
        &mut self,
        env: &mut Env,
        stream: Service,
        consumer: ConsumerId,
        reason: &str,
    ) -> Flow {
        if self.consumers.current(stream, consumer).is_none() {
            return Ok(());
        }
        self.consumers.give_up(stream);
        self.take(env, Input::ConsumerEnded { stream, consumer, reason: reason.to_owned() })
    }

    fn end_after(
        &self,
        env: &mut Env,
        delay: u64,
        stream: Service,
        id: ConsumerId,
        reason: &'static str,
    ) {
        let way = env.way(D::SERVICE);
        env.later(self.pid, delay + way, Step::ConsumerEnded(stream, id, reason));
    }

    /// Whether each stream is read, and decided up to its end.
    pub(super) fn consumers_are_quiet(&self, env: &Env) -> bool {
        let positions = self.process.positions();
        Self::read_streams().all(|stream| {
            let end = env.broker.stream(stream).map_or(0, |found| found.extent().last);
            let place = positions.of(stream);
            self.consumers.of.get(&stream).is_some_and(|consumer| consumer.began)
                && place.folded.sequence == end
                && place.decided.sequence == end
        })
    }

    pub(super) fn consumers_wait_for(&self, env: &Env) -> String {
        let (positions, mut text) = (self.process.positions(), String::new());
        for stream in Self::read_streams() {
            let end = env.broker.stream(stream).map_or(0, |found| found.extent().last);
            let place = positions.of(stream);
            text += &format!(
                "{}: folded {}, decided {} of {end}, {:?}; ",
                stream.stream(),
                place.folded.sequence,
                place.decided.sequence,
                self.consumers.of.get(&stream),
            );
        }
        text
    }

    fn read_streams() -> impl Iterator<Item = Service> {
        D::choreography().streams_read_by(D::SERVICE).into_iter()
    }
}
