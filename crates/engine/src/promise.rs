//! An answer is a promise kept in two places: it waits until the stream has acknowledged all that
//! the outbox held when it was decided.
//!
//! Only a process that lost the broker while it ran goes on alone, and says so.

use std::collections::VecDeque;
use std::time::Duration;

/// How long the oldest published row may wait for its acknowledgement before the process counts as
/// alone. Well above a broker's slow moment, well below a client's patience.
pub const ACKNOWLEDGEMENT_WAIT_MAX: Duration = Duration::from_secs(5);

/// Where an answered change is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// In the service's database and in the stream.
    Replicated,
    /// In the service's database only: the broker is away.
    Local,
}

/// Answers that wait, in the order in which they were decided.
#[derive(Debug)]
pub struct Promises<T> {
    waiting: VecDeque<(u64, T)>,
    acknowledged: u64,
}

/// What is known of the way to the broker while the service runs. Times are monotonic.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    connected: bool,
    waiting_since: Option<Duration>,
}

impl<T> Promises<T> {
    /// Nothing waits; the stream has acknowledged this much.
    #[must_use]
    pub const fn new(acknowledged: u64) -> Self {
        Self { waiting: VecDeque::new(), acknowledged }
    }

    /// An answer that was decided when the outbox ended at `head`. Heads never go down.
    pub fn add(&mut self, head: u64, answer: T) {
        self.waiting.push_back((head, answer));
    }

    /// The stream has acknowledged up to here; after a lost tail, less than before.
    pub const fn acknowledged(&mut self, sequence: u64) {
        self.acknowledged = sequence;
    }

    /// The next answer whose promise is kept.
    pub fn next_kept(&mut self) -> Option<T> {
        match self.waiting.front() {
            Some((head, _)) if *head <= self.acknowledged => {
                self.waiting.pop_front().map(|(_, answer)| answer)
            }
            Some(_) | None => None,
        }
    }

    /// The next answer that has to go out with [`Durability::Local`], once the link is alone.
    pub fn next_alone(&mut self) -> Option<T> {
        self.waiting.pop_front().map(|(_, answer)| answer)
    }

    /// How many answers wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

impl Link {
    /// A link that has just been made.
    #[must_use]
    pub const fn connected() -> Self {
        Self { connected: true, waiting_since: None }
    }

    /// The connection came or went.
    pub const fn set_connected(&mut self, connected: bool) {
        self.connected = connected;
    }

    /// Rows wait for acknowledgements (`true`), or none does. Every acknowledgement that leaves others
    /// waiting begins the wait anew.
    pub const fn waits(&mut self, waits: bool, now: Duration) {
        self.waiting_since = if waits { Some(now) } else { None };
    }

    /// Rows begin to wait, if none did.
    pub const fn begins_to_wait(&mut self, now: Duration) {
        if self.waiting_since.is_none() {
            self.waiting_since = Some(now);
        }
    }

    /// Whether the process is alone: disconnected, or without an acknowledgement for too long.
    #[must_use]
    pub fn is_alone(&self, now: Duration) -> bool {
        !self.connected || self.alone_at().is_some_and(|at| now >= at)
    }

    /// When the process will be alone, unless an acknowledgement comes.
    #[must_use]
    pub fn alone_at(&self) -> Option<Duration> {
        self.waiting_since.map(|since| since + ACKNOWLEDGEMENT_WAIT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_waits_for_all_that_the_outbox_held() {
        let mut promises = Promises::new(4);
        promises.add(7, "placed");
        promises.add(7, "repeated");
        promises.add(9, "later");
        promises.acknowledged(6);
        assert_eq!(promises.next_kept(), None);
        promises.acknowledged(8);
        assert_eq!(promises.next_kept(), Some("placed"));
        assert_eq!(promises.next_kept(), Some("repeated"));
        assert_eq!(promises.next_kept(), None);
        assert_eq!(promises.next_alone(), Some("later"));
    }

    #[test]
    fn silence_counts_as_alone_only_after_the_bound() {
        let at = Duration::from_millis;
        let mut link = Link::connected();
        link.begins_to_wait(at(0));
        link.begins_to_wait(at(4_000));
        assert!(!link.is_alone(at(4_999)));
        assert!(link.is_alone(at(5_000)));
        link.waits(true, at(5_000));
        assert!(!link.is_alone(at(5_001)));
        link.set_connected(false);
        assert!(link.is_alone(at(5_001)));
    }
}
