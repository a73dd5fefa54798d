//! A model of the broker, with the habits of the real one that bite: counters that lie, holes that
//! nobody mentions, rows that are stored though they were refused.
//!
//! Only what the services see is modelled: streams, their counters, publishing with an expected
//! sequence, and reading a message. How long things take and whether bytes arrive at all is the
//! network's part.

mod damage;
mod forgery;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use contracts::StoredEvent;
use engine::reading::Extent;
use engine::relay::Reply;
use engine::starting::Claim;
use protocol::{Chain, Row, Service, Timestamp};

/// A message as it is stored. It is understood at most once, however many read it.
#[derive(Debug)]
pub(crate) struct Message {
    row: Row,
    stored_at: u64,
    event: OnceCell<Result<Box<StoredEvent>, String>>,
}

impl Message {
    fn new(row: Row, stored_at: u64) -> Rc<Self> {
        Rc::new(Self { row, stored_at, event: OnceCell::new() })
    }

    /// When it was stored.
    pub(crate) const fn stored_at(&self) -> u64 {
        self.stored_at
    }

    /// The row that it holds.
    pub(crate) const fn row(&self) -> &Row {
        &self.row
    }

    /// The event that it is, or why it is none.
    pub(crate) fn event(&self) -> Result<&StoredEvent, &str> {
        let parse = || self.row.parse().map(Box::new).map_err(|error| error.to_string());
        self.event.get_or_init(parse).as_ref().map(AsRef::as_ref).map_err(String::as_str)
    }
}

/// One stream.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    messages: BTreeMap<u64, Rc<Message>>,
    first: u64,
    last: u64,
    count: u64,
    difference: Option<&'static str>,
    created: Timestamp,
    incarnation: u64,
}

/// What the broker does with one published row against all reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mischief {
    /// Stores it, and no answer comes.
    LoseAnswer,
    /// Stores it, and answers late.
    AnswerLate,
    /// Does not store it, and answers that it had it already.
    ClaimDuplicate,
    /// Stores it, and answers with an error.
    RefuseAndStore,
    /// Stores it, answers with an error and removes it again; its counter stays.
    RefuseAndRemove,
    /// Neither stores nor answers: its disk is full.
    Ignore,
}

/// The claims to each stream, from number 1 on.
pub(crate) type Claims = BTreeMap<Service, Vec<Claim>>;

/// The broker.
#[derive(Debug)]
pub(crate) struct Broker {
    /// Whether it runs.
    pub(crate) up: bool,
    /// The world's time.
    pub(crate) now: u64,
    /// Whether it clamps a consumer that starts beyond the end (until 2.10), or lets it wait.
    pub(crate) clamps: bool,
    /// Whether its disk is full.
    pub(crate) full: bool,
    streams: BTreeMap<Service, Stream>,
    mischief: BTreeMap<Service, Mischief>,
    highest: BTreeMap<Service, u64>,
    claims: Claims,
    incarnations: u64,
}

impl Broker {
    /// An empty broker that runs.
    pub(crate) const fn new(clamps: bool) -> Self {
        Self {
            up: true,
            now: 0,
            clamps,
            full: false,
            streams: BTreeMap::new(),
            mischief: BTreeMap::new(),
            highest: BTreeMap::new(),
            claims: BTreeMap::new(),
            incarnations: 0,
        }
    }

    /// The stream of a service, if there is one.
    pub(crate) fn stream(&self, service: Service) -> Option<&Stream> {
        self.streams.get(&service)
    }

    /// The most rows that the stream of a service ever held.
    pub(crate) fn highest(&self, service: Service) -> u64 {
        self.highest.get(&service).copied().unwrap_or(0)
    }

    /// Creates the stream as its owner wants it. One that is there stays as it is.
    pub(crate) fn create(&mut self, service: Service) {
        if !self.streams.contains_key(&service) {
            self.incarnations += 1;
            let incarnation = self.incarnations;
            // Two of one name are never created in one microsecond.
            let created = Timestamp::from_micros(i64::try_from(incarnation).unwrap_or(i64::MAX));
            self.streams.insert(service, Stream { created, incarnation, ..Stream::default() });
        }
    }

    /// Deletes the stream; whether there was one.
    pub(crate) fn delete(&mut self, service: Service) -> bool {
        self.streams.remove(&service).is_some()
    }

    /// Sets the stream's configuration right.
    pub(crate) fn configure(&mut self, service: Service) {
        if let Some(stream) = self.streams.get_mut(&service) {
            stream.difference = None;
        }
    }

