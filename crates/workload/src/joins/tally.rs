//! Latencies and the completeness of answers, counted.

use std::time::Duration;

use serde::Serialize;

use super::ways::Completeness;
use crate::latencies::LatencyHistogram;

/// What is being counted.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    latencies: LatencyHistogram,
    whole: u64,
    partial: u64,
    none: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Counted {
    pub asked: u64,
    /// Of those asked: answered, whole or in part.
    pub answered: u64,
    /// Answers in a hundred questions, rounded down; none if nothing was asked.
    pub available_percent: Option<f64>,
    /// Partial answers in a hundred questions, rounded up; none if nothing was asked.
    pub partial_percent: Option<f64>,
    /// Half of the answers are faster, in milliseconds; none if there was no answer.
    pub p50_ms: Option<f64>,
    /// 99 of 100 answers are faster, in milliseconds; none if there was no answer.
    pub p99_ms: Option<f64>,
}

/// A figure for a person; `-` where there is none.
pub(crate) fn shown(figure: Option<f64>) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.2}"))
}

impl Tally {
    /// Nothing yet.
    ///
    /// # Errors
    /// As for [`LatencyHistogram::new`].
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self { latencies: LatencyHistogram::new()?, whole: 0, partial: 0, none: 0 })
    }

    pub(crate) fn count(&mut self, completeness: Completeness, latency: Duration) {
        match completeness {
            Completeness::Whole => self.whole += 1,
            Completeness::Partial => self.partial += 1,
            Completeness::None => {
                self.none += 1;
                return;
            }
        }
        self.latencies.record(latency);
    }

    /// Adds what another has counted.
    ///
    /// # Errors
    /// As for [`LatencyHistogram::add`].
    pub(crate) fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.latencies.add(&other.latencies)?;
        self.whole += other.whole;
        self.partial += other.partial;
        self.none += other.none;
        Ok(())
    }

    pub(crate) fn counted(&self) -> Counted {
        let (answered, missing) = (self.whole + self.partial, self.none);
        let asked = answered + missing;
        let latency = |quantile| (answered > 0).then(|| self.latencies.quantile_ms(quantile));
        Counted {
            asked,
            answered,
            available_percent: percent(answered, asked),
            partial_percent: percent(asked - self.partial, asked)
                .map(|rest| (10_000.0 - rest * 100.0).round() / 100.0),
            p50_ms: latency(0.5),
            p99_ms: latency(0.99),
        }
    }
}

/// Rounded down to hundredths, so that 100 % are all; none of nothing.
fn percent(part: u64, all: u64) -> Option<f64> {
    let hundredths = (part * 10_000).checked_div(all)?;
    Some(f64::from(u32::try_from(hundredths).ok()?) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_missing_answer_in_many_is_not_rounded_away() {
        let mut tally = Tally::new().unwrap();
        (0..19_999).for_each(|_| tally.count(Completeness::Whole, Duration::from_millis(2)));
        tally.count(Completeness::None, Duration::from_secs(9));
        let mut sum = Tally::new().unwrap();
        sum.add(&tally).unwrap();
        sum.count(Completeness::Partial, Duration::from_millis(2));
        let counted = sum.counted();
        assert_eq!(counted.asked, 20_001);
        assert_eq!(counted.answered, 20_000);
        assert!(counted.available_percent.unwrap() < 100.0, "{counted:?}");
        assert!(counted.partial_percent.unwrap() > 0.0, "{counted:?}");
        assert!((counted.p99_ms.unwrap() - 2.0).abs() < 0.01, "{counted:?}");
    }

    #[test]
    fn of_nothing_nothing_is_said() {
        let mut tally = Tally::new().unwrap();
        assert_eq!(tally.counted(), Counted::default());
        tally.count(Completeness::None, Duration::from_secs(1));
        let counted = tally.counted();
        assert_eq!((counted.available_percent, counted.p99_ms), (Some(0.0), None));
        assert_eq!([shown(None), shown(Some(1.5))], ["-", "1.50"]);
    }
}
