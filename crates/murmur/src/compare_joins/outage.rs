//! What is left of each way while an owner is dead: all are asked at a steady rate, the customer
//! service is killed (SIGKILL) in the middle, kept down, and started again.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use contracts::Service;
use serde::Serialize;
use tokio::task::JoinSet;

use super::ground::Ground;
use super::load::{Asked, ask_steadily};
use super::tally::{Counted, Tally};
use super::ways::{Kind, Way, Worth};
use client::process::Process;
use client::run_file::RunFile;
use supervisor::protocol::Act;
use supervisor::supervisor_client::SupervisorClient;

/// Who is killed. Each way joins it, and no order's life depends on it.
pub(super) const KILLED: Service = Service::Customer;

/// How finely the chart shows it.
const SLICE: Duration = Duration::from_millis(250);

/// What was seen.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outage {
    /// Seconds from the beginning until the owner was killed.
    pub(super) killed_at_s: f64,
    /// ... until it was started again.
    pub(super) started_at_s: f64,
    /// ... until it was ready.
    pub(super) ready_at_s: f64,
    /// ... until no question came due any more.
    pub(super) seconds: f64,
    /// Seconds of each slice of a way.
    pub(super) slice_seconds: f64,
    /// Each way.
    pub(super) ways: Vec<WayInOutage>,
}

/// One way.
#[derive(Clone, Debug, Serialize)]
pub(super) struct WayInOutage {
    /// The way.
    pub(super) way: Kind,
    /// Before the owner was killed.
    pub(super) before: Counted,
    /// From then until it was ready again.
    pub(super) during: Counted,
    /// After it was ready again.
    pub(super) after: Counted,
    /// From when the owner was ready until the answers were whole again and stayed so.
    pub(super) whole_again_after_ms: u64,
    /// Over time.
    pub(super) slices: Vec<Slice>,
}

/// A moment of one way: of those asked in it, how many got what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Slice {
    /// Whole answers.
    pub(super) whole: u32,
    /// Partial ones.
    pub(super) partial: u32,
    /// None.
    pub(super) none: u32,
}

/// When what happened.
#[derive(Clone, Copy, Debug)]
struct Times {
    begun: Instant,
    killed: Instant,
    started: Instant,
    ready: Instant,
}

/// Asks for three times that many seconds, and kills the owner for the middle third.
pub(super) async fn measure(
    running: &RunFile,
    ways: &[Way],
    ground: &Ground,
    rate: u32,
    seconds: u32,
) -> anyhow::Result<Outage> {
    let third = Duration::from_secs(seconds.into());
    let (begun, mut asking) = (Instant::now(), JoinSet::new());
    for way in ways.iter().cloned() {
        let ground = ground.clone();
        asking.spawn(async move { (way.kind, ask_steadily(&way, &ground, rate, third * 3).await) });
    }
    let disturbed = disturb(running, begun, third).await;
    let mut all = asking.join_all().await;
    let times = disturbed?;
    all.sort_by_key(|(kind, _)| Kind::ALL.iter().position(|one| one == kind));
    let of = |(way, asked): (Kind, Vec<Asked>)| WayInOutage::of(way, &asked, &times);
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
    fn of(way: Kind, asked: &[Asked], times: &Times) -> anyhow::Result<Self> {
        let between = |from: Instant, to: Option<Instant>| {
            let mut tally = Tally::new()?;
            let within = |one: &&Asked| one.due >= from && to.is_none_or(|to| one.due < to);
            asked.iter().filter(within).for_each(|one| tally.count(one.worth, one.took));
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
fn whole_again(asked: &[Asked], ready: Instant) -> u64 {
    let lacking = asked.iter().filter(|one| one.worth != Worth::Whole);
    let last = lacking.map(|one| one.due.saturating_duration_since(ready)).max();
    u64::try_from(last.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

fn slices(asked: &[Asked], begun: Instant) -> Vec<Slice> {
    let mut slices = Vec::new();
    for one in asked {
        let since = one.due.saturating_duration_since(begun);
        let nth = usize::try_from(since.as_millis() / SLICE.as_millis()).unwrap_or_default();
        if slices.len() <= nth {
            slices.resize(nth + 1, Slice::default());
        }
        match one.worth {
            Worth::Whole => slices[nth].whole += 1,
            Worth::Partial => slices[nth].partial += 1,
            Worth::None => slices[nth].none += 1,
        }
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(begun: Instant, at_ms: u64, worth: Worth) -> Asked {
        let took = Duration::from_millis(1);
        Asked { due: begun + Duration::from_millis(at_ms), took, worth }
    }

    #[test]
    fn questions_count_where_they_were_due() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let times = Times { begun, killed: at(1_000), started: at(2_000), ready: at(2_500) };
        let all = [
            asked(begun, 0, Worth::Whole),
            asked(begun, 999, Worth::Whole),
            asked(begun, 1_000, Worth::None),
            asked(begun, 1_500, Worth::Partial),
            asked(begun, 2_400, Worth::None),
            asked(begun, 2_450, Worth::Whole),
            asked(begun, 2_600, Worth::Partial),
            asked(begun, 2_900, Worth::Whole),
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
