//! What is kept: answers by what was asked, and which keys of Redis each was made from.
//!
//! One rule makes it right (`Ledger::missed`): an answer whose keys were invalidated while it was
//! being made is not kept. Redis would not tell of that change again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;

use super::entry::Entry;

/// Bytes that all kept answers may take together.
pub const BYTES_MAX: usize = 64 << 20;

/// Invalidations that are remembered. An answer during whose making more than that came is not kept.
const RECENT_MAX: usize = 8_192;

/// Entries of the queue beyond those of live answers, before it is tidied up.
const QUEUE_SLACK: usize = 256;

/// Answers that are kept.
pub(super) struct Entries {
    entries: DashMap<Arc<str>, Arc<Entry>>,
    ledger: Mutex<Ledger>,
    bytes_max: usize,
}

/// What invalidating and making room need to know.
#[derive(Default)]
struct Ledger {
    /// How often all was dropped.
    epoch: u64,
    /// How many keys were invalidated.
    invalidated: u64,
    /// The last of them, newest last.
    recent: VecDeque<Arc<str>>,
    /// Which answers were made from a key.
    holders: HashMap<Arc<str>, HashSet<Arc<str>>>,
    /// Answers in the order in which room is made.
    queue: VecDeque<(Arc<str>, Arc<Entry>)>,
    bytes: usize,
}

/// A moment before an answer's making began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    epoch: u64,
    invalidated: u64,
}

