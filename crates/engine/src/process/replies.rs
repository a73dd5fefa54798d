//! Answers that wait for their promise: until the stream has acknowledged all that the outbox held when
//! they were decided. Only a process that lost the broker while it ran goes on alone, and says so.

use std::time::Duration;

use crate::batch::Answer;
use crate::promise::{Durability, Link, Promises};
use crate::seeded::{self, Bug};

/// An answer, and who waits for it.
pub(super) struct PendingReply<T, R, E> {
    pub(super) ticket: T,
    pub(super) answer: Answer<R, E>,
    head: u64,
}

/// An answer that may go out, how durable it is, and up to where the stream has acknowledged.
type Kept<T, R, E> = (PendingReply<T, R, E>, Durability, Option<u64>);

/// The answers that wait, and what is known of the way to the stream.
pub(super) struct PendingReplies<T, R, E> {
    promises: Promises<PendingReply<T, R, E>>,
    link: Link,
}

impl<T, R, E> PendingReplies<T, R, E> {
    /// Nothing waits; the stream has acknowledged this much.
    pub(super) const fn new(acknowledged: u64) -> Self {
        Self { promises: Promises::new(acknowledged), link: Link::connected() }
    }

    /// An answer that was decided when the outbox ended at `head`.
    pub(super) fn add(&mut self, ticket: T, answer: Answer<R, E>, head: u64) {
        let own = match &answer {
            Answer::Accepted { event, .. } => event.headers.sequence,
            Answer::Unchanged
            | Answer::Refused(_)
            | Answer::KeyReused
            | Answer::PreconditionFailed(_)
            | Answer::TooLarge { .. }
            | Answer::Failed(_) => 0,
        };
        let waits_for = if seeded::on(Bug::AnswerWaitsForOwnRow) { own } else { head };
        self.promises.add(waits_for, PendingReply { ticket, answer, head });
    }

    /// The outbox ends at `head`, and the stream has acknowledged this much.
    pub(super) fn committed(&mut self, acknowledged: u64, head: u64, now: Duration) {
        if acknowledged < head {
            self.link.begins_to_wait(now);
        }
    }

    /// The stream has acknowledged up to here.
    pub(super) const fn acknowledged(&mut self, sequence: u64, head: u64, now: Duration) {
        self.promises.acknowledged(sequence);
        self.link.waits(sequence < head, now);
    }

    /// The stream was read back. Where it holds no more than before, whoever waits has waited since
    /// then: a broker that refuses every row is as good as none.
    pub(super) const fn resumed(&mut self, last: u64, head: u64, advances: bool, now: Duration) {
        self.promises.acknowledged(last);
        if advances {
            self.link.waits(last < head, now);
        } else {
            self.link.begins_to_wait(now);
        }
    }

    pub(super) const fn set_connected(&mut self, connected: bool) {
        self.link.set_connected(connected);
    }

    pub(super) fn is_alone(&self, now: Duration) -> bool {
        self.link.is_alone(now)
    }

    /// When the process will be alone, unless an acknowledgement comes.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.link.alone_at()
    }

    /// The next answer that may go out, how durable it is, and up to where the stream has acknowledged.
    pub(super) fn next(&mut self, now: Duration) -> Option<Kept<T, R, E>> {
        if let Some(reply) = self.promises.next_kept() {
            let head = reply.head;
            return Some((reply, Durability::Replicated, Some(head)));
        }
        let alone = self.is_alone(now);
        let reply = if alone { self.promises.next_alone() } else { None };
        reply.map(|reply| (reply, Durability::Local, None))
    }

    pub(super) fn waiting(&self) -> usize {
        self.promises.waiting()
    }
}
