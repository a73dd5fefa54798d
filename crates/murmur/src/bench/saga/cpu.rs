//! The processor time that each process takes, from what the kernel says of it.

use std::collections::BTreeMap;
use std::fs;

use serde::Serialize;

use crate::control::protocol::Report;

/// Processor time of processes so far, in clock ticks, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage(BTreeMap<String, u64>);

/// What one process took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Share {
    /// Which.
    pub(super) process: String,
    /// Processor time for one order, in microseconds.
    pub(super) us_per_order: f64,
    /// Of one core, in percent.
    pub(super) core_percent: f64,
}

/// How this process, which makes the load, is called here.
const OURSELVES: &str = "bench";

impl Usage {
    /// Of these processes, and of this one. What has just died says nothing.
    pub(super) fn now(processes: &[Report]) -> Self {
        let pids = processes.iter().filter_map(|report| {
            report.pid.map(|pid| (report.process.name().to_owned(), pid.to_string()))
        });
        let ourselves = (OURSELVES.to_owned(), "self".to_owned());
        let read = |(name, pid): (String, String)| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            Some((name, ticks_of(&stat)?))
        };
        Self(pids.chain([ourselves]).filter_map(read).collect())
    }

    /// What was taken since `before`, for so many orders in so many seconds.
    pub(super) fn since(&self, before: &Self, orders: u64, seconds: f64) -> Vec<Share> {
        let per_second = ticks_per_second();
        let share = |(process, now): (&String, &u64)| {
            let ticks = now.saturating_sub(*before.0.get(process)?);
            let took = f64::from(u32::try_from(ticks).ok()?) / per_second;
            let orders = f64::from(u32::try_from(orders.max(1)).ok()?);
            Some(Share {
                process: process.clone(),
                us_per_order: (took * 1e6 / orders).round(),
                core_percent: (took * 1_000.0 / seconds.max(0.001)).round() / 10.0,
            })
        };
        self.0.iter().filter_map(share).collect()
    }
}

/// User and system time. The name before them stands in brackets, and may itself hold any.
fn ticks_of(stat: &str) -> Option<u64> {
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn ticks_per_second() -> f64 {
    let ticks = u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100);
    f64::from(ticks.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_does_not_confuse() {
        let stat = "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks_of(stat), Some(200));
        assert_eq!(ticks_of("nonsense"), None);
    }

    #[test]
    fn what_was_taken_is_told_for_one_order_and_of_one_core() {
        let usage = |ticks| Usage(BTreeMap::from([("order".to_owned(), ticks)]));
        let ticks = rustix::param::clock_ticks_per_second();
        let shares = usage(ticks * 2).since(&usage(ticks), 1_000, 4.0);
        assert_eq!(shares.len(), 1);
        assert!((shares[0].us_per_order - 1_000.0).abs() < 0.5, "{shares:?}");
        assert!((shares[0].core_percent - 25.0).abs() < 0.1, "{shares:?}");
    }

    #[test]
    fn this_process_takes_some() {
        assert!(Usage::now(&[]).0.contains_key(OURSELVES));
    }
}
