//! Finding the highest rate that is kept up with: up in steps until one is not, then halfway back.

/// A quarter more each time.
const STEP_UP_PERCENT: u32 = 125;

/// The search ends when good and bad are that close, in percent of the good one.
const CLOSE_PERCENT: u32 = 5;

const RUNS_MAX: u32 = 16;

#[derive(Clone, Copy, Debug)]
pub struct RateSearch {
    good: Option<u32>,
    bad: Option<u32>,
    next: u32,
    runs: u32,
}

impl RateSearch {
    /// Begins at this rate.
    pub const fn from(rate: u32) -> Self {
        Self { good: None, bad: None, next: rate, runs: 0 }
    }

    /// The rate to try next; none when the search is over.
    pub fn next(&self) -> Option<u32> {
        let close = match (self.good, self.bad) {
            (Some(good), Some(bad)) => (bad - good) * 100 <= good * CLOSE_PERCENT,
            (None, Some(bad)) => bad <= 1,
            (_, None) => false,
        };
        (!close && self.runs < RUNS_MAX).then_some(self.next)
    }

    /// The highest rate that was kept up with so far.
    pub const fn highest(&self) -> Option<u32> {
        self.good
    }

    /// Notes how the last rate went.
    pub fn note(&mut self, kept_up: bool) {
        self.runs += 1;
        if kept_up {
            self.good = Some(self.next);
        } else {
            self.bad = Some(self.next);
        }
        self.next = match (self.good, self.bad) {
            (Some(good), Some(bad)) => good.midpoint(bad),
            (None, Some(bad)) => (bad / 2).max(1),
            (_, None) => (self.next * STEP_UP_PERCENT / 100).max(self.next + 1),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(from: u32, limit: u32) -> (Option<u32>, u32) {
        let mut climb = RateSearch::from(from);
        while let Some(rate) = climb.next() {
            climb.note(rate <= limit);
        }
        (climb.highest(), climb.runs)
    }

    #[test]
    fn the_highest_rate_is_found_from_below_and_from_above() {
        for from in [100, 1_000, 5_000] {
            let (found, runs) = search(from, 1_730);
            let found = found.unwrap();
            assert!((1_640..=1_730).contains(&found), "from {from}: {found}");
            assert!(runs <= RUNS_MAX);
        }
    }

    #[test]
    fn a_system_that_keeps_up_with_nothing_has_no_highest_rate() {
        assert_eq!(search(100, 0).0, None);
    }

    #[test]
    fn a_system_without_a_limit_ends_the_search_all_the_same() {
        assert_eq!(search(100, u32::MAX).1, RUNS_MAX);
    }
}
