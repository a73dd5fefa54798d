//! The processor time that each process takes, from what the kernel says of it.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use serde::Serialize;
use supervisor::protocol::Report;

/// Processor time of processes so far, in clock ticks, by name.
#[derive(Clone, Debug)]
pub struct Usage {
    at: Instant,
    ticks: BTreeMap<String, u64>,
}

/// What one process took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    pub process: String,
    /// What it took; none if it did not run all the time: its successor knows nothing of it.
    pub took: Option<Took>,
}

/// Processor time over one span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Took {
    /// For each order that ended in that time, in microseconds; none if none ended.
    pub us_per_order: Option<f64>,
    /// Of one core over that time, in percent.
    pub core_percent: f64,
}

/// How this process, which makes the load, is called here.
const OURSELVES: &str = "bench";

impl Usage {
    /// Of these processes, and of this one. What has just died says nothing.
    pub fn now(processes: &[Report]) -> Self {
        let pids = processes.iter().filter_map(|report| {
            report.pid.map(|pid| (report.process.name().to_owned(), pid.to_string()))
        });
        let ourselves = (OURSELVES.to_owned(), "self".to_owned());
        let read = |(name, pid): (String, String)| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            Some((name, ticks_of(&stat)?))
        };
        let ticks = pids.chain([ourselves]).filter_map(read).collect();
        Self { at: Instant::now(), ticks }
    }

    /// What was taken since `before`, in which time so many orders ended.
    pub fn since(&self, before: &Self, ended: u64) -> Vec<Share> {
        let seconds = self.at.saturating_duration_since(before.at).as_secs_f64().max(0.001);
        let ended = u32::try_from(ended).ok().filter(|ended| *ended > 0).map(f64::from);
        let took = |process: &String, before: u64| {
            let ticks = self.ticks.get(process)?.checked_sub(before)?;
            let took = f64::from(u32::try_from(ticks).ok()?) / ticks_per_second();
            Some(Took {
                us_per_order: ended.map(|ended| (took * 1e6 / ended).round()),
                core_percent: (took * 1_000.0 / seconds).round() / 10.0,
            })
        };
        let share = |(process, ticks): (&String, &u64)| Share {
            process: process.clone(),
            took: took(process, *ticks),
        };
        before.ticks.iter().map(share).collect()
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
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_does_not_confuse() {
        let stat = "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks_of(stat), Some(200));
        assert_eq!(ticks_of("no line"), None);
    }

    #[test]
    fn what_was_taken_is_told_for_an_ended_order_and_of_one_core_over_the_same_time() {
        let (began, ticks) = (Instant::now(), rustix::param::clock_ticks_per_second());
        let usage = |after, ticks| {
            let ticks = BTreeMap::from([("order".to_owned(), ticks)]);
            Usage { at: began + Duration::from_secs(after), ticks }
        };
        let took = |ended| usage(4, ticks * 2).since(&usage(0, ticks), ended)[0].took.unwrap();
        let us_per_order = took(1_000).us_per_order.unwrap();
        assert!((us_per_order - 1_000.0).abs() < 0.5, "{us_per_order}");
        assert!((took(1_000).core_percent - 25.0).abs() < 0.1);
        assert_eq!(took(0).us_per_order, None, "of no order nothing is said");
    }

    #[test]
    fn who_did_not_run_all_the_time_is_shown_without_figures() {
        let usage = |names: &[&str]| {
            let ticks = names.iter().map(|name| ((*name).to_owned(), 5)).collect();
            Usage { at: Instant::now(), ticks }
        };
        let shares = usage(&["order"]).since(&usage(&["nats", "order"]), 1);
        assert_eq!(shares[0], Share { process: "nats".to_owned(), took: None });
        assert!(shares[1].took.is_some());
    }

    #[test]
    fn this_process_takes_some() {
        assert!(Usage::now(&[]).ticks.contains_key(OURSELVES));
    }
}
