//! Which orders something has happened to: each counts once, however often it is told.

use std::sync::atomic::{AtomicU64, Ordering};

/// Orders that are marked, by their numbers from 0.
#[derive(Debug)]
pub(crate) struct Marks(Box<[AtomicU64]>);

impl Marks {
    /// None, of so many.
    pub(crate) fn none_of(orders: u32) -> Self {
        Self((0..=orders / u64::BITS).map(|_| AtomicU64::new(0)).collect())
    }

    /// Marks an order; whether it was not marked before. One that is beyond their number never is.
    pub(crate) fn mark(&self, order: u32) -> bool {
        let Some(word) = self.word(order) else { return false };
        let bit = 1 << (order % u64::BITS);
        word.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }

    /// How many are marked.
    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.load(Ordering::Relaxed).count_ones())).sum()
    }

    /// How many are marked here and not there.
    pub(crate) fn count_without(&self, others: &Self) -> u64 {
        let pairs = self.0.iter().zip(&others.0);
        let here_only =
            pairs.map(|(one, other)| one.load(Ordering::Relaxed) & !other.load(Ordering::Relaxed));
        here_only.map(|word| u64::from(word.count_ones())).sum()
    }

    fn word(&self, order: u32) -> Option<&AtomicU64> {
        self.0.get(usize::try_from(order / u64::BITS).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_counts_once_however_often_it_is_told() {
        let (ended, accepted) = (Marks::none_of(130), Marks::none_of(130));
        assert!(ended.mark(129) && !ended.mark(129) && ended.mark(0));
        assert_eq!(ended.count(), 2);
        assert!(accepted.mark(0) && accepted.mark(64));
        assert_eq!((accepted.count_without(&ended), ended.count_without(&accepted)), (1, 1));
        assert!(!ended.mark(u32::MAX));
    }
}
