//! What is going to happen, and when: the only order of things in a simulated world.
//!
//! Time is microseconds since the world began. Things of one moment happen in the order in which
//! they were put down, so that nothing depends on the order of a collection.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use protocol::{Row, Service};

use crate::chaos::ChaosStep;
use crate::clients::ClientStep;
use crate::process::{Pid, Step};
use engine::process::RequestId;

/// One millisecond, in the world's time.
pub(crate) const MILLISECOND: u64 = 1_000;

/// One second, in the world's time.
pub(crate) const SECOND: u64 = 1_000 * MILLISECOND;

/// Something that happens.
#[derive(Debug)]
pub(crate) enum What {
    /// A process does its next thing.
    Process(Pid, Step),
    /// Bytes of a process arrive at the broker.
    Arrive(Box<Publish>),
    /// A client does something.
    Client(ClientStep),
    /// A fault begins or ends.
    Chaos(ChaosStep),
}

/// A row on its way to the broker.
#[derive(Debug)]
pub(crate) struct Publish {
    /// Whose stream it goes to.
    pub(crate) service: Service,
    /// Which process sent it.
    pub(crate) from: Pid,
    /// Over which of the service's connections.
    pub(crate) connection: u64,
    /// The row.
    pub(crate) row: Row,
    /// What of its process waits for the answer.
    pub(crate) awaits: Awaits,
    /// When it was sent.
    pub(crate) sent_at: u64,
    /// Whether its sender died and it has been held up for that.
    pub(crate) late: bool,
}

/// What waits for the answer to a published row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Awaits {
    /// A window of the publisher, which notices by itself that none comes.
    Window(u64),
    /// A request.
    Request(RequestId),
    /// Nothing.
    Nothing,
}

#[derive(Debug)]
struct Entry {
    at: u64,
    number: u64,
    what: What,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// All that is going to happen.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    entries: BinaryHeap<Reverse<Entry>>,
    number: u64,
}

impl Agenda {
    /// Puts something down for the moment `at`.
    pub(crate) fn put(&mut self, at: u64, what: What) {
        self.number += 1;
        self.entries.push(Reverse(Entry { at, number: self.number, what }));
    }

    /// The next thing, with its moment.
    pub(crate) fn next(&mut self) -> Option<(u64, What)> {
        self.entries.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }
}