    /// The last claim to a stream before that number, of all where it is none, with its number.
    pub(crate) fn claim(&self, service: Service, before: Option<u64>) -> Option<(u64, Claim)> {
        let claims = self.claims.get(&service)?;
        let numbered = (1..).zip(claims);
        let earlier = numbered.filter(|(number, _)| before.is_none_or(|before| *number < before));
        earlier.last().map(|(number, claim)| (number, *claim))
    }

    /// Notes a claim, if the last one is the one of that number.
    pub(crate) fn write_claim(
        &mut self,
        service: Service,
        after: u64,
        claim: Claim,
    ) -> Result<(), String> {
        let last = self.claim(service, None).map_or(0, |(number, _)| number);
        if last != after {
            return Err(format!("wrong last sequence: {last}"));
        }
        self.claims.entry(service).or_default().push(claim);
        Ok(())
    }

    /// All claims.
    pub(crate) const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What it does to the next row of that service, unless something is in store already.
    pub(crate) fn plan_mischief(&mut self, service: Service, mischief: Mischief) {
        self.mischief.entry(service).or_insert(mischief);
    }

    /// The mischief in store for a row that arrives now.
    pub(crate) fn take_mischief(&mut self, service: Service) -> Option<Mischief> {
        if self.full {
            return Some(Mischief::Ignore);
        }
        self.mischief.remove(&service)
    }

    /// Forgets all mischief that is in store.
    pub(crate) fn behave(&mut self) {
        self.mischief.clear();
    }

    /// Stores a row, if the stream ends just before it, and answers.
    pub(crate) fn publish(&mut self, service: Service, row: Row) -> Reply {
        let Some(stream) = self.streams.get_mut(&service) else {
            return Reply::Refused("no stream matches the subject".to_owned());
        };
        if stream.last + 1 != row.sequence {
            return Reply::Refused(format!("wrong last sequence: {}", stream.last));
        }
        let sequence = row.sequence;
        stream.append(Message::new(row, self.now));
        let highest = self.highest.entry(service).or_default();
        *highest = (*highest).max(sequence);
        Reply::Stored { sequence, duplicate: false }
    }

    /// Stores a row and removes it again. The counter of the last message stays.
    pub(crate) fn publish_and_remove(&mut self, service: Service, row: Row) -> Reply {
        let (sequence, highest) = (row.sequence, self.highest(service));
        let reply = self.publish(service, row);
        if matches!(reply, Reply::Stored { .. }) {
            self.cut_tail_and_lie(service, sequence - 1);
            // Nobody has ever seen it.
            self.highest.insert(service, highest);
        }
        reply
    }

    /// Whether it is going to damage a stream by itself.
    pub(crate) fn is_up_to_no_good(&self) -> bool {
        self.mischief.values().any(|mischief| *mischief == Mischief::RefuseAndRemove)
    }

    /// Appends a message of somebody who knows nothing of chains.
    pub(crate) fn inject(&mut self, service: Service) -> bool {
        let Some(stream) = self.streams.get_mut(&service) else { return false };
        let row = Row {
            sequence: stream.last + 1,
            subject: format!("{service}.injected.somebody"),
            headers: String::new(),
            payload: b"{}".as_slice().into(),
            chain: Chain::START,
        };
        stream.append(Message::new(row, self.now));
        true
    }
}

impl Stream {
    /// What its counters say.
    pub(crate) const fn extent(&self) -> Extent {
        Extent { first: self.first, last: self.last, messages: self.count }
    }

    /// When it was created.
    pub(crate) const fn created(&self) -> Timestamp {
        self.created
    }

    /// Where its configuration is not as wanted.
    pub(crate) const fn difference(&self) -> Option<&'static str> {
        self.difference
    }

    /// Changes whenever its consumers are gone.
    pub(crate) const fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// The message of that number, if it can be read.
    pub(crate) fn message(&self, sequence: u64) -> Option<&Rc<Message>> {
        self.messages.get(&sequence)
    }

    /// The last message that can be read.
    pub(crate) fn tail(&self) -> Option<&Rc<Message>> {
        self.messages.last_key_value().map(|(_, message)| message)
    }

    /// The readable messages from that number on: a consumer passes over what is missing.
    pub(crate) fn all_from(&self, sequence: u64) -> impl Iterator<Item = &Rc<Message>> {
        self.messages.range(sequence..).map(|(_, message)| message)
    }

    /// All readable messages, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Rc<Message>> {
        self.messages.values()
    }

    /// Whether every message from 1 to the end can be read, whatever the counters say.
    pub(crate) fn is_whole(&self) -> bool {
        self.extent().is_whole() && self.messages.len() as u64 == self.last
    }

    fn append(&mut self, message: Rc<Message>) {
        self.last += 1;
        self.count += 1;
        if self.count == 1 {
            self.first = self.last;
        }
        self.messages.insert(self.last, message);
    }
}
