//! The readers of foreign streams: one each, whole and in order, begun anew at its own position after any
//! trouble. A number that is missing is never skipped: the owner is told, and the reader waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::{ForeignRows, Position, Recovered, Row, SealKeys, Service, Timestamp, foreign};

use super::seam::{BrokerAnswer, ConsumerId, RequestId};
use crate::positions::{Positions, Progress};
use crate::reading::{Accepted, Alarm, Beginning, Cursor, Stopped};
use crate::seeded::{self, Bug};

/// Wait between attempts to begin: short at first, since most outages are short.
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(1);

/// How often a stream that is held is looked at: its owner may have made another one in its place.
const HELD_EVERY: Duration = Duration::from_secs(3);

/// Messages that one consumer is used for, a hundred pulls of a busy stream, and how long at most. After
/// that a new one goes on: an account that exports a stream keeps something for every pull for as long as
/// its inbox is subscribed.
const CONSUMER_MESSAGES_MAX: u32 = 50_000;
const CONSUMER_LASTS: Duration = Duration::from_secs(600);

/// All readers of a process.
pub(super) struct Readers {
    readers: BTreeMap<Service, Reader>,
    consumers: ConsumerId,
    own: OwnRows,
}

/// What tells whether rows of the own service that others name ever were.
pub(super) struct OwnRows {
    pub(super) service: Service,
    pub(super) keys: Arc<SealKeys>,
    /// The outbox's end at the start, where no known key has marked it: rows up to it cannot be judged.
    pub(super) unmarked: u64,
    /// Those that never were, and that others may have seen in the stream before they were taken out of it.
    pub(super) foreign: Arc<Vec<ForeignRows>>,
}

/// The reader of one stream.
pub(super) struct Reader {
    cursor: Cursor,
    /// What decisions were made by when the reading began, which may be more than was folded.
    decided: Position,
    state: State,
    retry: Duration,
    /// When the stream was created that was last read.
    created: Option<Timestamp>,
    /// Whether nothing more of the stream is handled, and if so, whether it was looked at over this
    /// connection.
    held: Option<bool>,
    /// Has asked what the stream's owner has taken out of it.
    asked: Option<RequestId>,
    /// The stream's end, as last seen.
    pub(super) last: u64,
    /// The stream's end when the present consumer began.
    pub(super) seen_at_begin: u64,
    /// Why nothing flows, where that is not for the stream's sake.
    pub(super) waits: Option<String>,
    /// What is wrong with the stream, if anything is.
    pub(super) alarm: Option<Alarm>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Begins no sooner than then.
    Waiting(Duration),
    /// Has asked what there is to see of the stream.
    Finding(RequestId),
    /// Gets messages, or will.
    Consuming { consumer: ConsumerId, began: bool, since: Duration, taken: u32 },
}

/// What a reader does next.
pub(super) enum Next {
    /// Asks what there is to see of the stream.
    Find(Service, RequestId),
    /// Gets the messages of a stream from a number on.
    Consume(Service, ConsumerId, u64),
    /// Something is wrong with the stream; whether that is news.
    Alarm(Service, Alarm, bool),
    /// The position in a stream is that of a row that its owner has taken out: the process goes back.
    Rewind(Service, Vec<ForeignRows>),
    /// Another stream stands in the place of one that is held.
    Recreated(Service),
}

impl Readers {
    /// Readers that go on after these positions.
    pub(super) fn new(streams: &[Service], positions: &Positions, own: OwnRows) -> Self {
        let reader = |stream: &Service| (*stream, Reader::new(positions.of(*stream)));
        Self { readers: streams.iter().map(reader).collect(), consumers: 0, own }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Service, &Reader)> {
        self.readers.iter().map(|(stream, reader)| (*stream, reader))
    }

    pub(super) fn of(&self, stream: Service) -> Option<&Reader> {
        self.readers.get(&stream)
    }

    /// The first reader that may begin now asks for its stream.
    pub(super) fn begin(
        &mut self,
        now: Duration,
        next_request: impl FnOnce() -> RequestId,
    ) -> Option<Next> {
        let due = |reader: &Reader| match reader.state {
            State::Waiting(until) => now >= until,
            State::Consuming { since, taken, .. } => {
                taken >= CONSUMER_MESSAGES_MAX || now >= since + CONSUMER_LASTS
            }
            State::Finding(_) => false,
        };
        let (stream, reader) = self.readers.iter_mut().find(|(_, reader)| due(reader))?;
        let id = next_request();
        reader.state = State::Finding(id);
        Some(Next::Find(*stream, id))
    }

