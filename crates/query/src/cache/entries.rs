//! What is kept: answers by what was asked, and on which keys of Redis each depends.
//!
//! One rule makes it right (`Ledger::missed`): an answer of which a dependency was invalidated while it was
//! being made is not kept. Redis would not tell of that change again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};

use super::entry::Entry;

/// Bytes that all kept answers may take together.
pub const BYTES_MAX: u64 = 64 << 20;

/// Bytes that an answer is expected to take. Rather too many: the map falls into parts by it, of 32 expected
/// answers at least, and each shall have room for a report of thousands of rows.
const EXPECTED_BYTES: u64 = 256 << 10;

/// Invalidations that are remembered. An answer during whose making more than that came is not kept.
const RECENT_MAX: usize = 8_192;

/// Answers that are kept.
pub(super) struct Entries {
    /// Changed only with the ledger locked.
    entries: Cache<Arc<str>, Arc<Entry>, Bytes, DefaultHashBuilder, Evictions>,
    ledger: Mutex<Ledger>,
}

/// An answer weighs what it takes.
#[derive(Clone)]
struct Bytes;

/// Hands over what made room for another answer.
#[derive(Clone)]
struct Evictions;

/// What invalidating needs to know.
#[derive(Default)]
struct Ledger {
    /// How many keys were invalidated. That all was dropped counts as one that nobody remembers.
    invalidated: u64,
    /// The last of them, newest last.
    recent: VecDeque<Arc<str>>,
    /// Which answers depend on a key.
    dependents: HashMap<Arc<str>, HashSet<Arc<str>>>,
}

/// A moment before an answer's making began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    invalidated: u64,
}

impl Weighter<Arc<str>, Arc<Entry>> for Bytes {
    fn weight(&self, _: &Arc<str>, entry: &Arc<Entry>) -> u64 {
        u64::try_from(entry.bytes()).unwrap_or(u64::MAX)
    }
}

impl Lifecycle<Arc<str>, Arc<Entry>> for Evictions {
    type RequestState = Vec<(Arc<str>, Arc<Entry>)>;

    fn on_evict(&self, evicted: &mut Self::RequestState, asked: Arc<str>, entry: Arc<Entry>) {
        evicted.push((asked, entry));
    }
}

impl Entries {
    pub(super) fn new(bytes_max: u64) -> Self {
        let expected = usize::try_from(bytes_max / EXPECTED_BYTES).unwrap_or(usize::MAX);
        let hashing = DefaultHashBuilder::default();
        let entries = Cache::with(expected, bytes_max, Bytes, hashing, Evictions);
        Self { entries, ledger: Mutex::default() }
    }

    /// The answer to what was asked, if it is kept.
    pub(super) fn get(&self, asked: &str) -> Option<Arc<Entry>> {
        self.entries.get(asked)
    }

    /// Now. To be taken before the first key is read.
    pub(super) fn moment(&self) -> Moment {
        Moment { invalidated: self.ledger().invalidated }
    }

    /// Keeps an answer whose making began at `began`, unless one of its dependencies was invalidated since,
    /// or there is no room for it.
    pub(super) fn keep(&self, asked: &str, entry: Entry, began: Moment) {
        let mut ledger = self.ledger();
        if ledger.missed(began, &entry) {
            return;
        }
        let (asked, entry): (Arc<str>, _) = (asked.into(), Arc::new(entry));
        self.drop_one(&mut ledger, &asked);
        for key in &entry.dependencies {
            let dependents = ledger.dependents.entry(Arc::clone(key)).or_default();
            dependents.insert(Arc::clone(&asked));
        }
        let mut evicted = Vec::new();
        self.entries.insert_with_lifecycle(asked, entry, &mut evicted);
        evicted.iter().for_each(|(asked, entry)| ledger.forget(asked, entry));
    }

    /// Drops every answer that depends on this key.
    pub(super) fn invalidate(&self, key: &str) {
        let mut ledger = self.ledger();
        ledger.invalidated += 1;
        if ledger.recent.len() == RECENT_MAX {
            ledger.recent.pop_front();
        }
        ledger.recent.push_back(key.into());
        for asked in ledger.dependents.remove(key).unwrap_or_default() {
            self.drop_one(&mut ledger, &asked);
        }
    }

