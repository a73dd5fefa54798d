//! The read side, simulated: projectors that fold the streams with the real fold of `query`, into a
//! model of Redis with its nasty habits.
//!
//! # Layout
//!
//! * [`redis`]: what Redis keeps, the two scripts that write, and how it loses things.
//! * [`projector`]: one projector, one round trip at a time, so that rivals and kills get in between.
//! * [`fault`]: what goes wrong, and how often it really did.
//! * [`comparison`]: the whole view against a fold of the streams from zero.
//!
//! Deliberately absent: how rows get here. A projector reads the streams as they are handed in, and
//! checks what a reader checks: each next number, and the chain where it stands.

mod comparison;
mod fault;
mod projector;
mod redis;

use std::collections::BTreeSet;

use contracts::service;
use protocol::{Row, Service};

use crate::Random;
use projector::Projector;
use redis::Redis;

pub use fault::{Counts, ReadFault};

/// Projectors at once, at most.
const PROJECTORS_MAX: usize = 3;

/// Steps in which a healed read side must have caught up with what the streams hold, for each
/// thousand rows and at least: three rivals with batches of one row take a few for each row.
const STEPS_A_THOUSAND_ROWS: usize = 10_000;

/// Rows of one stream that can be read, from row 1 on without a gap.
pub type Streams<'a> = dyn Fn(Service) -> &'a [Row] + 'a;

/// The read side.
#[derive(Debug)]
pub struct ReadSide {
    redis: Redis,
    projectors: Vec<Projector>,
    counts: Counts,
    /// Generations of which somebody changed records by hand: one that was left may come back.
    edited: BTreeSet<String>,
}

impl Default for ReadSide {
    fn default() -> Self {
        Self::new()
    }
}

impl ReadSide {
    /// An empty Redis and one projector.
    #[must_use]
    pub fn new() -> Self {
        Self {
            redis: Redis::default(),
            projectors: vec![Projector::default()],
            counts: Counts::default(),
            edited: BTreeSet::new(),
        }
    }

    /// One round trip of one projector.
    pub fn step(&mut self, streams: &Streams<'_>, random: &mut Random) {
        self.redis.deliver_late(random);
        let nth = random.index(self.projectors.len());
        if let Some(projector) = self.projectors.get_mut(nth) {
            projector.step(&mut self.redis, streams, random);
        }
    }

    /// Lets something go wrong. Says whether it really did: a flush of an empty Redis is none.
    pub fn fault(&mut self, fault: ReadFault, random: &mut Random) -> bool {
        let fired = match fault {
            ReadFault::Flush => self.redis.flush(),
            ReadFault::OlderSnapshot => self.restart(random.between(8, 200)),
            ReadFault::LogCut => self.restart(random.between(1, 3)),
            ReadFault::FailedOver => self.restart(random.between(1, 20)),
            ReadFault::ProjectorKilled => self.kill(random),
            ReadFault::SecondProjector => self.start_another(),
            ReadFault::PositionSetBack => self.set_position_back(),
            ReadFault::PositionDamaged => self.redis.damage_position(),
            ReadFault::RecordEdited => self.edit(random),
            ReadFault::Hung => self.redis.hang(random.between(1, 6)),
            ReadFault::Full => self.redis.fill(random.between(1, 6)),
        };
        if fired {
            self.counts.fire(fault);
        }
        fired
    }

    /// How often each fault has happened.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// All faults are over: follows the streams to their ends, and then compares the whole view with
    /// a fold of the streams from zero. What a hand has changed must show in that comparison; then
    /// an operator has the view rebuilt, and it is compared again. Says how many records are right.
    ///
    /// # Errors
    /// What is wrong with the view, in sentences.
    pub fn settle(
        &mut self,
        streams: &Streams<'_>,
        random: &mut Random,
    ) -> Result<usize, Vec<String>> {
        self.redis.heal();
        self.follow(streams, random)?;
        if self.edited.iter().any(|edited| self.redis.is_live(edited)) {
            self.redis.begin_anew();
            self.follow(streams, random)?;
        }
        self.check(streams)
    }

    /// Compares the whole view with a fold, from zero, of the prefix at its position. Says how many
    /// records are right.
    ///
    /// # Errors
    /// What is different, in sentences.
    pub fn check(&self, streams: &Streams<'_>) -> Result<usize, Vec<String>> {
        comparison::compare(&self.redis, streams)
    }

    fn follow(&mut self, streams: &Streams<'_>, random: &mut Random) -> Result<(), Vec<String>> {
        let rows: usize = service::ALL.into_iter().map(|service| streams(service).len()).sum();
        for _ in 0..STEPS_A_THOUSAND_ROWS * (1 + rows / 1_000) {
            if comparison::is_caught_up(&self.redis, streams) {
                return Ok(());
            }
            self.step(streams, random);
        }
        let at = self.redis.find().map_or(0, |live| live.positions.rows());
        Err(vec![format!("the view never caught up: it has folded {at} of {rows} rows")])
    }

    /// Another server is there, so many scripts behind: nobody's connection has survived that, and
    /// a batch whose records were read over the old one is not written over the new one.
    fn restart(&mut self, scripts: u64) -> bool {
        if !self.redis.go_back(scripts) {
            return false;
        }
        self.projectors.fill_with(Projector::default);
        true
    }

    /// A hand that sets the position to the very text from which a batch is folded at that moment is
    /// believed by that batch: no comparison can tell the two apart.
    fn set_position_back(&mut self) -> bool {
        let is_folded_from = self.projectors.iter().any(Projector::folds_from_zero);
        !is_folded_from && self.redis.set_position_back()
    }

    fn kill(&mut self, random: &mut Random) -> bool {
        let nth = random.index(self.projectors.len());
        let Some(projector) = self.projectors.get_mut(nth) else { return false };
        let was_amid = projector.is_amid_a_batch();
        *projector = Projector::default();
        was_amid
    }

    fn start_another(&mut self) -> bool {
        if self.projectors.len() == PROJECTORS_MAX {
            self.projectors.truncate(1);
            return false;
        }
        self.projectors.push(Projector::default());
        true
    }

    fn edit(&mut self, random: &mut Random) -> bool {
        let Some(generation) = self.redis.edit_record(random) else { return false };
        self.edited.insert(generation);
        true
    }
}

#[cfg(test)]
mod tests;
