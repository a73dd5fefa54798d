//! How a foreign stream is read: whole, in order, each row checked against the one before.
//!
//! A reader stands at a position. Whenever it begins anew, it starts **at** its own row and compares
//! the chain there, which shows a replaced history; then it goes on with the next.

use protocol::{Position, Row};

use crate::seeded::{self, Bug};

/// Where a reader stands in one stream.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    position: Position,
    compared: bool,
}

/// What a row was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// The row that was read last, as expected: nothing new.
    Known,
    /// The next row.
    Next,
}

/// Why a reader stops. It never goes on by itself: it asks the owner to look, and waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The row at the reader's position is not the one that it has read.
    #[error("row {0} is not the one that was read: the stream tells another history")]
    Replaced(u64),
    /// Rows are missing.
    #[error("row {found} came where row {expected} was expected: rows are missing")]
    Gap {
        /// The next number.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The row's chain does not follow from its content.
    #[error("row {0} is damaged or foreign: its chain does not follow from its content")]
    Damaged(u64),
    /// The row says that its writer has seen a row of the reader's own service that never was.
    #[error("row {0} is no true one: it names a row of this service that never was")]
    FalseVector(u64),
}

/// What is wrong with a stream, as its reader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Alarm {
    /// The reader stopped at a row.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The stream does not reach the reader's position.
    #[error("the stream ends at {last}, {read} were read already")]
    TooShort {
        /// The stream's last message.
        last: u64,
        /// The reader's position.
        read: u64,
    },
    /// The stream does not hold every message from 1 to its last.
    #[error("the stream has lost messages")]
    Holed,
}

impl Alarm {
    /// The row that its owner has to look at. None where the stream's counters show the damage.
    #[must_use]
    pub const fn row(&self) -> Option<u64> {
        match self {
            Self::Stopped(
                Stopped::Replaced(row) | Stopped::Damaged(row) | Stopped::FalseVector(row),
            ) => Some(*row),
            Self::Stopped(Stopped::Gap { expected, .. }) => Some(*expected),
            Self::TooShort { .. } | Self::Holed => None,
        }
    }

    /// Whether it stands when a row has come that was known, and so many are to follow: if it is about a
    /// later row, until that one has come, or nothing comes.
    #[must_use]
    pub fn outlasts(&self, known: &Row, pending: u64) -> bool {
        pending > 0 && self.row().is_some_and(|number| number > known.sequence)
    }

    /// Whether it stands when the counters of the stream are as they have to be, and it ends there. A
    /// stream that holds nothing at all shows no row that could tell.
    #[must_use]
    pub const fn outlasts_counters(&self, last: u64) -> bool {
        self.row().is_some() && last > 0
    }
}

/// What a stream looks like before reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Sequence of the first message.
    pub first: u64,
    /// Sequence of the last message.
    pub last: u64,
    /// How many messages there are.
    pub messages: u64,
}

/// Whether reading may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// From this sequence on.
    At(u64),
    /// The stream does not reach the reader's position: its owner has to publish again.
    TooShort,
    /// The stream has lost messages: its owner has to rebuild it.
    Holed,
}

impl Extent {
    /// Whether the stream holds every message from 1 to its last.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        if seeded::on(Bug::CountersProveWhole) {
            return self.messages == (self.last + 1).saturating_sub(self.first.max(1));
        }
        (self.messages == 0 && self.last == 0) || (self.first == 1 && self.messages == self.last)
    }
}

impl Cursor {
    /// A reader that has read up to `position`.
    #[must_use]
    pub const fn new(position: Position) -> Self {
        Self { position, compared: false }
    }

    /// How far it has read.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Begins anew in a stream of this extent. A consumer that starts beyond the end is clamped by
    /// one broker and waits silently at another, so that this is checked first.
    #[must_use]
    pub fn begin(&mut self, extent: &Extent) -> Beginning {
        self.compared = self.position.sequence == 0;
        if !extent.is_whole() {
            return Beginning::Holed;
        }
        if extent.last < self.position.sequence {
            return Beginning::TooShort;
        }
        if self.compared { Beginning::At(1) } else { Beginning::At(self.position.sequence) }
    }

    /// Takes the row that came.
    ///
    /// # Errors
    /// When it is not the row that has to come; the cursor stays where it is.
    pub fn accept(&mut self, row: &Row) -> Result<Accepted, Stopped> {
        let found = row.sequence;
        let expected = self.position.sequence + u64::from(self.compared);
        if seeded::on(Bug::NoContiguityCheck) && self.compared && found > expected {
            self.position = row.position();
            return Ok(Accepted::Next);
        }
        if found != expected {
            return Err(Stopped::Gap { expected, found });
        }
        if !self.compared {
            if row.chain != self.position.chain {
                return Err(Stopped::Replaced(found));
            }
            self.compared = true;
            return Ok(Accepted::Known);
        }
        if !row.follows(self.position) {
            return Err(Stopped::Damaged(found));
        }
        self.position = row.position();
        Ok(Accepted::Next)
    }
}

#[cfg(test)]
mod tests;
