//! The relay: publishes the outbox to the stream, in order, with a bounded number of rows under way.
//!
//! Row N is published expecting the stream to end at N − 1, so that the broker admits each row of
//! one history once and in order. Anything but "row N is message N" is a doubt: neither an error,
//! nor a duplicate, nor the broker's counter proves what the stream holds. In doubt everything under
//! way is forgotten, the end of the stream is read back, and publishing goes on from there.

use std::ops::RangeInclusive;

use crate::seeded::{self, Bug};

/// Rows under way at most. Keeps a broker on the same machine busy (95,000 publishes a second at
/// under 5 ms each), and bounds what a lost connection has to send again.
pub const WINDOW_ROWS: u64 = 512;

/// What came back for a published row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The broker acknowledged it.
    Stored {
        /// As this message.
        sequence: u64,
        /// Or says that it had it already.
        duplicate: bool,
    },
    /// The broker answered with an error.
    Refused(String),
    /// No answer came.
    Lost(String),
}

/// What a reply means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AckOutcome {
    /// The stream holds all rows up to here.
    Acknowledged(u64),
    /// The stream has to be read back before anything more is published.
    Doubt(String),
    /// It belongs to what was forgotten.
    Forgotten,
}

/// The state of publishing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    acknowledged: u64,
    sent: u64,
    in_doubt: bool,
}

impl Relay {
    /// A relay in doubt: what the stream holds has to be read back first.
    #[must_use]
    pub const fn new() -> Self {
        Self { acknowledged: 0, sent: 0, in_doubt: true }
    }

    /// The rows to publish next, given that the outbox ends at `head`; none when the window is full
    /// or there is a doubt.
    #[must_use]
    pub fn to_send(&self, head: u64) -> Option<RangeInclusive<u64>> {
        if self.in_doubt {
            return None;
        }
        let last = head.min(self.acknowledged.saturating_add(WINDOW_ROWS));
        (self.sent < last).then(|| self.sent + 1..=last)
    }

    /// The row is under way. Rows are sent in order.
    pub fn sent(&mut self, row: u64) {
        debug_assert_eq!(row, self.sent + 1, "rows are published in order");
        self.sent = row;
    }

    /// What came back for the row. Replies are taken in the order of the rows.
    pub fn on_reply(&mut self, row: u64, reply: &Reply) -> AckOutcome {
        if self.in_doubt || row <= self.acknowledged || row > self.sent {
            return AckOutcome::Forgotten;
        }
        match reply {
            Reply::Stored { sequence, duplicate: false } if *sequence == row => {
                self.acknowledged = row;
                AckOutcome::Acknowledged(row)
            }
            Reply::Stored { duplicate: true, .. } if seeded::on(Bug::TrustDuplicate) => {
                self.acknowledged = row;
                AckOutcome::Acknowledged(row)
            }
            Reply::Refused(error)
                if seeded::on(Bug::TrustWrongLastSequence)
                    && error.contains("wrong last sequence") =>
            {
                self.acknowledged = row;
                AckOutcome::Acknowledged(row)
            }
            Reply::Stored { sequence, duplicate } => self.doubt(format!(
                "row {row} was acknowledged as message {sequence}, duplicate: {duplicate}"
            )),
            Reply::Refused(error) => self.doubt(format!("row {row} was refused: {error}")),
            Reply::Lost(error) => self.doubt(format!("row {row} was not acknowledged: {error}")),
        }
    }

    /// The connection was lost, or something else makes it unclear what the stream holds.
    pub fn doubt(&mut self, reason: String) -> AckOutcome {
        self.in_doubt = true;
        AckOutcome::Doubt(reason)
    }

    /// The stream was read back: it ends at `last`, and tells the history of the outbox.
    pub const fn resume(&mut self, last: u64) {
        self.acknowledged = last;
        self.sent = last;
        self.in_doubt = false;
    }

    /// Up to where the stream is known to hold the outbox.
    #[must_use]
    pub const fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Up to where rows are under way or acknowledged.
    #[must_use]
    pub const fn sent_up_to(&self) -> u64 {
        self.sent
    }

    /// Whether the stream has to be read back first.
    #[must_use]
    pub const fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Whether rows are under way.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.sent > self.acknowledged
    }
}

impl Default for Relay {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
