//! Latencies, as HDR histograms: in microseconds, to three digits.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longer ones count as this long.
const LATENCY_MAX_US: u64 = 120_000_000;

/// Significant digits.
const DIGITS: u8 = 3;

/// Latencies that are being collected.
#[derive(Debug)]
pub struct Latencies(Mutex<Histogram<u64>>);

/// Latencies, summed up, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How many.
    pub count: u64,
    /// Half are below.
    pub p50_ms: f64,
    /// 90 of 100 are below.
    pub p90_ms: f64,
    /// 99 of 100 are below.
    pub p99_ms: f64,
    /// 999 of 1000 are below.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Latencies {
    /// None yet.
    ///
    /// # Errors
    /// Never for these bounds; the histogram's signature asks for it.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Mutex::new(Histogram::new_with_bounds(1, LATENCY_MAX_US, DIGITS)?)))
    }

    /// Adds one.
    pub fn record(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let mut histogram = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        histogram.saturating_record(micros.clamp(1, LATENCY_MAX_US));
    }

    /// Sums them up.
    pub fn summary(&self) -> Summary {
        let histogram = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = |quantile: f64| millis(histogram.value_at_quantile(quantile));
        Summary {
            count: histogram.len(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: millis(histogram.max()),
        }
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
