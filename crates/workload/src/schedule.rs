//! When each order is due: evenly spread over the time, whatever happens meanwhile.

use std::time::{Duration, Instant};

/// The schedule of one run.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    start: Instant,
    rate: u32,
    orders: u32,
}

impl Schedule {
    /// So many orders a second, for so many seconds.
    pub const fn new(start: Instant, rate: u32, seconds: u32) -> Self {
        Self { start, rate, orders: rate.saturating_mul(seconds) }
    }

    pub const fn orders(&self) -> u32 {
        self.orders
    }

    pub const fn rate(&self) -> u32 {
        self.rate
    }

    pub const fn start(&self) -> Instant {
        self.start
    }

    /// When an order is due, by its number from 0.
    pub fn due(&self, order: u32) -> Instant {
        let nanos = u64::from(order) * 1_000_000_000 / u64::from(self.rate.max(1));
        self.start + Duration::from_nanos(nanos)
    }

    /// When the time is over.
    pub fn end(&self) -> Instant {
        self.due(self.orders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_due_at_even_distances_and_none_is_rounded_away() {
        let start = Instant::now();
        let schedule = Schedule::new(start, 300, 2);
        assert_eq!(schedule.orders(), 600);
        assert_eq!(schedule.due(0), start);
        assert_eq!(schedule.due(3), start + Duration::from_millis(10));
        assert_eq!(schedule.end(), start + Duration::from_secs(2));
    }
}
