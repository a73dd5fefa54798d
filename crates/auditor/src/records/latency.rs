//! How long the steps of orders take, by the times in their events.

use std::collections::BTreeMap;

use contracts::kind;
use protocol::{Kind, Timestamp};
use serde::{Deserialize, Serialize};

/// The steps that are measured: their names, and the events that begin and end them.
pub(super) const STEPS: [(&str, Kind, Kind); 7] = [
    ("placed-reserved", kind::ORDER_PLACED, kind::INVENTORY_RESERVED),
    ("reserved-charged", kind::INVENTORY_RESERVED, kind::PAYMENT_CHARGED),
    ("charged-created", kind::PAYMENT_CHARGED, kind::SHIPPING_CREATED),
    ("created-confirmed", kind::SHIPPING_CREATED, kind::ORDER_CONFIRMED),
    ("confirmed-dispatched", kind::ORDER_CONFIRMED, kind::SHIPPING_DISPATCHED),
    ("dispatched-completed", kind::SHIPPING_DISPATCHED, kind::ORDER_COMPLETED),
    ("whole", kind::ORDER_PLACED, kind::ORDER_COMPLETED),
];

/// The window in which something counts as recent, in microseconds; the one before is kept, too.
const WINDOW_MICROS: i64 = 300 * 1_000_000;

/// One step.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Latency {
    all: Histogram,
    window: i64,
    present: Histogram,
    before: Histogram,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Histogram {
    count: u64,
    micros_max: u64,
    buckets: BTreeMap<u32, u64>,
}

impl Latency {
    /// Counts a step from the one time to the other.
    pub(super) fn take(&mut self, start: Timestamp, end: Timestamp) {
        let micros = u64::try_from(end.micros().saturating_sub(start.micros())).unwrap_or(0);
        self.all.add(micros);
        let window = end.micros().div_euclid(WINDOW_MICROS);
        match window - self.window {
            0 => self.present.add(micros),
            -1 => self.before.add(micros),
            later @ 1.. => {
                let last = std::mem::take(&mut self.present);
                self.before = if later == 1 { last } else { Histogram::default() };
                self.window = window;
                self.present.add(micros);
            }
            _ => {}
        }
    }
}

impl Histogram {
    fn add(&mut self, micros: u64) {
        self.count += 1;
        self.micros_max = self.micros_max.max(micros);
        *self.buckets.entry(bucket(micros)).or_default() += 1;
    }
}

/// Sixteen buckets for each power of two; below sixteen, one for each number.
fn bucket(micros: u64) -> u32 {
    let small = u32::try_from(micros).ok().filter(|micros| *micros < 16);
    small.unwrap_or_else(|| {
        let shift = micros.ilog2() - 4;
        let sixteenth = u32::try_from((micros >> shift) & 15).unwrap_or(0);
        (shift + 1) * 16 + sixteenth
    })
}
