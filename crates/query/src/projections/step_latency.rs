//! How long a step of the saga takes, over all orders and over the last minutes.
//!
//! A step leads from an event of one stream to an event of another, so no single stream makes
//! this record. It is right all the same, whichever of the two came first: a step is
//! counted once, with the later of its events to come.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::StoredEvent;
use protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EventContext, Projection, is_about_one_order};
use crate::keys;
use crate::saga::pace::Taken;

/// How long a window of the last minutes is. The present one and the one before are kept.
pub const WINDOW: Duration = Duration::from_secs(300);

/// Halvings of each power of two: buckets are at most a sixteenth of their value wide.
const BITS: u32 = 4;

/// How long each step takes, by the step's name.
#[derive(Debug)]
pub(crate) struct StepLatencies;

/// How often a duration came up, in buckets that grow with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    count: u64,
    micros_max: u64,
    buckets: BTreeMap<u32, u64>,
}

/// How long one step takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Over all orders.
    pub all: Histogram,
    window: i64,
    present: Histogram,
    before: Histogram,
}

impl Projection for StepLatencies {
    type State = Latency;
    type Change = Taken;

    const FAMILY: &'static str = keys::LATENCY;
    const IS_OF_ONE_STREAM: bool = false;

    fn changes(context: &EventContext<'_>, change: &mut impl FnMut(&str, Taken)) {
        if !is_about_one_order(context.event.headers.kind) {
            return;
        }
        for (stride, taken) in context.saga.steps_completed_by(context.event.headers.kind) {
            change(stride.name, taken);
        }
    }

    fn apply(latency: &mut Option<Latency>, Taken { end, micros }: Taken, _: &StoredEvent) {
        latency.get_or_insert_default().add(end, micros);
    }
}

impl Histogram {
    pub fn add(&mut self, micros: u64) {
        self.count += 1;
        self.micros_max = self.micros_max.max(micros);
        *self.buckets.entry(bucket(micros)).or_default() += 1;
    }

    /// How many durations were counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The longest.
    #[must_use]
    pub const fn micros_max(&self) -> u64 {
        self.micros_max
    }

    /// The duration that so many of a hundred do not exceed, to within its bucket; none if nothing
    /// was counted.
    #[must_use]
    pub fn micros_at(&self, percent: u64) -> Option<u64> {
        let wanted = self.count.saturating_mul(percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.buckets.iter().find(|(_, count)| {
            seen += **count;
            seen >= wanted
        });
        found.map(|(bucket, _)| highest_of(*bucket).min(self.micros_max))
    }

    fn add_all(&mut self, other: &Self) {
        self.count += other.count;
        self.micros_max = self.micros_max.max(other.micros_max);
        for (bucket, count) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += count;
        }
    }
}

impl Latency {
    /// Counts a step that ended at `end`.
    pub fn add(&mut self, end: Timestamp, micros: u64) {
        self.all.add(micros);
        let length = i64::try_from(WINDOW.as_micros()).unwrap_or(i64::MAX);
        let window = end.micros().div_euclid(length);
        if window > self.window {
            let last = std::mem::take(&mut self.present);
            self.before = if window == self.window + 1 { last } else { Histogram::default() };
            self.window = window;
        }
        if window == self.window {
            self.present.add(micros);
        } else if window == self.window - 1 {
            self.before.add(micros);
        }
    }

    /// The last five to ten minutes in which anything ended.
    #[must_use]
    pub fn recent(&self) -> Histogram {
        let mut recent = self.before.clone();
        recent.add_all(&self.present);
        recent
    }
}

fn bucket(micros: u64) -> u32 {
    let Some(power) = micros.checked_ilog2().filter(|power| *power >= BITS) else {
        return u32::try_from(micros).unwrap_or(0);
    };
    let within = u32::try_from(micros >> (power - BITS)).unwrap_or(0) & ((1 << BITS) - 1);
    ((power - BITS + 1) << BITS) | within
}

fn highest_of(bucket: u32) -> u64 {
    let Some(shift) = (bucket >> BITS).checked_sub(1) else { return u64::from(bucket) };
    let within = u64::from(bucket & ((1 << BITS) - 1)) | (1 << BITS);
    let next = u128::from(within + 1) << shift;
    u64::try_from(next - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_percentile_is_off_by_a_sixteenth_at_most(
            mut durations in prop::collection::vec(0_u64..10_000_000_000, 1..300),
            percent in 1_u64..100,
        ) {
            let mut histogram = Histogram::default();
            durations.iter().for_each(|micros| histogram.add(*micros));
            durations.sort_unstable();
            let nth = (durations.len() as u64 * percent).div_ceil(100).max(1) - 1;
            let exact = durations[usize::try_from(nth).unwrap()];
            let context = histogram.micros_at(percent).unwrap();
            prop_assert!(context >= exact && context - exact <= exact / 16, "{context} for {exact}");
        }

        #[test]
        fn in_whichever_order_steps_are_counted_the_windows_are_the_same(
            ends in prop::collection::vec((0_i64..3_000_000_000, 0_u64..5_000), 0..60),
        ) {
            let count = |ends: &[(i64, u64)]| {
                let mut latency = Latency::default();
                for (end, micros) in ends {
                    latency.add(Timestamp::from_micros(*end), *micros);
                }
                latency
            };
            let mut other = ends.clone();
            other.sort_unstable();
            prop_assert_eq!(count(&ends), count(&other));
        }
    }

    #[test]
    fn every_duration_lies_in_its_bucket() {
        for micros in [0, 1, 15, 16, 17, 31, 32, 33, 1_000, u64::MAX - 1, u64::MAX] {
            assert!(highest_of(bucket(micros)) >= micros, "{micros}");
        }
        assert_eq!(Histogram::default().micros_at(50), None);
    }
}
