//! What one pass over the old database has come to.

use std::collections::BTreeMap;

use crate::item::{Entity, Item, Outcome};
use crate::summary::Waiting;

/// What a pass has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// What was brought into the services, by kind.
    pub moved: BTreeMap<Entity, usize>,
    pub refused: usize,
    /// What waits until the old database is left.
    pub waiting: Waiting,
}

/// What a carried plan has come to.
pub(super) type Carried = Vec<(Item, Outcome)>;

impl Pass {
    pub fn is_empty(&self) -> bool {
        self.moved.values().all(|moved| *moved == 0) && self.refused == 0
    }

    pub(super) fn add(&mut self, carried: Carried) {
        for (item, outcome) in carried {
            match outcome {
                Outcome::Moved => *self.moved.entry(item.entity).or_default() += 1,
                Outcome::Refused(_) => self.refused += 1,
            }
        }
    }

    /// With what a later one has done.
    pub(super) fn and(mut self, later: Self) -> Self {
        for (entity, moved) in later.moved {
            *self.moved.entry(entity).or_default() += moved;
        }
        Self { moved: self.moved, refused: self.refused + later.refused, waiting: later.waiting }
    }
}
