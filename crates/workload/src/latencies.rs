//! Latencies, as HDR histograms: in microseconds, to three digits.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longer ones count as this long.
const LATENCY_MAX_US: u64 = 120_000_000;

const DIGITS: u8 = 3;

/// Latencies of one task.
#[derive(Clone, Debug)]
pub struct LatencyHistogram(Histogram<u64>);

/// Latencies that several tasks collect.
#[derive(Debug)]
pub struct Latencies(Mutex<LatencyHistogram>);

/// Latencies, summed up, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    pub count: u64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    /// 999 of 1000 are below.
    pub p999_ms: f64,
    pub max_ms: f64,
}

impl LatencyHistogram {
    /// None yet.
    ///
    /// # Errors
    /// Never for these bounds; the histogram's signature asks for it.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LATENCY_MAX_US, DIGITS)?))
    }

    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.clamp(1, LATENCY_MAX_US));
    }

    /// Adds what another has collected.
    ///
    /// # Errors
    /// Never, since all have the same bounds; the histogram's signature asks for it.
    pub fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// So much of them is below, in milliseconds.
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        millis(self.0.value_at_quantile(quantile))
    }

    fn summary(&self) -> Summary {
        Summary {
            count: self.0.len(),
            p50_ms: self.quantile_ms(0.5),
            p90_ms: self.quantile_ms(0.9),
            p99_ms: self.quantile_ms(0.99),
            p999_ms: self.quantile_ms(0.999),
            max_ms: millis(self.0.max()),
        }
    }
}

impl Latencies {
    /// None yet.
    ///
    /// # Errors
    /// As for [`LatencyHistogram::new`].
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Mutex::new(LatencyHistogram::new()?)))
    }

    pub fn record(&self, latency: Duration) {
        self.histogram().record(latency);
    }

    pub fn summary(&self) -> Summary {
        self.histogram().summary()
    }

    fn histogram(&self) -> MutexGuard<'_, LatencyHistogram> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rounded to hundredths, which is what the histogram resolves.
fn millis(micros: u64) -> f64 {
    let micros = u32::try_from(micros).unwrap_or(u32::MAX);
    (f64::from(micros) / 10.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_three_digits() {
        let latencies = Latencies::new().unwrap();
        (1..=1_000).for_each(|millis| latencies.record(Duration::from_millis(millis)));
        let summary = latencies.summary();
        assert_eq!(summary.count, 1_000);
        assert!((summary.p50_ms - 500.0).abs() < 1.0, "{summary:?}");
        assert!((summary.p99_ms - 990.0).abs() < 1.0, "{summary:?}");
        assert!((summary.max_ms - 1_000.0).abs() < 1.0, "{summary:?}");
    }

    #[test]
    fn what_is_too_long_or_nothing_is_kept_within_the_bounds() {
        let latencies = Latencies::new().unwrap();
        latencies.record(Duration::ZERO);
        latencies.record(Duration::from_secs(100_000));
        assert_eq!(latencies.summary().count, 2);
        assert!(latencies.summary().max_ms <= 121_000.0);
    }
}