    /// Drops everything, and what is being made as well.
    pub(super) fn clear(&self) {
        let mut ledger = self.ledger();
        *ledger = Ledger { invalidated: ledger.invalidated + 1, ..Ledger::default() };
        self.entries.clear();
    }

    /// How many answers are kept.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn drop_one(&self, ledger: &mut Ledger, asked: &Arc<str>) {
        if let Some((asked, entry)) = self.entries.remove(asked) {
            ledger.forget(&asked, &entry);
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    /// Whether an invalidation came since `began` that the answer would have needed to hear.
    fn missed(&self, began: Moment, entry: &Entry) -> bool {
        let since = self.invalidated.saturating_sub(began.invalidated);
        let since = usize::try_from(since).unwrap_or(usize::MAX);
        since > self.recent.len()
            || self.recent.iter().rev().take(since).any(|key| entry.dependencies.contains(key))
    }

    /// Nothing has to be dropped for this answer any more.
    fn forget(&mut self, asked: &Arc<str>, entry: &Entry) {
        for key in &entry.dependencies {
            if let Some(dependents) = self.dependents.get_mut(key) {
                dependents.remove(asked);
                if dependents.is_empty() {
                    self.dependents.remove(key);
                }
            }
        }
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
        keeps(entries, asked, answer(keys, 10), entries.moment())
    }

    fn keeps(entries: &Entries, asked: &str, entry: Entry, began: Moment) -> bool {
        entries.keep(asked, entry, began);
        entries.entries.contains_key(asked)
    }

    #[test]
    fn an_answer_is_dropped_with_any_of_its_keys_and_no_other() {
        let entries = Entries::new(BYTES_MAX);
        assert!(keep(&entries, "/a", &["k1", "k2"]) && keep(&entries, "/b", &["k2", "k3"]));
        entries.invalidate("k1");
        assert!(entries.get("/a").is_none() && entries.get("/b").is_some());
        entries.invalidate("k3");
        assert!(entries.get("/b").is_none());
        assert_eq!((entries.len(), entries.entries.weight()), (0, 0));
        assert!(entries.ledger().dependents.is_empty());
    }

    #[test]
    fn an_answer_whose_key_was_invalidated_while_it_was_made_is_not_kept() {
        let entries = Entries::new(BYTES_MAX);
        let began = entries.moment();
        entries.invalidate("k1");
        assert!(keeps(&entries, "/other", answer(&["k2"], 10), began));
        assert!(!keeps(&entries, "/a", answer(&["k1"], 10), began));
        assert!(entries.get("/a").is_none());
    }

    #[test]
    fn an_answer_that_was_made_before_all_was_dropped_is_not_kept() {
        let entries = Entries::new(BYTES_MAX);
        let began = entries.moment();
        entries.clear();
        assert!(!keeps(&entries, "/a", answer(&["k1"], 10), began));
    }

    #[test]
    fn an_answer_during_which_more_came_than_is_remembered_is_not_kept() {
        let entries = Entries::new(BYTES_MAX);
        let began = entries.moment();
        entries.invalidate("k1");
        (0..RECENT_MAX).for_each(|nth| entries.invalidate(&format!("other-{nth}")));
        assert!(!keeps(&entries, "/a", answer(&["k1"], 10), began));
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_asked_for_stays() {
        let size = u64::try_from(answer(&["k"], 10).bytes()).unwrap();
        let huge = answer(&["k"], usize::try_from(size).unwrap() * 11);
        let entries = Entries::new(size * 10);
        assert!(keep(&entries, "/hot", &["k"]));
        for nth in 0..100 {
            assert!(entries.get("/hot").is_some());
            assert!(keep(&entries, &format!("/cold-{nth}"), &["k"]));
        }
        assert_eq!((entries.len(), entries.entries.weight()), (10, size * 10));
        assert_eq!(entries.ledger().dependents["k"].len(), 10);
        assert!(!keeps(&entries, "/huge", huge, entries.moment()));
        assert_eq!(entries.ledger().dependents["k"].len(), entries.len());
    }

    #[test]
    fn what_is_invalidated_over_and_over_leaves_nothing_behind() {
        let entries = Entries::new(BYTES_MAX);
        for _ in 0..10_000 {
            assert!(keep(&entries, "/a", &["k1"]));
            entries.invalidate("k1");
        }
        assert_eq!(entries.len(), 0);
        assert!(entries.ledger().dependents.is_empty());
    }
}
