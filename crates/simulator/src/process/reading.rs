//! The reading loops: one for each foreign stream, whole and in order, begun anew at its own position
//! after any trouble.

use contracts::choreography::MURMURATION;
use contracts::{Position, Service};
use engine::reading::{Accepted, Alarm, Beginning, Cursor};

use super::writer::Letter;
use super::{Flow, Process, Step};
use crate::agenda::{MILLISECOND, SECOND};
use crate::env::Env;
use crate::fault::Fault;
use crate::services::Simulated;

/// Wait between attempts to begin: short at first.
const RETRY_MIN: u64 = 50 * MILLISECOND;
const RETRY_MAX: u64 = SECOND;

/// A broker that is silent for so long is taken for gone.
const SILENCE_MAX: u64 = 2 * SECOND;

/// Messages that come at once at most.
const MESSAGES_AT_ONCE: usize = 64;

/// One stream, being read.
#[derive(Debug)]
pub(super) struct Reading {
    cursor: Cursor,
    /// Counts the attempts: what belongs to an earlier one is over.
    run: u64,
    begins: bool,
    consumer: Option<Consumer>,
    wait: u64,
    /// The stream's end when the present consumer began.
    pub(super) seen_at_begin: u64,
    alarm: Option<Alarm>,
}

#[derive(Debug)]
struct Consumer {
    incarnation: u64,
    next: u64,
    /// Whether messages are on their way already.
    receives: bool,
}

impl Reading {
    pub(super) const fn new(from: Position) -> Self {
        Self {
            cursor: Cursor::new(from),
            run: 0,
            begins: false,
            consumer: None,
            wait: RETRY_MIN,
            seen_at_begin: 0,
            alarm: None,
        }
    }

    /// Whether messages flow, since the stream was looked at.
    pub(super) const fn is_connected(&self) -> bool {
        self.consumer.is_some()
    }

    pub(super) fn disconnect(&mut self) {
        self.run += 1;
        self.begins = false;
        self.consumer = None;
    }
}

impl<D: Simulated> Process<D> {
    /// Begins each reading that has no consumer.
    pub(super) fn begin_readings(&mut self, env: &mut Env) {
        for stream in MURMURATION.streams_read_by(D::SERVICE) {
            self.begin_reading(env, stream, 0);
        }
    }

    fn begin_reading(&mut self, env: &mut Env, stream: Service, wait: u64) {
        let way = env.way(D::SERVICE);
        let Some(reading) = self.readings.get_mut(&stream) else { return };
        if reading.begins || reading.consumer.is_some() {
            return;
        }
        reading.begins = true;
        reading.run += 1;
        env.later(self.pid, wait + way, Step::ReadBegin(stream, reading.run));
    }

    /// Looks at the stream before a consumer is made.
    pub(super) fn read_begin(&mut self, env: &mut Env, stream: Service, run: u64) -> Flow {
        let Some(reading) = self.current(stream, run) else { return Ok(()) };
        if !env.reaches_broker(D::SERVICE) {
            self.broken(env, stream);
            return Ok(());
        }
        let Some(found) = env.broker.stream(stream) else {
            self.broken(env, stream);
            return Ok(());
        };
        let extent = found.extent();
        match reading.cursor.begin(&extent) {
            Beginning::At(start) => {
                reading.seen_at_begin = extent.last;
                reading.alarm = reading.alarm.filter(|alarm| !alarm.is_of_counters());
                env.ask_broker(D::SERVICE, self.pid, Step::ReadFrom(stream, run, start));
            }
            Beginning::TooShort => {
                let (last, read) = (extent.last, reading.cursor.position().sequence);
                self.alarm(env, stream, Alarm::TooShort { last, read });
            }
            Beginning::Holed => self.alarm(env, stream, Alarm::Holed),
        }
        Ok(())
    }

    /// Makes the consumer. Meanwhile the stream may have become another one.
    pub(super) fn read_from(
        &mut self,
        env: &mut Env,
        stream: Service,
        run: u64,
        start: u64,
    ) -> Flow {
        let reaches = env.reaches_broker(D::SERVICE);
        if reaches && start > 2 && env.cuts_before_consumer(D::SERVICE) {
            env.broker.cut_tail(stream, start - 2);
            env.tell(stream, || format!("its stream has lost what follows {}", start - 2));
        }
        let Some(reading) = self.current(stream, run) else { return Ok(()) };
        let (true, Some(found)) = (reaches, env.broker.stream(stream)) else {
            self.broken(env, stream);
            return Ok(());
        };
        let end = found.extent().last;
        let mut next = start;
        if start > end + 1 {
            let fault =
                if env.broker.clamps { Fault::ConsumerClamped } else { Fault::ConsumerWaits };
            if env.broker.clamps {
                next = end + 1;
            }
            env.tally.fire(fault);
        }
        reading.begins = false;
        reading.consumer =
            Some(Consumer { incarnation: found.incarnation(), next, receives: false });
        self.wake_reading(env, stream);
        Ok(())
    }