    /// What there is to see of a stream, or that back if no reader has asked for it.
    pub(super) fn take_broker(
        &mut self,
        id: RequestId,
        answer: Result<BrokerAnswer, String>,
        now: Duration,
    ) -> Result<Option<Next>, Result<BrokerAnswer, String>> {
        if let Some((stream, reader)) = find(&mut self.readers, |reader| reader.asked == Some(id)) {
            reader.asked = None;
            return Ok(reader.rewinding(stream, answer));
        }
        let finds = |reader: &Reader| matches!(reader.state, State::Finding(of) if of == id);
        let Some((stream, reader)) = find(&mut self.readers, finds) else { return Err(answer) };
        let info = match answer {
            Ok(BrokerAnswer::Stream(Some(info))) => info,
            Ok(_) => {
                reader.wait(now, "there is no such stream yet".to_owned());
                return Ok(None);
            }
            Err(reason) => {
                reader.wait(now, reason);
                return Ok(None);
            }
        };
        let last = info.extent.last;
        if reader.held.is_some() {
            (reader.last, reader.held) = (last, Some(true));
            reader.state = State::Waiting(now + HELD_EVERY);
            let is_another = reader.created.is_some_and(|created| created != info.created);
            return Ok(is_another.then_some(Next::Recreated(stream)));
        }
        reader.created = Some(info.created);
        match reader.cursor.begin(&info.extent) {
            Beginning::At(from) => {
                self.consumers += 1;
                let (consumer, began) = (self.consumers, false);
                reader.state = State::Consuming { consumer, began, since: now, taken: 0 };
                (reader.last, reader.seen_at_begin) = (last, last);
                Ok(Some(Next::Consume(stream, consumer, from)))
            }
            Beginning::TooShort => {
                let read = reader.cursor.position().sequence;
                Ok(Some(reader.raise(stream, Alarm::TooShort { last, read }, now)))
            }
            Beginning::Holed => Ok(Some(reader.raise(stream, Alarm::Holed, now))),
        }
    }

    /// Messages begin to flow.
    pub(super) fn began(&mut self, stream: Service, id: ConsumerId) {
        let Some(reader) = self.consuming(stream, id) else { return };
        if let State::Consuming { began, .. } = &mut reader.state {
            *began = true;
        }
        reader.waits = None;
        let last = reader.seen_at_begin;
        reader.alarm = reader.alarm.filter(|alarm| alarm.outlasts_counters(last));
    }

    /// The next message of a stream: the row, if it is the next one.
    pub(super) fn deliver(
        &mut self,
        stream: Service,
        id: ConsumerId,
        row: &Row,
        pending: u64,
        now: Duration,
    ) -> Result<bool, Next> {
        let is_false = self.own.is_belied_by(row);
        let Some(reader) = self.consuming(stream, id) else { return Ok(false) };
        if let State::Consuming { taken, .. } = &mut reader.state {
            *taken += 1;
        }
        let mut next = reader.cursor;
        let accepted = match next.accept(row) {
            Ok(Accepted::Next) if is_false => Err(Stopped::FalseVector(row.sequence)),
            Ok(Accepted::Next) if reader.decided_on_another(row) => {
                Err(Stopped::Replaced(row.sequence))
            }
            accepted => accepted,
        };
        match accepted {
            Ok(accepted) => {
                reader.cursor = next;
                if accepted == Accepted::Known {
                    reader.alarm = reader.alarm.filter(|alarm| alarm.outlasts(row, pending));
                    return Ok(false);
                }
                reader.alarm = None;
                reader.last = row.sequence + pending;
                reader.retry = RETRY_MIN;
                Ok(true)
            }
            Err(stopped) => Err(reader.raise(stream, stopped.into(), now)),
        }
    }

    /// Nothing more comes to that consumer.
    pub(super) fn ended(&mut self, stream: Service, id: ConsumerId, reason: String, now: Duration) {
        if let Some(reader) = self.consuming(stream, id) {
            reader.wait(now, reason);
        }
    }

    /// The connection is gone: each begins anew when it is back.
    pub(super) fn disconnect(&mut self) {
        for reader in self.readers.values_mut() {
            reader.state = State::Waiting(Duration::ZERO);
            (reader.held, reader.asked) = (reader.held.map(|_| false), None);
        }
    }

