//! What is left of each way while an owner is dead: all are asked at a steady rate, the customer
//! service is killed (SIGKILL) in the middle, kept down, and started again.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use client::process::Process;
use client::run_file::RunFile;
use contracts::service;
use protocol::Service;
use serde::Serialize;
use supervisor::protocol::Act;
use supervisor::supervisor_client::SupervisorClient;
use tokio::task::JoinSet;

use super::fixture::Fixture;
use super::load::{Request, ask_steadily};
use super::tally::{Counted, Tally};
use super::ways::{Completeness, Kind, Way};

/// Who is killed. Each way joins it, and no order's life depends on it.
pub const KILLED: Service = service::CUSTOMER;

/// How finely the chart shows it.
const SLICE: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, Serialize)]
pub struct Outage {
    /// Seconds from the beginning until the owner was killed.
    pub killed_at_s: f64,
    /// ... until it was started again.
    pub started_at_s: f64,
    /// ... until it was ready.
    pub ready_at_s: f64,
    /// ... until no question came due any more.
    pub seconds: f64,
    /// Seconds of each slice of a way.
    pub slice_seconds: f64,
    pub ways: Vec<WayInOutage>,
}

#[derive(Clone, Debug, Serialize)]
pub struct WayInOutage {
    pub way: Kind,
    /// Before the owner was killed.
    pub before: Counted,
    /// From then until it was ready again.
    pub during: Counted,
    /// After it was ready again.
    pub after: Counted,
    /// From when the owner was ready until the answers were whole again and stayed so.
    pub whole_again_after_ms: u64,
    pub slices: Vec<Slice>,
}

/// A moment of one way: of those asked in it, how many got what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Slice {
    pub whole: u32,
    pub partial: u32,
    pub none: u32,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    begun: Instant,
    killed: Instant,
    started: Instant,
    ready: Instant,
}

/// Asks for three times that many seconds, and kills the owner for the middle third.
pub async fn measure(
    running: &RunFile,
    ways: &[Way],
    fixture: &Fixture,
    rate: u32,
    seconds: u32,
) -> anyhow::Result<Outage> {
    let third = Duration::from_secs(seconds.into());
    let (begun, mut asking) = (Instant::now(), JoinSet::new());
    for way in ways.iter().cloned() {
        let fixture = fixture.clone();
        asking
            .spawn(async move { (way.kind, ask_steadily(&way, &fixture, rate, third * 3).await) });
    }
    let disturbed = disturb(running, begun, third).await;
    let mut all = asking.join_all().await;
    let times = disturbed?;
    all.sort_by_key(|(kind, _)| Kind::ALL.iter().position(|one| one == kind));
    let of = |(way, asked): (Kind, Vec<Request>)| WayInOutage::of(way, &asked, &times);
    Ok(Outage {
        killed_at_s: (times.killed - begun).as_secs_f64(),
        started_at_s: (times.started - begun).as_secs_f64(),
        ready_at_s: (times.ready - begun).as_secs_f64(),
        seconds: (third * 3).as_secs_f64(),
        slice_seconds: SLICE.as_secs_f64(),
        ways: all.into_iter().map(of).collect::<anyhow::Result<_>>()?,
    })
}

/// Kills the owner after a third, and starts it again after another.
async fn disturb(running: &RunFile, begun: Instant, third: Duration) -> anyhow::Result<Times> {
    let (supervisor, process) = (SupervisorClient::of(running), Process::Service(KILLED));
    tokio::time::sleep_until((begun + third).into()).await;
    // Down for as long as this lasts: it is started again also if the command is interrupted.
    let down = supervisor.lease(Act::Halt, process).await?;
    let down = down.with_context(|| format!("{process} is down already: start it first"))?;
    let killed = Instant::now();
    tokio::time::sleep_until((begun + third * 2).into()).await;
    let started = Instant::now();
    down.run().await?;
    Ok(Times { begun, killed, started, ready: Instant::now() })
}

impl WayInOutage {
    fn of(way: Kind, asked: &[Request], times: &Times) -> anyhow::Result<Self> {
        let between = |from: Instant, to: Option<Instant>| {
            let mut tally = Tally::new()?;
            let within = |one: &&Request| one.due >= from && to.is_none_or(|to| one.due < to);
            asked.iter().filter(within).for_each(|one| tally.count(one.completeness, one.took));
            anyhow::Ok(tally.counted())
        };
        Ok(Self {
            way,
            before: between(times.begun, Some(times.killed))?,
            during: between(times.killed, Some(times.ready))?,
            after: between(times.ready, None)?,
            whole_again_after_ms: whole_again(asked, times.ready),
            slices: slices(asked, times.begun),
        })
    }
}

/// Milliseconds from when the owner was ready until the last answer that was not whole.
fn whole_again(asked: &[Request], ready: Instant) -> u64 {
    let lacking = asked.iter().filter(|one| one.completeness != Completeness::Whole);
    let last = lacking.map(|one| one.due.saturating_duration_since(ready)).max();
    u64::try_from(last.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

fn slices(asked: &[Request], begun: Instant) -> Vec<Slice> {
    let mut slices = Vec::new();
    for one in asked {
        let since = one.due.saturating_duration_since(begun);
        let nth = usize::try_from(since.as_millis() / SLICE.as_millis()).unwrap_or_default();
        if slices.len() <= nth {
            slices.resize(nth + 1, Slice::default());
        }
        match one.completeness {
            Completeness::Whole => slices[nth].whole += 1,
            Completeness::Partial => slices[nth].partial += 1,
            Completeness::None => slices[nth].none += 1,
        }
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(begun: Instant, at_ms: u64, completeness: Completeness) -> Request {
        let took = Duration::from_millis(1);
        Request { due: begun + Duration::from_millis(at_ms), took, completeness }
    }

    #[test]
    fn questions_count_where_they_were_due() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let times = Times { begun, killed: at(1_000), started: at(2_000), ready: at(2_500) };
        let all = [
            asked(begun, 0, Completeness::Whole),
            asked(begun, 999, Completeness::Whole),
            asked(begun, 1_000, Completeness::None),
            asked(begun, 1_500, Completeness::Partial),
            asked(begun, 2_400, Completeness::None),
            asked(begun, 2_450, Completeness::Whole),
            asked(begun, 2_600, Completeness::Partial),
            asked(begun, 2_900, Completeness::Whole),
        ];
        let way = WayInOutage::of(Kind::Composer, &all, &times).unwrap();
        let percents = |counted: Counted| (counted.available_percent, counted.partial_percent);
        assert_eq!(percents(way.before), (Some(100.0), Some(0.0)));
        assert_eq!(
            percents(way.during),
            (Some(50.0), Some(25.0)),
            "it was down until it was ready"
        );
        assert_eq!(percents(way.after), (Some(100.0), Some(50.0)));
        assert_eq!(way.whole_again_after_ms, 100);
        assert_eq!(way.slices.len(), 12);
        assert_eq!(way.slices[4], Slice { none: 1, ..Slice::default() });
    }
}
