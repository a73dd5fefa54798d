//! A driver whose effects are carried out at once, but for those that a test does by hand: publishing is
//! never acknowledged by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contracts::{Event, StoredEvent, service};
use protocol::{Headers, HistoryId, Position, Row, Service, Timestamp, Vector};

use super::super::*;
use crate::batch::tests::stage::{Ask, Foreign, Stage as Small, keys};
use crate::batch::{Engine, QueuedInput, Request};
use crate::reading::Extent;
use crate::relay::Reply;
use crate::starting::Claim;

pub(super) use crate::batch::tests::stage::Orders;

pub(super) struct Hand {
    pub(super) process: Process<Orders, u64>,
    pub(super) engine: Engine<Orders>,
    pub(super) now: Now,
    /// The own stream; none if there is none.
    pub(super) stream: Option<BTreeMap<u64, Row>>,
    /// How many inputs each commit had.
    pub(super) commits: Vec<usize>,
    pub(super) last_inputs: Vec<QueuedInput<Ask, Event>>,
    pub(super) holds_commits: bool,
    pub(super) ended: Option<End>,
    /// What was to be done since the process began.
    pub(super) done: Vec<Effect<Orders, u64>>,
    held_commit: Option<Inputs<Ask, Event>>,
    created: i64,
    sent: BTreeMap<u64, (u64, Row)>,
    pub(super) foreign: BTreeMap<Service, Foreign>,
    /// When the foreign streams were created.
    pub(super) foreign_created: i64,
    /// The last `recovered` rows of foreign streams.
    pub(super) recovered: BTreeMap<Service, Row>,
    consumers: BTreeMap<Service, ConsumerId>,
    pub(super) claims: Vec<(u64, Claim)>,
    /// What the broker's counter says beyond what can be read.
    counted: u64,
    /// The message that the broker counts and cannot read.
    pub(super) unreadable: Option<u64>,
    /// The broker's answers are held back where there is a list.
    pub(super) held_requests: Option<Vec<(RequestId, BrokerRequest)>>,
    /// Where the own stream's configuration is not as wanted, and what the broker says to updates, in
    /// order; when none is left, they set it right.
    pub(super) difference: Option<&'static str>,
    pub(super) updates: Vec<Result<(), &'static str>>,
}

impl Hand {
    pub(super) fn new() -> Self {
        Self::over(Small::empty_engine(), None, 0)
    }

    fn over(engine: Engine<Orders>, stream: Option<BTreeMap<u64, Row>>, created: i64) -> Self {
        Self::reading(Arc::default(), engine, stream, created)
    }

    fn reading(
        versions: Arc<Versions>,
        mut engine: Engine<Orders>,
        stream: Option<BTreeMap<u64, Row>>,
        created: i64,
    ) -> Self {
        engine.set_versions(Arc::clone(&versions));
        let fresh_history = HistoryId::from_bytes([7; 16]);
        let settings = Settings {
            first_start: true,
            fresh_history,
            keys: keys(),
            versions,
            drop_foreign: None,
        };
        let process = Process::new(settings, engine.known().clone());
        Self {
            process,
            engine,
            now: Now { wall: Timestamp::from_micros(0), monotonic: Duration::from_secs(10) },
            stream,
            commits: Vec::new(),
            last_inputs: Vec::new(),
            holds_commits: false,
            ended: None,
            done: Vec::new(),
            held_commit: None,
            created,
            sent: BTreeMap::new(),
            foreign: BTreeMap::new(),
            foreign_created: 0,
            recovered: BTreeMap::new(),
            consumers: BTreeMap::new(),
            claims: Vec::new(),
            counted: 0,
            unreadable: None,
            held_requests: None,
            difference: None,
            updates: Vec::new(),
        }
    }

    pub(super) fn started() -> Self {
        let mut hand = Self::new();
        hand.start();
        hand.commits.clear();
        hand
    }

    /// Another process over the same stores.
    pub(super) fn restarted(self) -> Self {
        let (counted, claims, foreign) = (self.counted, self.claims, self.foreign);
        Self { counted, claims, foreign, ..Self::over(self.engine, self.stream, self.created) }
    }

    /// Another process over the same stores, that may take this row of somebody else out of its stream.
    pub(super) fn dropping(self, first: Position) -> Self {
        let mut next = self.restarted();
        let fresh_history = HistoryId::from_bytes([8; 16]);
        let (keys, versions, drop_foreign) = (keys(), Arc::default(), Some(first));
        let settings = Settings { first_start: false, fresh_history, keys, versions, drop_foreign };
        next.process = Process::new(settings, next.engine.known().clone());
        next
    }

    pub(super) fn with_empty_stores(self) -> Self {
        let foreign = self.foreign;
        Self { foreign, ..Self::over(Small::empty_engine(), None, self.created) }
    }

    /// A process of another build over the same stores, beside the same foreign streams.
    pub(super) fn upgraded(self, versions: Versions) -> Self {
        let foreign = self.foreign;
        let next = Self::reading(Arc::new(versions), self.engine, self.stream, self.created);
        Self { foreign, ..next }
    }

