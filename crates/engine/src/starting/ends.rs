//! The ends of outbox and stream, compared number by number.
//!
//! One comparison at the common end would do if each message followed the one before it. But the
//! broker compares numbers and not chains, and a writer that was replaced may have slipped rows in
//! (see [`super::stale_write`]): then the tails may be equal over messages that are not.

use protocol::{HistoryId, Row};

use super::Common;
use super::stale_write::is_stale_write;
use crate::relay::WINDOW_ROWS;

/// Numbers that are compared, back from the common end. What slips in was under way at one time, and
/// its writer ends when it looks at the stream in doubt.
pub const COMPARED_ROWS: u64 = WINDOW_ROWS;

/// What the comparison shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// The first message that a replaced writer has slipped in: what is there ends before it.
    pub stale: Option<u64>,
    /// The number at which both are compared: the first that differs, or else the highest one.
    pub common: Option<Common>,
}

/// The numbers to compare, when the outbox ends at `head` and the stream at `tail`: from the first to
/// the last, one beyond the common end included.
#[must_use]
pub fn to_compare(head: u64, tail: u64) -> (u64, u64) {
    let end = head.min(tail);
    (end.saturating_sub(COMPARED_ROWS).max(1), tail.min(end + 1))
}

/// Compares messages with own rows, both in order. The own ones begin one number before the first
/// message, if there is such a row; messages may be missing.
#[must_use]
pub fn compare(messages: &[Row], own: &[Row], history: Option<HistoryId>) -> Ends {
    let own_row = |number: u64| {
        let first = own.first()?.sequence;
        own.get(usize::try_from(number.checked_sub(first)?).ok()?)
    };
    let mut ends = Ends::default();
    for message in messages {
        let row = own_row(message.sequence);
        // Whether the content is the chain's is shown by a scan, not here.
        if row.is_some_and(|row| row.chain == message.chain) {
            let (sequence, chain) = (message.sequence, message.chain);
            ends.common = Some(Common { sequence, own: chain, stream: chain });
            continue;
        }
        let before = message.sequence.checked_sub(1).and_then(own_row);
        if let (Some(before), Some(history)) = (before, history)
            && is_stale_write(message, before, row, history)
        {
            ends.stale = Some(message.sequence);
        } else if let Some(row) = row {
            let (sequence, stream) = (message.sequence, message.chain);
            ends.common = Some(Common { sequence, own: row.chain, stream });
        }
        break;
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::super::stale_write::tests::row;
    use super::*;

    const HISTORY: [u8; 16] = [1; 16];

    /// Rows, one after the other.
    fn rows(count: u64) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for sequence in 1..=count {
            let after = rows.last().map_or(protocol::Chain::START, |row| row.chain);
            rows.push(row(sequence, after, HISTORY));
        }
        rows
    }

    fn compared(messages: &[Row], own: &[Row]) -> Ends {
        compare(messages, own, Some(HistoryId::from_bytes(HISTORY)))
    }

    /// The row of another writer with the same history.
    fn other(sequence: u64, after: &Row) -> Row {
        let mut row = row(sequence, after.chain, HISTORY);
        row.payload = b"{}".as_slice().into();
        row.chain = after.chain.next(&row.subject, &row.headers, &row.payload);
        row
    }

    #[test]
    fn equal_ends_are_common_at_the_highest_number() {
        let own = rows(4);
        let ends = compared(&own[..3], &own);
        assert_eq!(ends.stale, None);
        assert_eq!(ends.common.map(|common| common.sequence), Some(3));
        assert_eq!(compared(&[], &own), Ends::default());
    }

    #[test]
    fn a_row_that_was_slipped_in_is_found_beyond_the_end_and_in_place_of_an_own_row() {
        let own = rows(4);
        let stale = other(4, &other(3, &own[1]));
        let beyond = compared(&[own[2].clone(), stale.clone()], &own[..3]);
        assert_eq!((beyond.stale, beyond.common.map(|common| common.sequence)), (Some(4), Some(3)));
        let in_place = compared(&[own[1].clone(), own[2].clone(), stale], &own);
        assert_eq!((in_place.stale, in_place.common.map(|c| c.sequence)), (Some(4), Some(3)));
    }

    #[test]
    fn equal_tails_over_the_row_of_another_are_a_fork_at_that_row() {
        let own = rows(4);
        let messages = [own[0].clone(), other(2, &own[0]), own[2].clone(), own[3].clone()];
        let ends = compared(&messages, &own);
        let common = ends.common.unwrap();
        assert_eq!((ends.stale, common.sequence), (None, 2));
        assert_ne!(common.own, common.stream);
    }

    #[test]
    fn the_numbers_to_compare_reach_one_beyond_the_common_end() {
        assert_eq!(to_compare(3, 3), (1, 3));
        assert_eq!(to_compare(3, 9), (1, 4));
        assert_eq!(to_compare(9, 3), (1, 3));
        assert_eq!(to_compare(0, 0), (1, 0));
        assert_eq!(to_compare(2_000, 2_000), (2_000 - COMPARED_ROWS, 2_000));
    }
}
