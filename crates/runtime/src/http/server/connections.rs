//! How many connections there are at once. The descriptors of a process are bounded, and some are
//! kept for what it cannot do without: the broker, the database, Redis, its log.
//!
//! Whoever comes when all are taken gets the place of the connection that has waited longest for
//! its client: one that is silent, idle, or still sending. So silent clients, however many, keep
//! nobody out, health checks least of all. Only when every connection is being answered is the
//! newcomer told to come again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::Notify;

/// Most connections at once, however many descriptors there are: each takes some kilobytes.
const CONNECTIONS_MAX: usize = 4_096;

/// Descriptors that no connection takes: those of the broker, of a writer and 32 readers of the
/// database (three each), of Redis, threads, log and standard streams, twice over.
const DESCRIPTORS_RESERVED: usize = 256;

/// The connections of one server.
#[derive(Debug)]
pub(super) struct Connections {
    max: usize,
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    taken: usize,
    next: u64,
    /// Connections that wait for their clients, the longest waiting first.
    waiting: BTreeMap<u64, Arc<Notify>>,
}

/// The place of one connection; free again once nobody holds it.
#[derive(Debug)]
pub(super) struct Permit {
    connections: Arc<Connections>,
    closing: Arc<Notify>,
    /// Its number among those that wait, while it does.
    number: Mutex<Option<u64>>,
}

impl Connections {
    /// As many as the descriptors of the process allow, once it may open as many as it ever may.
    /// Each answer takes `each` more.
    pub(super) fn within_descriptors(each: usize) -> Arc<Self> {
        let descriptors = raised_limit();
        let max = descriptors.map_or(CONNECTIONS_MAX, |descriptors| allowed(descriptors, each));
        tracing::debug!(max, descriptors, "connections are bounded");
        Arc::new(Self { max, places: Mutex::default() })
    }

    /// A place, if need be that of the connection that has waited longest; none if none waits.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Arc<Permit>> {
        let mut places = self.lock();
        if places.taken >= self.max {
            let (_, longest) = places.waiting.pop_first()?;
            longest.notify_one();
            metrics::counter!("murmur_http_connections_evicted_total").increment(1);
        }
        places.taken += 1;
        let closing = Arc::new(Notify::new());
        let number = Mutex::new(Some(places.wait(&closing)));
        drop(places);
        Some(Arc::new(Permit { connections: Arc::clone(self), closing, number }))
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    fn wait(&mut self, closing: &Arc<Notify>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.insert(number, Arc::clone(closing));
        number
    }
}

impl Permit {
    /// Until another connection needs this place.
    pub(super) async fn taken_away(&self) {
        self.closing.notified().await;
    }

    /// The client has sent a whole request: from here on it waits, and not the connection.
    pub(super) fn answers(&self) {
        let number = self.lock().take();
        if let Some(number) = number {
            self.connections.lock().waiting.remove(&number);
        }
    }

    /// All is answered: the connection waits for its client again.
    pub(super) fn waits(&self) {
        let mut number = self.lock();
        if number.is_none() {
            *number = Some(self.connections.lock().wait(&self.closing));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<u64>> {
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let number = self.lock().take();
        let mut places = self.connections.lock();
        places.taken = places.taken.saturating_sub(1);
        if let Some(number) = number {
            places.waiting.remove(&number);
        }
    }
}

/// How many descriptors the process may have, after asking for as many as it is allowed to ask for.
fn raised_limit() -> Option<usize> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let now = if current == maximum || setrlimit(Resource::Nofile, raised).is_err() {
        current
    } else {
        maximum
    };
    now.map(|now| usize::try_from(now).unwrap_or(usize::MAX))
}

/// Where there are few descriptors, a quarter of them is better than none.
fn allowed(descriptors: usize, each: usize) -> usize {
    let free = descriptors.saturating_sub(DESCRIPTORS_RESERVED).max(descriptors / 4);
    (free / (1 + each)).clamp(1, CONNECTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn with_room_for(max: usize) -> Arc<Connections> {
        Arc::new(Connections { max, places: Mutex::default() })
    }

    #[test]
    fn what_a_process_cannot_do_without_is_left_to_it() {
        assert_eq!(allowed(1_024, 0), 768);
        assert_eq!(allowed(1_024, 7), 96);
        assert_eq!(allowed(256, 0), 64);
        assert_eq!(allowed(1_048_576, 0), CONNECTIONS_MAX);
    }

    #[test]
    fn the_longest_waiting_makes_room_and_one_that_is_answered_does_not() {
        let all = with_room_for(3);
        let places: Vec<_> = (0..3).map(|_| all.admit().unwrap()).collect();
        places[0].answers();
        let newcomer = all.admit().unwrap();
        let gone = |permit: &Arc<Permit>| permit.taken_away().now_or_never().is_some();
        assert!(!gone(&places[0]) && gone(&places[1]) && !gone(&places[2]));
        // Once it was answered it waits again, and for less time than all others.
        places[0].waits();
        let (_second, _third) = (all.admit().unwrap(), all.admit().unwrap());
        assert!(!gone(&places[0]) && gone(&places[2]) && gone(&newcomer));
    }

    #[test]
    fn who_comes_while_all_are_answered_is_turned_away_until_one_has_gone() {
        let all = with_room_for(2);
        let (first, second) = (all.admit().unwrap(), all.admit().unwrap());
        first.answers();
        second.answers();
        assert!(all.admit().is_none());
        drop(first);
        assert!(all.admit().is_some());
    }
}