    pub(super) fn with_an_empty_database(self) -> Self {
        Self::over(Small::empty_engine(), self.stream, self.created)
    }

    pub(super) fn start(&mut self) {
        self.connect();
        let effects = self.effects();
        self.done.extend(effects);
    }

    pub(super) fn connect(&mut self) {
        let limits = BrokerLimits { row_bytes_max: usize::MAX, ..BrokerLimits::default() };
        self.input(Input::Connected(limits));
    }

    pub(super) fn input(&mut self, input: Input<Orders, u64>) {
        self.process.handle(input, self.now);
    }

    pub(super) fn place(&mut self, order: &'static str, ticket: u64) {
        let (command, request) = (Ask::Place(order), Request::default());
        self.input(Input::Command { command, request, ticket });
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.now.wall = Timestamp::from_micros(self.now.wall.micros() + micros);
    }

    /// Everything that the process wants done, while as much time passes as it waits for within 250 ms. The
    /// time of day stands still: no deadline passes.
    pub(super) fn effects(&mut self) -> Vec<Effect<Orders, u64>> {
        let mut effects = Vec::new();
        let until = self.now.monotonic + Duration::from_millis(250);
        loop {
            effects.extend(self.effects_now());
            match self.process.poll_timeout() {
                Some(timeout) if timeout.at <= until && self.ended.is_none() => {
                    let wait = timeout.at.saturating_sub(self.now.monotonic);
                    self.now.monotonic += wait;
                    let again = self.process.poll_effect(self.now);
                    let Some(effect) = again else {
                        if wait.is_zero() {
                            return effects;
                        }
                        continue;
                    };
                    effects.extend(self.carry_out(effect));
                }
                Some(_) | None => return effects,
            }
        }
    }

    /// The same, at this moment.
    pub(super) fn effects_now(&mut self) -> Vec<Effect<Orders, u64>> {
        let mut effects = Vec::new();
        while let Some(effect) = self.process.poll_effect(self.now) {
            effects.extend(self.carry_out(effect));
        }
        effects
    }

    pub(super) fn finish_commit(&mut self) {
        if let Some(inputs) = self.held_commit.take() {
            self.commit(inputs);
        }
    }

    /// What the broker was asked meanwhile is answered, and from now on at once.
    pub(super) fn answer_held(&mut self) {
        for (id, request) in self.held_requests.take().unwrap() {
            let answer = self.broker(request);
            self.input(Input::Broker(id, answer));
        }
    }

    /// The stream takes a row that was sent; its acknowledgement is lost.
    pub(super) fn store(&mut self, row: u64) {
        let (_, row) = self.sent[&row].clone();
        self.stream.as_mut().unwrap().insert(row.sequence, row);
    }

    pub(super) fn acknowledge(&mut self, row: u64) {
        if self.stream.is_some() {
            self.store(row);
        }
        self.answer(row, Reply::Stored { sequence: row, duplicate: false });
    }

    pub(super) fn answer(&mut self, row: u64, reply: Reply) {
        let (window, _) = self.sent[&row];
        self.input(Input::Acknowledged { window, row, reply });
    }

    pub(super) fn recreate_stream(&mut self) {
        self.created += 1;
        (self.stream, self.counted, self.unreadable) = (Some(BTreeMap::new()), 0, None);
    }

    pub(super) fn lose_message(&mut self, sequence: u64) {
        let stream = self.stream.as_mut().unwrap();
        stream.remove(&sequence);
        self.counted = self.counted.max(sequence);
    }

    /// Somebody who can publish, and has no key, appends a row that follows the chain.
    pub(super) fn forge(&mut self, event: Event) {
        let stream = self.stream.as_mut().unwrap();
        let (_, last) = stream.last_key_value().unwrap();
        let mut headers = Headers::parse(&last.headers).unwrap();
        (headers.sequence, headers.kind) = (last.sequence + 1, event.kind());
        headers.id = event.id().clone();
        let mut row = StoredEvent { headers, event, chain: last.chain }.to_row().unwrap();
        row.chain = last.chain.next(&row.subject, &row.headers, &row.payload);
        stream.insert(row.sequence, row);
    }

    /// The next event of a foreign stream arrives.
    pub(super) fn deliver(&mut self, stream: Service, event: Event) -> Row {
        let row = self.foreign.entry(stream).or_insert_with(Foreign::empty).next_row(event);
        self.deliver_row(stream, row.clone());
        row
    }

    pub(super) fn deliver_row(&mut self, stream: Service, row: Row) {
        self.deliver_before(stream, row, 0);
    }

    /// The row arrives, and so many are behind it.
    pub(super) fn deliver_before(&mut self, stream: Service, row: Row, pending: u64) {
        let consumer = self.consumers[&stream];
        self.input(Input::Delivered { stream, consumer, row, pending });
    }

    /// From now on the events of a foreign stream say that its service has seen this row of the own one.
    pub(super) fn sees(&mut self, stream: Service, row: Position) {
        let foreign = self.foreign.entry(stream).or_insert_with(Foreign::empty);
        foreign.seen = Vector([(service::ORDER, row)].into());
    }

