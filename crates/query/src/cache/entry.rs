//! One kept answer, and how it looks beside what a poll has seen.
//!
//! Its content depends on its keys alone, while the freshness changes with every batch of events. The same
//! content, put together with what the last poll has seen, says exactly how much it has seen.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::poll::PollSnapshot;
use crate::positions::Positions;
use crate::query::answer::{Answer, Content, Rendered};

/// What an answer takes besides its bytes, roughly.
const OVERHEAD_BYTES: usize = 1_024;

pub(super) struct Entry {
    pub(super) dependencies: BTreeSet<Arc<str>>,
    /// Where the read model stood when it was made: no earlier position may be claimed for it.
    positions: Positions,
    content: Content,
    expires: Option<Instant>,
    /// As it was last sent, and beside which poll's snapshot.
    rendered: Mutex<Option<(u64, Arc<Rendered>)>>,
}

impl Entry {
    pub(super) fn new(answer: Answer, expires: Option<Instant>) -> Self {
        let Answer { content, dependencies, positions } = answer;
        Self {
            dependencies: dependencies.into_iter().map(Arc::from).collect(),
            positions,
            content,
            expires,
            rendered: Mutex::default(),
        }
    }

    /// The answer beside what was seen; nothing if it knows more than that, or is too old.
    pub(super) fn beside(&self, snapshot: &PollSnapshot) -> Option<Arc<Rendered>> {
        if self.expires.is_some_and(|expires| Instant::now() >= expires) {
            return None;
        }
        let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, rendered)) = rendered.as_ref().filter(|(of, _)| *of == snapshot.version) {
            return Some(Arc::clone(rendered));
        }
        if !snapshot.positions.covers(&self.positions) {
            return None;
        }
        let fresh = Arc::new(self.content.render(&snapshot.stamp));
        *rendered = Some((snapshot.version, Arc::clone(&fresh)));
        Some(fresh)
    }

    /// Roughly what it takes: the content, and the content once more as it was last sent.
    pub(super) fn bytes(&self) -> usize {
        2 * self.content.bytes()
            + self.dependencies.iter().map(|key| key.len()).sum::<usize>()
            + OVERHEAD_BYTES
    }
}

#[cfg(test)]
impl Entry {
    pub(super) fn for_tests(dependencies: Vec<String>, content: Vec<u8>) -> Self {
        let content = Content::text(content, "text/plain");
        let answer = Answer { content, dependencies, positions: Positions::default() };
        Self::new(answer, None)
    }
}