    /// Messages are there, or may be: they come.
    pub(super) fn wake_reading(&mut self, env: &mut Env, stream: Service) {
        let at = env.received_at(D::SERVICE);
        let Some(reading) = self.readings.get_mut(&stream) else { return };
        let Some(consumer) = &mut reading.consumer else { return };
        if !consumer.receives {
            consumer.receives = true;
            let step = Step::Receive(stream, reading.run);
            env.agenda.put(at, crate::agenda::What::Process(self.pid, step));
        }
    }

    pub(super) fn receive(&mut self, env: &mut Env, stream: Service, run: u64) -> Flow {
        let reaches = env.reaches_broker(D::SERVICE);
        let many = env.random.index(MESSAGES_AT_ONCE) + 1;
        for _ in 0..many {
            let Some(reading) = self.current(stream, run) else { return Ok(()) };
            let Some(consumer) = &mut reading.consumer else { return Ok(()) };
            consumer.receives = false;
            if !reaches {
                // Nothing comes; when the connection is back, reading begins anew.
                return Ok(());
            }
            let found = env.broker.stream(stream);
            let found = found.filter(|found| found.incarnation() == consumer.incarnation);
            let Some(found) = found else {
                self.broken_after(env, stream, SILENCE_MAX);
                return Ok(());
            };
            let Some(message) = found.next_from(consumer.next).cloned() else { return Ok(()) };
            consumer.next = message.row().sequence + 1;
            match reading.cursor.accept(message.row()) {
                Ok(Accepted::Known) => reading.alarm = None,
                Ok(Accepted::Next) => {
                    reading.alarm = None;
                    reading.wait = RETRY_MIN;
                    self.feed(env, stream, &message);
                }
                Err(stopped) => {
                    self.alarm(env, stream, stopped.into());
                    return Ok(());
                }
            }
        }
        self.wake_reading(env, stream);
        Ok(())
    }

    /// Understands the row and hands it to the writer.
    fn feed(&mut self, env: &mut Env, stream: Service, message: &crate::broker::Message) {
        match message.event() {
            Ok(event) => self.post(env, Letter::Event(Box::new(event.clone()))),
            Err(reason) => {
                let text = format!("{} holds {}: {reason}", D::SERVICE, stream.stream());
                env.violation(text);
            }
        }
    }

    /// Raises the alarm, asks the owner to look at its stream, and waits.
    fn alarm(&mut self, env: &mut Env, stream: Service, alarm: Alarm) {
        let Some(reading) = self.readings.get_mut(&stream) else { return };
        if reading.alarm != Some(alarm) {
            env.tell(D::SERVICE, || format!("ALARM: {}: {alarm}", stream.stream()));
        }
        reading.alarm = Some(alarm);
        env.questions.push((stream, alarm.row()));
        self.broken(env, stream);
    }

    fn broken(&mut self, env: &mut Env, stream: Service) {
        self.broken_after(env, stream, 0);
    }

    fn broken_after(&mut self, env: &mut Env, stream: Service, silence: u64) {
        let Some(reading) = self.readings.get_mut(&stream) else { return };
        let wait = reading.wait;
        reading.wait = (wait * 2).min(RETRY_MAX);
        reading.disconnect();
        if self.connected {
            self.begin_reading(env, stream, silence + wait);
        }
    }

    fn current(&mut self, stream: Service, run: u64) -> Option<&mut Reading> {
        self.readings.get_mut(&stream).filter(|reading| reading.run == run)
    }

    pub(super) fn readings_are_quiet(&self, env: &Env) -> bool {
        self.readings.iter().all(|(stream, reading)| {
            let end = env.broker.stream(*stream).map_or(0, |found| found.extent().last);
            let place = self.engine.positions().of(*stream);
            reading.consumer.is_some()
                && reading.alarm.is_none()
                && place.folded.sequence == end
                && place.decided.sequence == end
        })
    }

    pub(super) fn readings_wait_for(&self, env: &Env) -> String {
        let mut text = String::new();
        for (stream, reading) in &self.readings {
            let end = env.broker.stream(*stream).map_or(0, |found| found.extent().last);
            let place = self.engine.positions().of(*stream);
            text += &format!(
                "{}: folded {}, decided {} of {end}, consumer: {}, alarm: {:?}; ",
                stream.stream(),
                place.folded.sequence,
                place.decided.sequence,
                reading.consumer.is_some(),
                reading.alarm
            );
        }
        text
    }

    pub(super) fn reading_alarms(&self) -> Vec<String> {
        self.readings.values().filter_map(|r| r.alarm.map(|alarm| alarm.to_string())).collect()
    }
}
