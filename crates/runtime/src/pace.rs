//! The pace of a thread that waits for what comes in: under load, it lets several things come before it
//! looks at them.
//!
//! Each message that arrives wakes its reader, and waking up costs more than handling what is there. A
//! thread that wakes more often than the pace allows sleeps before it waits, so that the next waking finds
//! more. At low rates it never does: some wakings are saved up.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A thread's pace.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Time between two wakings, when there are many.
    every: Duration,
    /// The moment up to which wakings are used up: behind now by what is saved up.
    used_up_to: Mutex<Instant>,
}

/// Wakings that are saved up at most: what one order causes, in one service.
const SAVED_MAX: u32 = 12;

impl Pace {
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, used_up_to: Mutex::new(Instant::now()) }
    }

    /// Waits as long as it takes to keep the pace. To be called before the thread waits for anything.
    pub(crate) fn keep(&self) {
        let now = Instant::now();
        let wait = {
            let mut used = self.used_up_to.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let saved_up = now.checked_sub(self.every * SAVED_MAX).unwrap_or(now);
            *used = (*used).max(saved_up) + self.every;
            used.saturating_duration_since(now)
        };
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
    }
}
