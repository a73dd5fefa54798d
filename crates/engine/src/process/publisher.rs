//! The publisher: sends the outbox to the stream, in order, and hears what came of it.
//!
//! What an acknowledgement means is in [`crate::relay`]; here is which rows are at hand, how long an
//! acknowledgement is waited for, and in which order they are heard.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::Row;

use super::seam::{BrokerLimits, DatabaseRequest, RequestId};
use crate::outbox;
use crate::relay::{AckOutcome, Relay, Reply};

/// Rows that are kept in memory for publishing. Beyond, they are read from the outbox again.
const ROWS_KEPT_MAX: usize = 4_096;

/// Rows that are read from the outbox at once: a full window.
const ROWS_READ_AT_ONCE: u32 = 512;

/// How long a row may be under way before it counts as lost: as long as any request to the broker.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(3);

/// Publishes one outbox.
pub(super) struct Publisher {
    relay: Relay,
    window: u64,
    rows: VecDeque<Row>,
    /// Rows that are being read from the outbox, and from which on.
    reading: Option<(RequestId, u64)>,
    /// The rows under way, with what came back for them and was not heard yet, and when each was sent.
    under_way: BTreeMap<u64, UnderWay>,
    /// Why the stream was last read back, until it takes rows again.
    doubted: Option<String>,
}

struct UnderWay {
    sent_at: Duration,
    reply: Option<Reply>,
}

/// What comes next for publishing.
pub(super) enum Next {
    /// Nothing, for now.
    Nothing,
    /// This row goes out, in this window.
    Publish(u64, Row),
    /// Rows have to be read from the outbox.
    Read(RequestId, DatabaseRequest),
    /// The broker does not take a row of that size.
    TooLarge(String),
}

impl Publisher {
    /// A publisher over a stream that holds the outbox up to here.
    pub(super) fn new(ends_at: u64) -> Self {
        let mut relay = Relay::new();
        relay.resume(ends_at);
        let (rows, under_way) = (VecDeque::new(), BTreeMap::new());
        Self { relay, window: 0, rows, reading: None, under_way, doubted: None }
    }

    pub(super) const fn relay(&self) -> &Relay {
        &self.relay
    }

    /// Why the stream was last read back, until it takes rows again.
    pub(super) fn doubted(&self) -> Option<&str> {
        self.doubted.as_deref()
    }

    /// Rows were committed.
    pub(super) fn append(&mut self, rows: Vec<Row>) {
        self.rows.extend(rows);
        if self.rows.len() > ROWS_KEPT_MAX {
            self.rows.clear();
        }
    }

    /// The next row that goes out, given that the outbox ends at `head`.
    pub(super) fn next(
        &mut self,
        head: u64,
        limits: &BrokerLimits,
        now: Duration,
        next_request: impl FnOnce() -> RequestId,
    ) -> Next {
        let Some(range) = self.relay.to_send(head) else { return Next::Nothing };
        let sequence = *range.start();
        let Some(row) = self.row(sequence) else {
            if self.reading.is_some() {
                return Next::Nothing;
            }
            let id = next_request();
            self.reading = Some((id, sequence));
            let request = DatabaseRequest::Rows { from: sequence, limit: ROWS_READ_AT_ONCE };
            return Next::Read(id, request);
        };
        let bytes = outbox::bytes_of(&row);
        if bytes > limits.row_bytes_max {
            let takes = limits.payload_bytes_max;
            return Next::TooLarge(format!(
                "row {sequence} has {bytes} bytes, and the broker takes messages of at most {takes}: \
                 set max_payload to 1MB in its configuration"
            ));
        }
        self.relay.sent(sequence);
        self.under_way.insert(sequence, UnderWay { sent_at: now, reply: None });
        Next::Publish(self.window, row)
    }

    /// Rows that were read from the outbox.
    ///
    /// # Errors
    /// The number of a row that is missing in the outbox.
    pub(super) fn take_rows(&mut self, id: RequestId, rows: Vec<Row>) -> Result<(), u64> {
        let Some((_, from)) = self.reading.take_if(|(asked, _)| *asked == id) else {
            return Ok(());
        };
        let next = self.relay.sent_up_to() + 1;
        if self.relay.is_in_doubt() || next != from {
            // What the stream holds was read back meanwhile.
            return Ok(());
        }
        if rows.first().is_none_or(|row| row.sequence != from) {
            return Err(from);
        }
        self.drop_before(next);
        let kept = self.rows.front().map_or(u64::MAX, |row| row.sequence);
        for row in rows.into_iter().rev().filter(|row| row.sequence < kept) {
            self.rows.push_front(row);
        }
        Ok(())
    }

    /// Something came back for a row; what follows from all that can be heard now.
    pub(super) fn acknowledge(&mut self, window: u64, row: u64, reply: Reply) -> Vec<AckOutcome> {
        if window != self.window {
            return Vec::new();
        }
        if let Some(under_way) = self.under_way.get_mut(&row) {
            under_way.reply.get_or_insert(reply);
        }
        self.take_replies()
    }

    /// The same of rows that were under way for too long.
    pub(super) fn time_out(&mut self, now: Duration) -> Vec<AckOutcome> {
        match self.timeout() {
            Some(at) if now >= at => {
                if let Some(mut first) = self.under_way.first_entry() {
                    first.get_mut().reply = Some(Reply::Lost("timed out".to_owned()));
                }
                self.take_replies()
            }
            Some(_) | None => Vec::new(),
        }
    }

    /// When the oldest row will have been under way for too long.
    pub(super) fn timeout(&self) -> Option<Duration> {
        let (_, oldest) = self.under_way.first_key_value()?;
        Some(oldest.sent_at + ACKNOWLEDGED_WITHIN)
    }

    /// Forgets what is under way, until the stream is read back. Says whether the reason is news.
    pub(super) fn doubt(&mut self, reason: &str) -> bool {
        self.relay.doubt(reason.to_owned());
        self.under_way.clear();
        self.window += 1;
        let is_news = self.doubted.as_deref() != Some(reason);
        self.doubted = Some(reason.to_owned());
        is_news
    }

    /// The same for the connection's sake: a reason that the broker gave before stays the reason.
    pub(super) fn disconnect(&mut self) {
        let before = self.doubted.take();
        self.doubt("the broker is away");
        self.doubted = before.or(self.doubted.take());
    }

    /// The stream was read back: it ends at `last`. Says whether it holds more than was known, or all.
    pub(super) fn resume(&mut self, last: u64, head: u64) -> bool {
        let advances = last > self.relay.acknowledged() || last >= head;
        self.relay.resume(last);
        if advances {
            self.doubted = None;
        }
        advances
    }

    fn take_replies(&mut self) -> Vec<AckOutcome> {
        let mut outcomes = Vec::new();
        while let Some(first) = self.under_way.first_entry() {
            let Some(reply) = first.get().reply.clone() else { break };
            let row = *first.key();
            first.remove();
            outcomes.push(self.relay.on_reply(row, &reply));
        }
        if outcomes.iter().any(|outcome| matches!(outcome, AckOutcome::Acknowledged(_))) {
            self.doubted = None;
        }
        outcomes
    }

    /// The row of that number, if it is at hand.
    fn row(&mut self, sequence: u64) -> Option<Row> {
        self.drop_before(sequence);
        let is_next = self.rows.front().is_some_and(|row| row.sequence == sequence);
        if is_next { self.rows.pop_front() } else { None }
    }

    fn drop_before(&mut self, sequence: u64) {
        while self.rows.front().is_some_and(|row| row.sequence < sequence) {
            self.rows.pop_front();
        }
    }
}
