//! What must be found, always: one module for each invariant, a pure function over the fold.
//!
//! The numbers are those under which the invariants are documented. Each function says how much it
//! looked at, so that a check of nothing cannot pass for a check that found nothing.

mod one_end;

mod completed;
mod undone;

mod credit;
mod stock;

pub mod commands;
mod keys;
mod newcomers;
mod positions;
mod reactions;

#[cfg(test)]
pub(crate) mod histories;

use serde::Serialize;

use crate::fold::order::{Moment, OrderFold};
use crate::fold::{Fold, RowRef};

/// An invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// 1.
    OneEnd,
    /// 2.
    Completed,
    /// 3.
    Undone,
    /// 4.
    Stock,
    /// 5.
    Credit,
    /// 6, within a stream: the chain, and the outbox.
    Rows,
    /// 6, across streams: what events say of other streams.
    Positions,
    /// 7, each record that the read model holds.
    Records,
    /// 7, the read model's answers.
    Views,
    /// 7, the replicas.
    Replicas,
    /// 8.
    Keys,
    /// 8, what clients were told.
    Commands,
    /// The choreography: each cause has one effect, which it allows.
    Reactions,
    /// The same of services beside the shop's, by what they declare.
    Newcomers,
}

impl Invariant {
    /// Its number and its sentence.
    pub const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::OneEnd => ("1", "every accepted order reaches exactly one end"),
            Self::Completed => ("2", "completed: charged once, stock committed, dispatched once"),
            Self::Undone => ("3", "rejected or cancelled: nothing charged, reserved or shipped"),
            Self::Stock => ("4", "stocked - committed = on hand, nothing is oversold"),
            Self::Credit => ("5", "nobody owes more than the limit that the charge names"),
            Self::Rows => ("6", "each outbox equals its stream, and the chain holds"),
            Self::Positions => ("6", "the streams agree on each other's rows"),
            Self::Records => ("7", "each record of the read model is the fold of its stream"),
            Self::Views => ("7", "the read model's answers are what the streams say"),
            Self::Replicas => ("7", "each replica equals its owner's state"),
            Self::Keys => ("8", "each accepted command had one effect"),
            Self::Commands => ("8", "each answer to a command is what the streams say"),
            Self::Reactions => ("9", "each event follows the choreography from its one cause"),
            Self::Newcomers => ("10", "each service beside the shop does what it declares"),
        }
    }
}

/// Something that is not as it must be.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Which invariant it breaks.
    pub invariant: Invariant,
    /// Which order, SKU, customer or service it is about.
    pub about: String,
    /// The rows that show it.
    pub events: Vec<RowRef>,
    /// What is different from what must be.
    pub difference: String,
}

/// What became of one check.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// Of which invariant.
    pub invariant: Invariant,
    /// How many things it looked at.
    pub examined: u64,
    /// Which things.
    pub what: &'static str,
    /// Why nothing can be said, if nothing can be said.
    pub unknown: Option<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// A check that has looked at nothing yet.
    pub const fn new(invariant: Invariant, what: &'static str) -> Self {
        Self { invariant, examined: 0, what, unknown: None, findings: Vec::new() }
    }

    /// A check that could not be made.
    pub fn unknown(mut self, reason: impl Into<String>) -> Self {
        self.unknown = Some(reason.into());
        self
    }

    /// Notes that something is wrong.
    pub fn found(
        &mut self,
        about: impl ToString,
        events: Vec<RowRef>,
        difference: impl Into<String>,
    ) {
        self.findings.push(Finding {
            invariant: self.invariant,
            about: about.to_string(),
            events,
            difference: difference.into(),
        });
    }
}

/// Whether orders in flight are findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InFlight {
    /// Everything had the time to end.
    IsAFinding,
    /// Those had it that were placed up to this row of ORDER.
    IsAFindingUpTo(u64),
    /// Nobody waited.
    IsFine,
}

impl InFlight {
    /// Whether this order had the time to end.
    pub(crate) fn had_time(self, order: &OrderFold) -> bool {
        match self {
            Self::IsAFinding => true,
            Self::IsAFindingUpTo(row) => order.placed().is_none_or(|placed| placed <= row),
            Self::IsFine => false,
        }
    }
}

/// Checks every invariant that the streams alone can show.
pub fn of_fold(fold: &Fold, in_flight: InFlight) -> Vec<Checked> {
    let mut all = vec![
        one_end::check(fold, in_flight),
        completed::check(fold, in_flight),
        undone::check(fold, in_flight),
        stock::check(fold),
        credit::check(fold),
        positions::check(fold),
        keys::check(fold),
        reactions::check(fold),
    ];
    // A shop alone has nobody beside it.
    all.extend((!fold.newcomers.is_empty()).then(|| newcomers::check(fold, in_flight)));
    all
}

/// The rows of these moments.
pub(crate) fn places(moments: &[&Moment]) -> Vec<RowRef> {
    moments.iter().map(|moment| moment.place()).collect()
}
