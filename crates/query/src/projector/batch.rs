//! The next batch: which of the waiting rows fit what has been folded, and how far they lead.

use std::collections::VecDeque;
use std::sync::Arc;

use protocol::Service;

use crate::fold::Item;
use crate::positions::{Fit, Positions};

/// Most rows in one batch: enough to make a round trip, and the records that every batch touches,
/// small beside the folding; few enough that Redis is not held up for long by one script (some
/// milliseconds). Only a projector that catches up ever has so many.
pub const BATCH_ROWS_MAX: usize = 6_000;

/// Most payload in one batch, in bytes: orders may have a thousand lines.
pub const BATCH_BYTES_MAX: usize = 4 << 20;

#[derive(Debug)]
pub struct Batch {
    /// The rows, each the next of its stream.
    pub items: Vec<Arc<Item>>,
    /// Where they lead.
    pub next: Positions,
}

/// Why a waiting row cannot be folded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Rows are missing before it: it must be read from elsewhere.
    #[error("rows are missing before {}/{sequence}", service.stream())]
    Gap { service: Service, sequence: u64 },
    /// Another row was folded under its number.
    #[error("{}/{sequence} is not the row that was folded under this number", service.stream())]
    Different { service: Service, sequence: u64 },
}

/// Takes the next batch out of what waits. Rows that have been folded before are dropped.
///
/// # Errors
/// When the first row that is left cannot be folded here.
pub fn take(positions: &Positions, waiting: &mut VecDeque<Arc<Item>>) -> Result<Batch, Misfit> {
    take_at_most(BATCH_ROWS_MAX, positions, waiting)
}

/// The same, with no more rows than that.
///
/// # Errors
/// When the first row that is left cannot be folded here.
pub fn take_at_most(
    rows_max: usize,
    positions: &Positions,
    waiting: &mut VecDeque<Arc<Item>>,
) -> Result<Batch, Misfit> {
    let mut batch = Batch { items: Vec::new(), next: positions.clone() };
    let mut bytes = 0;
    while batch.items.len() < rows_max && bytes < BATCH_BYTES_MAX {
        let Some(Item { service, row, .. }) = waiting.front().map(Arc::as_ref) else { break };
        let (service, sequence) = (*service, row.sequence);
        match batch.next.fit(service, row) {
            Fit::Next => {}
            Fit::Folded => {
                waiting.pop_front();
                continue;
            }
            // What comes before the misfit is folded first; the misfit is met again by itself.
            Fit::Gap | Fit::Different if !batch.items.is_empty() => break,
            Fit::Gap => return Err(Misfit::Gap { service, sequence }),
            Fit::Different => return Err(Misfit::Different { service, sequence }),
        }
        if let Some(item) = waiting.pop_front() {
            bytes += item.row.payload.len();
            batch.push(item);
        }
    }
    Ok(batch)
}

impl Batch {
    fn push(&mut self, item: Arc<Item>) {
        self.next.advance(item.service, &item.row, item.event.as_ref().ok());
        self.items.push(item);
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Chain, Row};

    use super::*;
    use contracts::service;

    /// Rows whose content is of no interest here.
    fn row(sequence: u64, chain: Chain) -> Arc<Item> {
        let subject = format!("order.placed.o-{sequence}");
        let (headers, payload) = (String::new(), [].into());
        Arc::new(Item::of(service::ORDER, Row { sequence, subject, headers, payload, chain }))
    }

    fn rows(sequences: impl IntoIterator<Item = u64>) -> VecDeque<Arc<Item>> {
        sequences.into_iter().map(|sequence| row(sequence, Chain::START)).collect()
    }

    fn folded(up_to: u64) -> Positions {
        let mut positions = Positions::default();
        let item = row(up_to, Chain::START);
        positions.advance(item.service, &item.row, None);
        positions
    }

    #[test]
    fn rows_that_were_folded_before_are_dropped() {
        let mut waiting = rows(3..=7);
        let batch = take(&folded(5), &mut waiting).unwrap();
        assert_eq!(batch.items.iter().map(|item| item.row.sequence).collect::<Vec<_>>(), [6, 7]);
        assert_eq!(batch.next.of(service::ORDER).sequence, 7);
        assert!(waiting.is_empty());
    }

    #[test]
    fn what_comes_before_a_gap_is_folded_and_then_the_gap_is_told() {
        let mut waiting = rows([6, 8]);
        let batch = take(&folded(5), &mut waiting).unwrap();
        assert_eq!(batch.items.len(), 1);
        let gap = take(&batch.next, &mut waiting).unwrap_err();
        assert_eq!(gap, Misfit::Gap { service: service::ORDER, sequence: 8 });
    }

    #[test]
    fn another_row_under_the_number_that_was_folded_is_told() {
        let other = row(5, Chain::START.next("another", "", b""));
        let error = take(&folded(5), &mut VecDeque::from([other])).unwrap_err();
        assert_eq!(error, Misfit::Different { service: service::ORDER, sequence: 5 });
    }

    #[test]
    fn a_batch_is_bounded_in_rows() {
        let mut waiting = rows(1..=6_500);
        let batch = take(&Positions::default(), &mut waiting).unwrap();
        assert_eq!((batch.items.len(), waiting.len()), (BATCH_ROWS_MAX, 500));
    }
}
