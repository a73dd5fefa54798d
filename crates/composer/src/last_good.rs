//! What owners said last, for the time when they say nothing. Bounded in number, bytes and age; what
//! was kept longest without being renewed goes first.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::Service;
use serde_json::value::RawValue;

/// Answers that are kept at most.
pub const ENTRIES_MAX: usize = 50_000;

/// Bytes of answers that are kept at most.
pub const BYTES_MAX: usize = 64 << 20;

/// An answer older than this is no longer given: by then, nothing is better than it.
pub const AGE_MAX: Duration = Duration::from_secs(3_600);

/// Which owner, and what it was asked: its path.
pub type Key = (Service, String);

/// The last good answers.
#[derive(Debug, Default)]
pub struct LastGood {
    kept: HashMap<Key, Entry>,
    /// The order in which they were kept. An entry that was renewed since stands in it twice; its
    /// number says which of them counts.
    order: VecDeque<(u64, Key)>,
    bytes: usize,
    number: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    body: Arc<RawValue>,
    at: Instant,
}

impl LastGood {
    /// Keeps an answer.
    pub fn keep(&mut self, key: Key, body: Arc<RawValue>, now: Instant) {
        self.forget(&key);
        self.number += 1;
        self.bytes += size(&key, &body);
        self.order.push_back((self.number, key.clone()));
        self.kept.insert(key, Entry { number: self.number, body, at: now });
        while self.kept.len() > ENTRIES_MAX || self.bytes > BYTES_MAX {
            self.forget_oldest();
        }
        self.tidy();
    }

    /// The last good answer, and how old it is.
    #[must_use]
    pub fn find(&self, key: &Key, now: Instant) -> Option<(Arc<RawValue>, Duration)> {
        let entry = self.kept.get(key)?;
        let age = now.saturating_duration_since(entry.at);
        (age <= AGE_MAX).then(|| (Arc::clone(&entry.body), age))
    }

    /// Forgets what is no longer true.
    pub fn forget(&mut self, key: &Key) {
        if let Some(entry) = self.kept.remove(key) {
            self.bytes -= size(key, &entry.body);
        }
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn forget_oldest(&mut self) {
        let Some((number, key)) = self.order.pop_front() else { return };
        if self.kept.get(&key).is_some_and(|entry| entry.number == number) {
            self.forget(&key);
        }
    }

    /// Drops what was renewed from the front, and all of it once it is more than what counts.
    fn tidy(&mut self) {
        let counts = |(number, key): &(u64, Key)| {
            self.kept.get(key).is_some_and(|entry| entry.number == *number)
        };
        while self.order.front().is_some_and(|first| !counts(first)) {
            self.order.pop_front();
        }
        if self.order.len() > 2 * self.kept.len() + 1 {
            let kept = &self.kept;
            self.order
                .retain(|(number, key)| kept.get(key).is_some_and(|entry| entry.number == *number));
        }
    }
}

fn size((_, path): &Key, body: &RawValue) -> usize {
    path.len() + body.get().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::service;

    fn key(path: &str) -> Key {
        (service::CUSTOMER, path.to_owned())
    }

    fn body(text: &str) -> Arc<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap().into()
    }

    #[test]
    fn the_last_answer_is_found_with_its_age_until_it_is_too_old() {
        let (mut kept, start) = (LastGood::default(), Instant::now());
        kept.keep(key("/1"), body("{\"n\":1}"), start);
        kept.keep(key("/1"), body("{\"n\":2}"), start + Duration::from_secs(5));
        let (found, age) = kept.find(&key("/1"), start + Duration::from_secs(7)).unwrap();
        assert_eq!((found.get(), age), ("{\"n\":2}", Duration::from_secs(2)));
        let late = start + Duration::from_secs(6) + AGE_MAX;
        assert!(kept.find(&key("/1"), late).is_none());
        kept.forget(&key("/1"));
        assert!(kept.is_empty() && kept.bytes == 0);
    }

    #[test]
    fn too_many_push_out_the_one_that_was_not_renewed_for_longest() {
        let (mut kept, now) = (LastGood::default(), Instant::now());
        for nth in 0..ENTRIES_MAX {
            kept.keep(key(&nth.to_string()), body("{}"), now);
        }
        kept.keep(key("0"), body("{}"), now);
        kept.keep(key("one more"), body("{}"), now);
        assert_eq!(kept.len(), ENTRIES_MAX);
        assert!(kept.find(&key("0"), now).is_some());
        assert!(kept.find(&key("1"), now).is_none());
    }

    #[test]
    fn bytes_are_bounded_too_and_renewing_one_for_ever_takes_no_memory() {
        let (mut kept, now) = (LastGood::default(), Instant::now());
        let large = body(&format!("\"{}\"", "x".repeat(BYTES_MAX / 4)));
        for nth in 0..10 {
            kept.keep(key(&nth.to_string()), Arc::clone(&large), now);
        }
        assert_eq!(kept.len(), 3);
        for _ in 0..1_000 {
            kept.keep(key("9"), body("{}"), now);
        }
        assert!(kept.order.len() <= 2 * kept.len() + 1, "{}", kept.order.len());
    }
}
