//! What has come of the load so far: what was promised, and which orders are under way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use auditor::journal::{Durability, Outcome};
use contracts::OrderId;
use protocol::{Id, Service};

pub use super::commands::Effect;

use super::commands::Command;
use super::journal::durability_of;
use client::http::Answer;

/// What was promised, and what is under way.
#[derive(Debug, Default)]
pub struct OrderTracker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    counts: Counts,
    promised: BTreeMap<String, Promised>,
    accepted: BTreeSet<OrderId>,
    ended: BTreeSet<OrderId>,
    broken: Option<String>,
}

/// How many attempts ended how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub ok: u64,
    pub failed: u64,
    pub unknown: u64,
    /// Accepted, and kept in one place only when it was answered.
    pub local: u64,
    /// Not sent, since too many were under way.
    pub left_out: u64,
    /// Orders that were accepted.
    pub orders: usize,
}

/// An effect that was promised to be kept in two places.
#[derive(Clone, Debug)]
pub struct Promised {
    pub service: Service,
    pub id: Id,
    pub effect: Effect,
}

impl OrderTracker {
    /// An attempt was answered, or not.
    pub fn note(&self, command: &Command, outcome: Outcome, answer: Option<&Answer>) {
        let mut notes = self.notes();
        match outcome {
            Outcome::Failed => notes.counts.failed += 1,
            Outcome::Unknown => notes.counts.unknown += 1,
            Outcome::Ok => {
                notes.counts.ok += 1;
                if answer.and_then(durability_of) == Some(Durability::Replicated) {
                    let Command { service, id, effect, .. } = command.clone();
                    notes.promised.insert(command.key.clone(), Promised { service, id, effect });
                } else {
                    notes.counts.local += 1;
                }
                if command.name == "place" {
                    notes.accepted.insert(command.id.clone().into());
                }
            }
        }
    }

    /// A command was not sent.
    pub fn note_left_out(&self) {
        self.notes().counts.left_out += 1;
    }

    /// The run cannot be trusted any more.
    pub fn note_broken(&self, why: &str) {
        self.notes().broken = Some(why.to_owned());
    }

    /// An order has ended.
    pub fn note_end(&self, order: OrderId) {
        self.notes().ended.insert(order);
    }

    /// Orders that were accepted and have not ended, as far as is known.
    pub fn in_flight(&self) -> usize {
        let notes = self.notes();
        notes.accepted.difference(&notes.ended).count()
    }

    /// How many attempts ended how.
    pub fn counts(&self) -> Counts {
        let notes = self.notes();
        Counts { orders: notes.accepted.len(), ..notes.counts }
    }

    /// All that was promised, by key.
    pub fn promised(&self) -> BTreeMap<String, Promised> {
        self.notes().promised.clone()
    }

    /// Why the run cannot be trusted, if so.
    pub fn broken(&self) -> Option<String> {
        self.notes().broken.clone()
    }

    fn notes(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
