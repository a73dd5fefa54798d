//! How long the steps of the saga take.

use protocol::Kind;
use schemars::JsonSchema;
use serde::Serialize;

use crate::keys;
use crate::projections::Latency;
use crate::projections::step_latency::Histogram;
use crate::reader::{ReadError, record};
use crate::saga::pace::{STRIDES, Stride};

/// One step.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StepLatency {
    /// Its name, such as `placed-reserved`; `whole` is the way from placed to completed.
    pub step: &'static str,
    /// The event that it starts with.
    pub from: Kind,
    /// The event that it ends with.
    pub to: Kind,
    /// Over all orders that have taken this step.
    pub all: Spread,
    /// Over the last five to ten minutes in which any order took it, by the times of events.
    pub recent: Spread,
}

/// How durations are spread, in microseconds. None if nothing was measured. The shares are exact to a
/// sixteenth of the duration, and never too short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Spread {
    /// How many were measured.
    pub count: u64,
    /// Half of them take no longer.
    pub p50_us: Option<u64>,
    /// 95 of a hundred take no longer.
    pub p95_us: Option<u64>,
    /// 99 of a hundred take no longer.
    pub p99_us: Option<u64>,
    /// None takes longer.
    pub max_us: Option<u64>,
}

/// The names of the records of all steps.
pub(super) fn names() -> impl Iterator<Item = String> {
    STRIDES.iter().map(|stride| keys::record(keys::LATENCY, stride.name))
}

pub(super) fn latencies(values: &[Option<Vec<u8>>]) -> Result<Vec<StepLatency>, ReadError> {
    let step = |(stride, value)| -> Result<StepLatency, ReadError> {
        let latency: Latency = record(Some(value))?.unwrap_or_default();
        Ok(StepLatency::of(stride, &latency))
    };
    STRIDES.iter().zip(values).map(step).collect()
}

impl StepLatency {
    fn of(stride: &Stride, latency: &Latency) -> Self {
        let Stride { name, from, to } = *stride;
        let (all, recent) = (Spread::of(&latency.all), Spread::of(&latency.recent()));
        Self { step: name, from, to, all, recent }
    }
}

impl Spread {
    fn of(histogram: &Histogram) -> Self {
        Self {
            count: histogram.count(),
            p50_us: histogram.micros_at(50),
            p95_us: histogram.micros_at(95),
            p99_us: histogram.micros_at(99),
            max_us: (histogram.count() > 0).then(|| histogram.micros_max()),
        }
    }
}
