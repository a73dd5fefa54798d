//! What is known of the orders of one run while it goes: what became of each, and latencies from when
//! each was due.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::latencies::Latencies;
use super::marks::Marks;
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
    /// Until its end was heard.
    pub(super) ending: Latencies,
    /// Until the read model showed its end; of a sample.
    pub(super) showing: Latencies,
    /// From hearing of an order's end until the read model showed it; of the same sample.
    pub(super) following: Latencies,
    /// Until a read beside the load was answered.
    pub(super) reading: Latencies,
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
pub(super) struct Counts {
    /// Orders that came due.
    pub(super) due: u32,
    /// Of those due: accepted.
    pub(super) accepted: u64,
    /// Of those due: refused.
    pub(super) refused: u64,
    /// Of those due: given up, since no answer came that says what became of them.
    pub(super) unanswered: u64,
    /// Of those due: their end was heard, whether their answer was or not.
    pub(super) ended: u64,
    /// Of those that ended: completed.
    pub(super) completed: u64,
    /// Of those accepted: no end was heard.
    pub(super) unfinished: u64,
}

impl Counts {
    /// Whether each that came due was answered or given up.
    pub(super) fn are_all_answered(&self) -> bool {
        self.accepted + self.refused + self.unanswered >= u64::from(self.due)
    }
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

    /// The id of an order.
    pub(super) fn id_of(&self, order: u32) -> String {
        format!("{}{order}", self.prefix)
    }

    /// The order of an id; none if it is no order of this run.
    pub(super) fn order_of(&self, id: &str) -> Option<u32> {
        let order = id.strip_prefix(&self.prefix)?.parse().ok()?;
        (order < self.schedule.orders()).then_some(order)
    }

    /// How long ago an order was due.
    pub(super) fn since_due(&self, order: u32) -> Duration {
        Instant::now().saturating_duration_since(self.schedule.due(order))
    }

    /// An order is due, just now.
    pub(super) fn note_due(&self) {
        self.due.fetch_add(1, Ordering::Relaxed);
    }

    /// An order was accepted, just now.
    pub(super) fn note_accepted(&self, order: u32) {
        self.accepting.record(self.since_due(order));
        self.accepted.mark(order);
    }

    /// An order was refused.
    pub(super) fn note_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Nobody can say what became of an order that was sent.
    pub(super) fn note_unanswered(&self) {
        self.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// An order has ended, just now. Whether that is news: a stream that is published again tells of
    /// each end again.
    pub(super) fn note_end(&self, order: u32, completed: bool) -> bool {
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

    /// What became of the orders so far.
    pub(super) fn counts(&self) -> Counts {
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
    pub(super) fn took(&self) -> Duration {
        Duration::from_micros(self.last_end_us.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(start: Instant, rate: u32, seconds: u32) -> Board {
        Board::new(Schedule::new(start, rate, seconds), "b-1-".into()).unwrap()
    }

    #[test]
    fn ids_lead_back_to_their_orders_and_others_to_none() {
        let board = board(Instant::now(), 100, 1);
        assert_eq!(board.order_of(&board.id_of(42)), Some(42));
        assert_eq!(board.order_of("b-2-42"), None);
        assert_eq!(board.order_of("b-1-x"), None);
        assert_eq!(board.order_of("b-1-100"), None, "there are 100, from 0");
    }

    #[test]
    fn latencies_count_from_when_an_order_was_due() {
        let start = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let board = board(start, 1, 10);
        board.note_accepted(0);
        assert!(board.note_end(9, true));
        assert!(board.accepting.summary().max_ms >= 9_990.0);
        assert!(board.ending.summary().max_ms < 5_000.0);
        assert_eq!(board.last_ended(), Some(9));
    }

    #[test]
    fn a_stream_that_is_published_again_ends_no_order_twice() {
        let board = board(Instant::now(), 900, 1);
        for order in 0..900 {
            board.note_due();
            board.note_accepted(order);
        }
        for order in (0..890).chain(0..206) {
            board.note_end(order, order != 3);
        }
        let counts = board.counts();
        assert!(counts.are_all_answered());
        assert_eq!((counts.ended, counts.completed, counts.unfinished), (890, 889, 10));
        assert_eq!(board.ending.summary().count, 890);
    }

    #[test]
    fn an_order_without_an_answer_may_end_all_the_same() {
        let board = board(Instant::now(), 3, 1);
        (0..3).for_each(|_| board.note_due());
        board.note_accepted(0);
        board.note_refused();
        assert!(!board.counts().are_all_answered());
        board.note_unanswered();
        board.note_end(2, true);
        let counts = board.counts();
        assert!(counts.are_all_answered());
        assert_eq!((counts.ended, counts.unfinished), (1, 1), "that of order 0 was not heard");
    }
}