impl Entries {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { entries: DashMap::new(), ledger: Mutex::default(), bytes_max }
    }

    /// The answer to what was asked, if it is kept.
    pub(super) fn get(&self, asked: &str) -> Option<Arc<Entry>> {
        self.entries.get(asked).map(|answer| Arc::clone(&answer))
    }

    /// Now. To be taken before the first key is read.
    pub(super) fn moment(&self) -> Moment {
        let ledger = self.ledger();
        Moment { epoch: ledger.epoch, invalidated: ledger.invalidated }
    }

    /// Keeps an answer whose making began at `began`, unless one of its keys was invalidated since.
    pub(super) fn keep(&self, asked: &str, answer: Entry, began: Moment) -> bool {
        let mut ledger = self.ledger();
        if ledger.missed(began, &answer) || answer.bytes() > self.bytes_max {
            return false;
        }
        let (asked, answer): (Arc<str>, _) = (asked.into(), Arc::new(answer));
        self.drop_one(&mut ledger, &asked);
        for key in &answer.dependencies {
            let holders = ledger.holders.entry(Arc::clone(key)).or_default();
            holders.insert(Arc::clone(&asked));
        }
        ledger.bytes += answer.bytes();
        ledger.queue.push_back((Arc::clone(&asked), Arc::clone(&answer)));
        self.entries.insert(asked, answer);
        self.make_room(&mut ledger);
        true
    }

    /// Drops every answer that was made from this key.
    pub(super) fn invalidate(&self, key: &str) {
        let mut ledger = self.ledger();
        ledger.invalidated += 1;
        if ledger.recent.len() == RECENT_MAX {
            ledger.recent.pop_front();
        }
        ledger.recent.push_back(key.into());
        for asked in ledger.holders.remove(key).unwrap_or_default() {
            self.drop_one(&mut ledger, &asked);
        }
    }

    /// Drops everything, and what is being made as well.
    pub(super) fn clear(&self) {
        let mut ledger = self.ledger();
        let epoch = ledger.epoch + 1;
        *ledger = Ledger { epoch, ..Ledger::default() };
        self.entries.clear();
    }

    /// How many answers are kept, and their bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.ledger().bytes)
    }

    fn drop_one(&self, ledger: &mut Ledger, asked: &Arc<str>) {
        let Some((_, answer)) = self.entries.remove(asked) else { return };
        ledger.bytes = ledger.bytes.saturating_sub(answer.bytes());
        for key in &answer.dependencies {
            if let Some(holders) = ledger.holders.get_mut(key) {
                holders.remove(asked);
                if holders.is_empty() {
                    ledger.holders.remove(key);
                }
            }
        }
    }

    /// Drops the oldest answers that nobody asked for since they were last looked at here.
    fn make_room(&self, ledger: &mut Ledger) {
        if ledger.queue.len() > 2 * self.entries.len() + QUEUE_SLACK {
            let mut queue = std::mem::take(&mut ledger.queue);
            queue.retain(|(asked, answer)| self.is_kept(asked, answer));
            ledger.queue = queue;
        }
        let mut second_chances = ledger.queue.len();
        while ledger.bytes > self.bytes_max {
            let Some((asked, answer)) = ledger.queue.pop_front() else { return };
            if !self.is_kept(&asked, &answer) {
                continue;
            }
            if answer.was_used() && second_chances > 0 {
                second_chances -= 1;
                ledger.queue.push_back((asked, answer));
            } else {
                self.drop_one(ledger, &asked);
            }
        }
    }

    fn is_kept(&self, asked: &str, answer: &Arc<Entry>) -> bool {
        self.entries.get(asked).is_some_and(|kept| Arc::ptr_eq(&kept, answer))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    /// Whether an invalidation came since `began` that the answer would have needed to hear.
    fn missed(&self, began: Moment, answer: &Entry) -> bool {
        let since = self.invalidated.saturating_sub(began.invalidated);
        let since = usize::try_from(since).unwrap_or(usize::MAX);
        began.epoch != self.epoch
            || since > self.recent.len()
            || self.recent.iter().rev().take(since).any(|key| answer.dependencies.contains(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(keys: &[&str], bytes: usize) -> Entry {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Entry::for_tests(keys, vec![b'x'; bytes])
    }

    fn keep(entries: &Entries, asked: &str, keys: &[&str]) -> bool {
        entries.keep(asked, answer(keys, 10), entries.moment())
    }

    #[test]
    fn an_answer_is_dropped_with_any_of_its_keys_and_no_other() {
        let entries = Entries::new(BYTES_MAX);
        assert!(keep(&entries, "/a", &["k1", "k2"]) && keep(&entries, "/b", &["k2", "k3"]));
        entries.invalidate("k1");
        assert!(entries.get("/a").is_none() && entries.get("/b").is_some());
        entries.invalidate("k3");
        assert!(entries.get("/b").is_none());
        assert_eq!(entries.size(), (0, 0));
    }

    #[test]
    fn an_answer_whose_key_was_invalidated_while_it_was_made_is_not_kept() {
        let entries = Entries::new(BYTES_MAX);
        let began = entries.moment();
        entries.invalidate("k1");
        assert!(entries.keep("/other", answer(&["k2"], 10), began));
        assert!(!entries.keep("/a", answer(&["k1"], 10), began));
        assert!(entries.get("/a").is_none());
    }

    #[test]
    fn an_answer_that_was_made_before_all_was_dropped_is_not_kept() {
        let entries = Entries::new(BYTES_MAX);
        let began = entries.moment();
        entries.clear();
        assert!(!entries.keep("/a", answer(&["k1"], 10), began));
    }

    #[test]
    fn an_answer_during_which_more_came_than_is_remembered_is_not_kept() {
        let entries = Entries::new(BYTES_MAX);
        let began = entries.moment();
        entries.invalidate("k1");
        (0..RECENT_MAX).for_each(|nth| entries.invalidate(&format!("other-{nth}")));
        assert!(!entries.keep("/a", answer(&["k1"], 10), began));
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_asked_for_stays() {
        let size = answer(&["k"], 10).bytes();
        let entries = Entries::new(size * 10);
        assert!(keep(&entries, "/hot", &["k"]));
        for nth in 0..100 {
            assert!(entries.get("/hot").is_some_and(|hot| hot.mark_used()));
            assert!(keep(&entries, &format!("/cold-{nth}"), &["k"]));
        }
        assert_eq!(entries.size(), (10, size * 10));
        assert!(!entries.keep("/huge", answer(&["k"], size * 11), entries.moment()));
    }

    #[test]
    fn what_is_invalidated_over_and_over_leaves_nothing_behind() {
        let entries = Entries::new(BYTES_MAX);
        for _ in 0..10_000 {
            assert!(keep(&entries, "/a", &["k1"]));
            entries.invalidate("k1");
        }
        assert!(entries.ledger().queue.len() <= QUEUE_SLACK + 1);
        assert!(entries.ledger().holders.is_empty());
    }
}