    /// The next event of a foreign stream is lost.
    pub(super) fn skip_one(&mut self, stream: Service) {
        let event = crate::batch::tests::stage::created("lost");
        self.foreign.get_mut(&stream).unwrap().next_row(event);
    }

    /// The event of an own row.
    pub(super) fn stored(&self, sequence: u64) -> StoredEvent {
        crate::outbox::row(&self.engine.read(), sequence).unwrap().unwrap().parse().unwrap()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are for the test to see")]
    fn carry_out(&mut self, effect: Effect<Orders, u64>) -> Option<Effect<Orders, u64>> {
        match effect {
            Effect::Commit(inputs) if self.holds_commits => self.held_commit = Some(inputs),
            Effect::Commit(inputs) => self.commit(inputs),
            Effect::Database(id, request) => {
                let answer = self.engine.answer(request);
                self.input(Input::Database(id, answer));
            }
            Effect::Broker(id, request) => {
                if let Some(held) = &mut self.held_requests {
                    held.push((id, request));
                    return None;
                }
                let answer = self.broker(request);
                self.input(Input::Broker(id, answer));
            }
            Effect::Consume { stream, consumer, .. } => {
                self.consumers.insert(stream, consumer);
                self.input(Input::ConsumerBegan(stream, consumer));
            }
            Effect::Publish { window, row } => {
                self.sent.insert(row.sequence, (window, row.clone()));
                return Some(Effect::Publish { window, row });
            }
            Effect::End(end) => self.ended = Some(end),
            other => return Some(other),
        }
        None
    }

    fn commit(&mut self, inputs: Inputs<Ask, Event>) {
        self.commits.push(inputs.queued.len());
        self.last_inputs = inputs.queued.clone();
        let batch = self.engine.commit(inputs, self.now.wall);
        self.input(Input::Committed(batch));
    }

    fn broker(&mut self, request: BrokerRequest) -> Result<BrokerAnswer, String> {
        let mut own = self.stream.clone().unwrap_or_default();
        own.retain(|number, _| Some(*number) != self.unreadable);
        let answer = match request {
            BrokerRequest::Find(service::ORDER) => BrokerAnswer::Stream(self.info()),
            BrokerRequest::Find(stream) => {
                let last = self.foreign.get(&stream).map_or(0, Foreign::last);
                let extent = Extent { first: u64::from(last > 0), last, messages: last };
                let created = Timestamp::from_micros(self.foreign_created);
                BrokerAnswer::Stream(Some(StreamInfo { created, extent, difference: None }))
            }
            BrokerRequest::Tail(service::ORDER) => {
                BrokerAnswer::Message(own.last_key_value().map(|(_, row)| row.clone()))
            }
            BrokerRequest::Tail(of) => {
                let tail = self.foreign.get(&of).and_then(|stream| stream.tail.clone());
                BrokerAnswer::Message(tail)
            }
            BrokerRequest::Recovered(of) => BrokerAnswer::Message(self.recovered.get(&of).cloned()),
            BrokerRequest::Message(sequence) => BrokerAnswer::Message(own.get(&sequence).cloned()),
            BrokerRequest::Scan(from) => {
                BrokerAnswer::Messages(own.range(from..).map(|(_, row)| row.clone()).collect())
            }
            BrokerRequest::Create => {
                self.recreate_stream();
                BrokerAnswer::Done
            }
            BrokerRequest::Configure => return self.update(),
            BrokerRequest::Delete => {
                self.stream = None;
                BrokerAnswer::Done
            }
            BrokerRequest::Claim(before) => {
                let earlier = |(number, _): &&(u64, Claim)| before.is_none_or(|b| *number < b);
                let claim = self.claims.iter().rev().find(earlier);
                BrokerAnswer::Claim(claim.map(|(number, claim)| (*number, Some(*claim))))
            }
            BrokerRequest::WriteClaim(after, claim) => {
                assert_eq!(after, self.claims.len() as u64);
                self.claims.push((after + 1, claim));
                BrokerAnswer::Done
            }
            BrokerRequest::Publish(row) => {
                let sequence = row.sequence;
                self.stream.as_mut().unwrap().insert(sequence, row);
                BrokerAnswer::Published(Reply::Stored { sequence, duplicate: false })
            }
        };
        Ok(answer)
    }

    fn update(&mut self) -> Result<BrokerAnswer, String> {
        let Some(first) = (!self.updates.is_empty()).then(|| self.updates.remove(0)) else {
            self.difference = None;
            return Ok(BrokerAnswer::Done);
        };
        first.map(|()| BrokerAnswer::Done).map_err(str::to_owned)
    }

    fn info(&self) -> Option<StreamInfo> {
        let stream = self.stream.as_ref()?;
        let last = stream.keys().next_back().copied().unwrap_or(0).max(self.counted);
        let first = stream.keys().next().copied().unwrap_or(last + u64::from(last > 0));
        let extent = Extent { first, last, messages: stream.len() as u64 };
        let difference = self.difference.map(str::to_owned);
        Some(StreamInfo { created: Timestamp::from_micros(self.created), extent, difference })
    }
}
