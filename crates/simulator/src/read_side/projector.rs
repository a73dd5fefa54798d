//! One projector: asks where Redis stands, reads rows, reads records, folds, writes; one round trip
//! at a time. Of its memory it uses only what its last batch has written, and only if Redis still stands
//! there.

use std::collections::VecDeque;
use std::sync::Arc;

use contracts::service;
use engine::seeded::{self, Bug};
use protocol::{Row, Service};
use query::fold::{Fold, Item, Kept};
use query::positions::Positions;
use query::projector::batch::{self, Batch};

use super::Streams;
use super::redis::{Live, Redis, Write, Written};
use crate::Random;

/// Rows of one stream in one batch, at most.
const ROWS_AT_ONCE: u64 = 64;

/// Where a projector is between two round trips.
#[derive(Debug, Default)]
enum Phase {
    /// It does not know where Redis stands.
    #[default]
    Lost,
    /// It stood here when it last looked. What is kept is of that place.
    Here(Live, Kept),
    /// It reads the records that a batch touches.
    Reading { live: Live, next: Positions, fold: Fold },
    /// It is about to write.
    Writing(Write, Kept),
    /// It has written the records, and is about to write the position: only a bug does that.
    Positioning { live: Live, next: Positions },
}

/// A projector.
#[derive(Debug, Default)]
pub(super) struct Projector {
    phase: Phase,
}

impl Projector {
    /// Whether a kill now cuts a batch off.
    pub(super) const fn is_amid_a_batch(&self) -> bool {
        !matches!(self.phase, Phase::Lost | Phase::Here(..))
    }

    /// Whether it is about to go on from before the first row.
    pub(super) fn folds_from_zero(&self) -> bool {
        match &self.phase {
            Phase::Here(live, _) | Phase::Reading { live, .. } => live.positions.rows() == 0,
            Phase::Writing(write, _) => write.live.positions.rows() == 0,
            Phase::Lost | Phase::Positioning { .. } => false,
        }
    }

    /// One round trip.
    pub(super) fn step(&mut self, redis: &mut Redis, streams: &Streams<'_>, random: &mut Random) {
        self.phase = match std::mem::take(&mut self.phase) {
            Phase::Lost => look(redis),
            Phase::Here(live, kept) => take_rows(live, kept, streams, random),
            Phase::Reading { live, next, fold } => read(redis, live, next, fold),
            Phase::Writing(write, kept) => send(redis, write, kept, random),
            Phase::Positioning { live, next } => {
                redis.write_position(&live, &next);
                Phase::Lost
            }
        };
    }
}

fn look(redis: &mut Redis) -> Phase {
    if let Some(live) = redis.find() {
        return Phase::Here(live, Kept::default());
    }
    redis.begin_anew();
    Phase::Lost
}

/// Takes some of the rows that come next, from each stream some. Where none comes, looks again: Redis
/// may have been flushed meanwhile.
fn take_rows(live: Live, kept: Kept, streams: &Streams<'_>, random: &mut Random) -> Phase {
    let mut waiting = VecDeque::new();
    for service in service::ALL {
        let rows = next_rows(&live.positions, service, streams(service));
        let some = usize::try_from(random.below(ROWS_AT_ONCE)).unwrap_or(0).min(rows.len());
        waiting.extend(rows[..some].iter().map(|row| Arc::new(Item::of(service, row.clone()))));
    }
    match batch::take(&live.positions, &mut waiting) {
        Ok(Batch { items, next }) if !items.is_empty() => {
            Phase::Reading { live, next, fold: Fold::start(items, kept) }
        }
        Ok(_) | Err(_) => Phase::Lost,
    }
}

/// The rows after a position: none if the stream is too short, or tells another history there.
fn next_rows<'a>(positions: &Positions, service: Service, rows: &'a [Row]) -> &'a [Row] {
    let position = positions.of(service);
    let at = usize::try_from(position.sequence).unwrap_or(usize::MAX);
    let same = at == 0 || rows.get(at - 1).is_some_and(|row| row.chain == position.chain);
    if same { &rows[at..] } else { &[] }
}

fn read(redis: &mut Redis, live: Live, next: Positions, mut fold: Fold) -> Phase {
    let wanted = fold.wanted();
    if !wanted.is_empty() {
        let found = wanted.iter().map(|name| redis.read(&live.generation, name)).collect();
        return match fold.fill(found) {
            Ok(()) => Phase::Reading { live, next, fold },
            Err(_) => build_anew(redis, &live),
        };
    }
    match fold.finish() {
        Ok((changes, kept)) => Phase::Writing(Write { live, next, changes }, kept),
        Err(_) => build_anew(redis, &live),
    }
}

/// What no fold can have written is built anew, unless somebody else has begun that already.
fn build_anew(redis: &mut Redis, live: &Live) -> Phase {
    if redis.is_live(&live.generation.to_string()) {
        redis.begin_anew();
    }
    Phase::Lost
}

fn send(redis: &mut Redis, write: Write, kept: Kept, random: &mut Random) -> Phase {
    let (live, next) = (write.live.clone(), write.next.clone());
    match redis.write(write, random) {
        Written::Done if seeded::on(Bug::AddInProjector) => Phase::Positioning { live, next },
        Written::Done => go_on(redis, &live, &next, kept),
        Written::Moved | Written::Failed => Phase::Lost,
    }
}

/// Goes on from where Redis stands after a write; with what is kept only if that is where it led.
fn go_on(redis: &mut Redis, live: &Live, next: &Positions, kept: Kept) -> Phase {
    let Some(stands) = redis.find() else { return Phase::Lost };
    let led_here = stands.generation == live.generation && stands.positions == *next;
    Phase::Here(stands, if led_here { kept } else { Kept::default() })
}
