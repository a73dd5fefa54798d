//! A batch whose folding panics: which of its rows that is, and how often it is tried.
//!
//! The batch is halved until one row is left that panics by itself. That is folded some times more, since a
//! panic may be by chance; then it is handed in as one to be parked. Where nothing panics, batches grow again.
//!
//! Deliberately absent: what ends the whole process, such as a stack that overflows. Nothing here survives it.

use std::sync::Arc;

use super::batch::BATCH_ROWS_MAX;
use crate::fold::Item;

/// How often a row is folded by itself before it is parked.
pub(super) const ATTEMPTS_MAX: u32 = 3;

/// What is thought of the rows that come next.
#[derive(Debug)]
pub(super) struct Suspicion {
    rows_max: usize,
    /// How often the next row was folded by itself, and panicked.
    attempts: u32,
}

impl Default for Suspicion {
    fn default() -> Self {
        Self { rows_max: BATCH_ROWS_MAX, attempts: 0 }
    }
}

impl Suspicion {
    /// Most rows of the next batch.
    pub(super) const fn rows_max(&self) -> usize {
        self.rows_max
    }

    /// A batch was folded.
    pub(super) fn clear(&mut self) {
        self.rows_max = self.rows_max.saturating_mul(2).min(BATCH_ROWS_MAX);
        self.attempts = 0;
    }

    /// The folding of these rows has panicked. Says which rows are to be folded instead.
    pub(super) fn raise(&mut self, items: Vec<Arc<Item>>, panic: &str) -> Vec<Arc<Item>> {
        if let [item] = &items[..] {
            self.attempts += 1;
            self.rows_max = 1;
            if self.attempts >= ATTEMPTS_MAX {
                return vec![Arc::new(item.poisoned(panic, self.attempts))];
            }
            return items;
        }
        self.attempts = 0;
        self.rows_max = (items.len() / 2).max(1);
        items
    }
}

#[cfg(test)]
mod tests {
    use contracts::service;
    use protocol::{Chain, Row};

    use super::*;

    fn items(count: usize) -> Vec<Arc<Item>> {
        let row = || {
            let (subject, headers) = (String::new(), String::new());
            Row { sequence: 1, subject, headers, payload: Vec::new().into(), chain: Chain::START }
        };
        (0..count).map(|_| Arc::new(Item::of(service::ORDER, row()))).collect()
    }

    #[test]
    fn a_batch_is_halved_until_one_row_is_left_and_grows_again() {
        let mut suspicion = Suspicion::default();
        let mut rows = 6_000;
        while rows > 1 {
            assert_eq!(suspicion.raise(items(rows), "x").len(), rows);
            assert!(suspicion.rows_max() <= rows / 2, "{suspicion:?}");
            rows = suspicion.rows_max();
        }
        (0..20).for_each(|_| suspicion.clear());
        assert_eq!(suspicion.rows_max(), BATCH_ROWS_MAX);
    }

    #[test]
    fn a_row_that_panics_by_itself_is_tried_a_few_times_and_then_to_be_parked() {
        let mut suspicion = Suspicion::default();
        for attempt in 1..=ATTEMPTS_MAX {
            let left = suspicion.raise(items(1), "x");
            let is_last = attempt == ATTEMPTS_MAX;
            assert_eq!(format!("{left:?}").contains("folding it panics: x"), is_last, "{attempt}");
        }
    }
}
