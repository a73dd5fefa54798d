//! What an answer is made from: noted while it is read, for whoever wants to keep the answer.
//!
//! The notes belong to the task that makes the answer, so that no answer has to hand them on. What
//! a task that it spawns reads is therefore not noted: an answer that is kept reads by itself.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use redis::aio::MultiplexedConnection;

use crate::positions::Positions;

tokio::task_local! {
    static NOTES: Arc<Notes>;
}

/// The notes on one answer in the making, and the connection over which it is read.
pub(crate) struct Notes {
    connection: MultiplexedConnection,
    taken: Mutex<Taken>,
}

/// What was noted.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// The whole keys that the answer depends on.
    pub(crate) keys: BTreeSet<String>,
    /// Where the read model stood at the last look.
    pub(crate) positions: Option<Positions>,
}

impl Notes {
    /// Empty notes; what is read meanwhile is read over `connection`.
    pub(crate) fn over(connection: MultiplexedConnection) -> Arc<Self> {
        Arc::new(Self { connection, taken: Mutex::default() })
    }

    /// Does `work`, and notes what it looks at.
    pub(crate) async fn during<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> T {
        NOTES.scope(Arc::clone(self), work).await
    }

    /// The notes of this task, if it has any.
    pub(super) fn current() -> Option<Arc<Self>> {
        NOTES.try_with(Arc::clone).ok()
    }

    pub(super) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    /// Notes one look.
    pub(super) fn note(&self, keys: impl Iterator<Item = String>, positions: &Positions) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.keys.extend(keys);
        taken.positions = Some(positions.clone());
    }

    /// What was noted so far.
    pub(crate) fn take(&self) -> Taken {
        std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
