//! What is known of the orders of one run while it goes: what became of each, and latencies from when
//! each was due.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::marks::Marks;
use crate::latencies::Latencies;
use crate::schedule::Schedule;

/// The orders of one run.
#[derive(Debug)]
pub struct OrderTracker {
    /// When each is due.
    pub schedule: Schedule,
    /// Begins the id of each.
    prefix: String,
    /// Until it was accepted.
    pub accepting: Latencies,
    /// Until its end was heard.
    pub ending: Latencies,
    /// Until the read model showed its end; of a sample.
    pub showing: Latencies,
    /// From hearing of an order's end until the read model showed it; of the same sample.
    pub following: Latencies,
    /// Until a read beside the load was answered.
    pub reading: Latencies,
    /// Orders that came due, and were sent.
    due: AtomicU32,
    accepted: Marks,
    refused: AtomicU64,
    unanswered: AtomicU64,
    ended: Marks,
    completed: AtomicU64,
    unread: AtomicU64,
    last_end_us: AtomicU64,
    /// The order that ended last, counted from 1.
    last_ended: AtomicU32,
}

/// What became of the orders of a run so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Orders that came due.
    pub due: u32,
    /// Of those due: accepted.
    pub accepted: u64,
    /// Of those due: refused.
    pub refused: u64,
    /// Of those due: given up, since no answer came that says what became of them.
    pub unanswered: u64,
    /// Of those due: their end was heard, whether their answer was or not.
    pub ended: u64,
    /// Of those that ended: completed.
    pub completed: u64,
    /// Of those accepted: no end was heard.
    pub unfinished: u64,
}

impl Counts {
    /// Whether each that came due was answered or given up.
    pub fn are_all_answered(&self) -> bool {
        self.accepted + self.refused + self.unanswered >= u64::from(self.due)
    }
}

impl OrderTracker {
    /// Of a run whose orders have ids with this prefix.
    pub fn new(schedule: Schedule, prefix: String) -> anyhow::Result<Self> {
        Ok(Self {
            schedule,
            prefix,
            accepting: Latencies::new()?,
            ending: Latencies::new()?,
            showing: Latencies::new()?,
            following: Latencies::new()?,
            reading: Latencies::new()?,
            due: AtomicU32::new(0),
            accepted: Marks::none_of(schedule.orders()),
            refused: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            ended: Marks::none_of(schedule.orders()),
            completed: AtomicU64::new(0),
            unread: AtomicU64::new(0),
            last_end_us: AtomicU64::new(0),
            last_ended: AtomicU32::new(0),
        })
    }

    pub fn id_of(&self, order: u32) -> String {
        format!("{}{order}", self.prefix)
    }

    /// The order of an id; none if it is no order of this run.
    pub fn order_of(&self, id: &str) -> Option<u32> {
        let order = id.strip_prefix(&self.prefix)?.parse().ok()?;
        (order < self.schedule.orders()).then_some(order)
    }

    /// How long ago an order was due.
    pub fn since_due(&self, order: u32) -> Duration {
        Instant::now().saturating_duration_since(self.schedule.due(order))
    }

    /// An order is due, just now.
    pub fn note_due(&self) {
        self.due.fetch_add(1, Ordering::Relaxed);
    }

    /// An order was accepted, just now.
    pub fn note_accepted(&self, order: u32) {
        self.accepting.record(self.since_due(order));
        self.accepted.mark(order);
    }

    /// An order was refused.
    pub fn note_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Nobody can say what became of an order that was sent.
    pub fn note_unanswered(&self) {
        self.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// An order has ended, just now. Whether that is news: a stream that is published again tells of
    /// each end again.
    pub fn note_end(&self, order: u32, completed: bool) -> bool {
        if !self.ended.mark(order) {
            return false;
        }
        self.ending.record(self.since_due(order));
        if completed {
            self.completed.fetch_add(1, Ordering::Relaxed);
        }
        let micros = self.schedule.start().elapsed().as_micros();
        self.last_end_us.fetch_max(u64::try_from(micros).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.last_ended.store(order.saturating_add(1), Ordering::Relaxed);
        true
    }

    /// A read beside the load failed.
    pub fn note_unread(&self) {
        self.unread.fetch_add(1, Ordering::Relaxed);
    }

    pub fn last_ended(&self) -> Option<u32> {
        self.last_ended.load(Ordering::Relaxed).checked_sub(1)
    }

    pub fn unread(&self) -> u64 {
        self.unread.load(Ordering::Relaxed)
    }

    /// What became of the orders so far.
    pub fn counts(&self) -> Counts {
        Counts {
            due: self.due.load(Ordering::Relaxed),
            accepted: self.accepted.count(),
            refused: self.refused.load(Ordering::Relaxed),
            unanswered: self.unanswered.load(Ordering::Relaxed),
            ended: self.ended.count(),
            completed: self.completed.load(Ordering::Relaxed),
            unfinished: self.accepted.count_without(&self.ended),
        }
    }

    /// From the first due order to the last end.
    pub fn took(&self) -> Duration {
        Duration::from_micros(self.last_end_us.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracker(start: Instant, rate: u32, seconds: u32) -> OrderTracker {
        OrderTracker::new(Schedule::new(start, rate, seconds), "b-1-".into()).unwrap()
    }

    #[test]
    fn ids_lead_back_to_their_orders_and_others_to_none() {
        let tracker = tracker(Instant::now(), 100, 1);
        assert_eq!(tracker.order_of(&tracker.id_of(42)), Some(42));
        assert_eq!(tracker.order_of("b-2-42"), None);
        assert_eq!(tracker.order_of("b-1-x"), None);
        assert_eq!(tracker.order_of("b-1-100"), None, "there are 100, from 0");
    }

    #[test]
    fn latencies_count_from_when_an_order_was_due() {
        let start = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let tracker = tracker(start, 1, 10);
        tracker.note_accepted(0);
        assert!(tracker.note_end(9, true));
        assert!(tracker.accepting.summary().max_ms >= 9_990.0);
        assert!(tracker.ending.summary().max_ms < 5_000.0);
        assert_eq!(tracker.last_ended(), Some(9));
    }

    #[test]
    fn a_stream_that_is_published_again_ends_no_order_twice() {
        let tracker = tracker(Instant::now(), 900, 1);
        for order in 0..900 {
            tracker.note_due();
            tracker.note_accepted(order);
        }
        for order in (0..890).chain(0..206) {
            tracker.note_end(order, order != 3);
        }
        let counts = tracker.counts();
        assert!(counts.are_all_answered());
        assert_eq!((counts.ended, counts.completed, counts.unfinished), (890, 889, 10));
        assert_eq!(tracker.ending.summary().count, 890);
    }

    #[test]
    fn an_order_without_an_answer_may_end_all_the_same() {
        let tracker = tracker(Instant::now(), 3, 1);
        (0..3).for_each(|_| tracker.note_due());
        tracker.note_accepted(0);
        tracker.note_refused();
        assert!(!tracker.counts().are_all_answered());
        tracker.note_unanswered();
        tracker.note_end(2, true);
        let counts = tracker.counts();
        assert!(counts.are_all_answered());
        assert_eq!((counts.ended, counts.unfinished), (1, 1), "that of order 0 did not come");
    }
}
