//! What is known of the orders of one run while it goes: counts, and latencies from when each was due.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::latencies::Latencies;
use super::schedule::Schedule;

/// The orders of one run.
#[derive(Debug)]
pub(super) struct Board {
    /// When each is due.
    pub(super) schedule: Schedule,
    /// Begins the id of each.
    prefix: String,
    /// Until it was accepted.
    pub(super) accepting: Latencies,
    /// Until its end was published.
    pub(super) ending: Latencies,
    /// Until the read model showed its end; of a sample.
    pub(super) showing: Latencies,
    /// From hearing of an order's end until the read model showed it; of the same sample.
    pub(super) following: Latencies,
    /// Until a read beside the load was answered.
    pub(super) reading: Latencies,
    accepted: AtomicU64,
    failed: AtomicU64,
    completed: AtomicU64,
    otherwise: AtomicU64,
    unread: AtomicU64,
    last_end_us: AtomicU64,
    /// The order that ended last, counted from 1.
    last_ended: AtomicU32,
}

impl Board {
    /// Of a run whose orders have ids with this prefix.
    pub(super) fn new(schedule: Schedule, prefix: String) -> anyhow::Result<Self> {
        Ok(Self {
            schedule,
            prefix,
            accepting: Latencies::new()?,
            ending: Latencies::new()?,
            showing: Latencies::new()?,
            following: Latencies::new()?,
            reading: Latencies::new()?,
            accepted: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            otherwise: AtomicU64::new(0),
            unread: AtomicU64::new(0),
            last_end_us: AtomicU64::new(0),
            last_ended: AtomicU32::new(0),
        })
    }

    /// The id of an order.
    pub(super) fn id_of(&self, order: u32) -> String {
        format!("{}{order}", self.prefix)
    }

    /// The order of an id; none if it is no order of this run.
    pub(super) fn order_of(&self, id: &str) -> Option<u32> {
        id.strip_prefix(&self.prefix)?.parse().ok()
    }

    /// How long ago an order was due.
    pub(super) fn since_due(&self, order: u32) -> Duration {
        Instant::now().saturating_duration_since(self.schedule.due(order))
    }

    /// An order was accepted, just now.
    pub(super) fn note_accepted(&self, order: u32) {
        self.accepting.record(self.since_due(order));
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// An order was not accepted.
    pub(super) fn note_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// An order has ended, just now.
    pub(super) fn note_end(&self, order: u32, completed: bool) {
        self.ending.record(self.since_due(order));
        let counter = if completed { &self.completed } else { &self.otherwise };
        counter.fetch_add(1, Ordering::Relaxed);
        let micros = self.schedule.start().elapsed().as_micros();
        self.last_end_us.fetch_max(u64::try_from(micros).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.last_ended.store(order.saturating_add(1), Ordering::Relaxed);
    }

    /// A read beside the load failed.
    pub(super) fn note_unread(&self) {
        self.unread.fetch_add(1, Ordering::Relaxed);
    }

    /// The order that ended last.
    pub(super) fn last_ended(&self) -> Option<u32> {
        self.last_ended.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Reads that failed.
    pub(super) fn unread(&self) -> u64 {
        self.unread.load(Ordering::Relaxed)
    }

    /// Orders that were accepted.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Orders that were not.
    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Orders that were completed.
    pub(super) fn completed(&self) -> u64 {
        self.completed.load(Ordering::Relaxed)
    }

    /// Orders that have ended.
    pub(super) fn ended(&self) -> u64 {
        self.completed() + self.otherwise.load(Ordering::Relaxed)
    }

    /// From the first due order to the last end.
    pub(super) fn took(&self) -> Duration {
        Duration::from_micros(self.last_end_us.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_orders_and_others_to_none() {
        let schedule = Schedule::new(Instant::now(), 100, 1);
        let board = Board::new(schedule, "b-1-".into()).unwrap();
        assert_eq!(board.order_of(&board.id_of(42)), Some(42));
        assert_eq!(board.order_of("b-2-42"), None);
        assert_eq!(board.order_of("b-1-x"), None);
    }

    #[test]
    fn latencies_count_from_when_an_order_was_due() {
        let start = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let board = Board::new(Schedule::new(start, 1, 10), "b-".into()).unwrap();
        board.note_accepted(0);
        board.note_end(9, true);
        assert!(board.accepting.summary().max_ms >= 9_990.0);
        assert!(board.ending.summary().max_ms < 5_000.0);
        assert_eq!((board.accepted(), board.completed(), board.ended()), (1, 1, 1));
        assert_eq!(board.last_ended(), Some(9));
    }
}
