//! What one pass over the old database has come to.

use std::collections::BTreeMap;

use crate::item::{Entity, Item, Outcome};
use crate::progress::Refused;
use crate::summary::Waiting;

/// What a pass has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// What was brought into the services, by kind.
    pub moved: BTreeMap<Entity, usize>,
    /// What was newly refused, by a service or before it came to one.
    pub refused: Vec<Refused>,
    /// What waits until the old database is left.
    pub waiting: Waiting,
}

/// What a carried plan has come to.
#[derive(Debug, Default)]
pub(super) struct Carried {
    pub(super) outcomes: Vec<(Item, Outcome)>,
    /// What needed no request to be refused.
    pub(super) refused: Vec<Refused>,
}

impl Pass {
    pub(super) fn add(&mut self, carried: Carried) {
        self.refused.extend(carried.refused);
        for (Item { entity, key, .. }, outcome) in carried.outcomes {
            match outcome {
                Outcome::Moved => *self.moved.entry(entity).or_default() += 1,
                Outcome::Refused(reason) => self.refused.push(Refused { entity, key, reason }),
            }
        }
    }
}