    /// Nothing more of the stream is handled.
    pub(super) fn hold(&mut self, stream: Service, now: Duration) {
        if let Some(reader) = self.readers.get_mut(&stream) {
            reader.held = Some(true);
            reader.state = State::Waiting(now + HELD_EVERY);
        }
    }

    /// The reader of the stream asks by this number what its owner has taken out of it, if it may stand on
    /// such a row.
    pub(super) fn may_ask(&mut self, stream: Service, id: RequestId) -> bool {
        let Some(reader) = self.readers.get_mut(&stream) else { return false };
        let asks = reader.asked.is_none() && reader.may_stand_on_foreign();
        if asks {
            reader.asked = Some(id);
        }
        asks
    }

    /// When the next reader begins.
    pub(super) fn timeout(&self) -> Option<Duration> {
        let at = |reader: &Reader| match reader.state {
            State::Waiting(until) => Some(until),
            State::Consuming { since, .. } => Some(since + CONSUMER_LASTS),
            State::Finding(_) => None,
        };
        self.readers.values().filter_map(at).min()
    }

    fn consuming(&mut self, stream: Service, id: ConsumerId) -> Option<&mut Reader> {
        let reader = self.readers.get_mut(&stream)?;
        let is_it = matches!(reader.state, State::Consuming { consumer, .. } if consumer == id);
        is_it.then_some(reader)
    }
}

impl OwnRows {
    /// Whether the row names an own row that never was.
    fn is_belied_by(&self, row: &Row) -> bool {
        row.has_seen(self.service).is_some_and(|seen| {
            seen.sequence > self.unmarked
                && !self.keys.has_marked(seen)
                && foreign::true_up_to(&self.foreign, seen).is_none()
                && !seeded::on(Bug::BelieveUnmarked)
        })
    }
}

impl Reader {
    const fn new(Progress { folded, decided }: Progress) -> Self {
        Self {
            cursor: Cursor::new(folded),
            decided,
            state: State::Waiting(Duration::ZERO),
            retry: RETRY_MIN,
            created: None,
            held: None,
            asked: None,
            last: 0,
            seen_at_begin: 0,
            waits: None,
            alarm: None,
        }
    }

    /// Whether messages flow, since the stream was looked at.
    pub(super) const fn is_connected(&self) -> bool {
        matches!(self.state, State::Consuming { began: true, .. })
            || matches!(self.held, Some(true))
    }

    /// Whether the stream does not hold what was read or decided, while it is whole.
    const fn may_stand_on_foreign(&self) -> bool {
        matches!(self.alarm, Some(Alarm::Stopped(Stopped::Replaced(_)) | Alarm::TooShort { .. }))
            || self.last < self.decided.sequence
    }

    /// Whether decisions were made on another row of that number: folding begins behind them, when a
    /// replica is read again.
    fn decided_on_another(&self, row: &Row) -> bool {
        row.sequence == self.decided.sequence && row.chain != self.decided.chain
    }

    /// What the owner of the stream has taken out of it, if the reader stands on one of these rows.
    fn rewinding(&self, stream: Service, said: Result<BrokerAnswer, String>) -> Option<Next> {
        let Ok(BrokerAnswer::Message(Some(row))) = said else { return None };
        let said: Recovered = serde_json::from_slice(&row.payload).ok()?;
        let stands_on = |at| foreign::true_up_to(&said.foreign, at).is_some();
        let stands = stands_on(self.cursor.position()) || stands_on(self.decided);
        stands.then_some(Next::Rewind(stream, said.foreign))
    }

    fn wait(&mut self, now: Duration, reason: String) {
        self.state = State::Waiting(now + self.retry);
        self.retry = (self.retry * 2).min(RETRY_MAX);
        self.waits = Some(reason);
    }

    fn raise(&mut self, stream: Service, alarm: Alarm, now: Duration) -> Next {
        let is_news = self.alarm != Some(alarm);
        self.alarm = Some(alarm);
        self.state = State::Waiting(now + self.retry);
        self.retry = (self.retry * 2).min(RETRY_MAX);
        Next::Alarm(stream, alarm, is_news)
    }
}

fn find(
    readers: &mut BTreeMap<Service, Reader>,
    is_it: impl Fn(&Reader) -> bool,
) -> Option<(Service, &mut Reader)> {
    let mut readers = readers.iter_mut();
    readers.find(|(_, reader)| is_it(reader)).map(|(stream, reader)| (*stream, reader))
}
