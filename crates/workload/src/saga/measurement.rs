//! One run at one rate, and what was measured.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use client::run_file::RunFile;
use client::streams::Streams;
use client::wait::{LOOK_EVERY, break_if, look_until};
use serde::Serialize;
use supervisor::supervisor_client::SupervisorClient;
use terminal::interruption::unless_asked;

use super::ends;
use super::fixture::Fixture;
use super::load;
use super::order_tracker::OrderTracker;
use super::processor_time::{Share, Usage};
use super::reads;
use crate::latencies::Summary;
use crate::schedule::Schedule;

/// From making the schedule to the first due order: threads and subscriptions stand by then.
const LEAD: Duration = Duration::from_millis(200);

/// How long no order may end before a run is given up.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// A rate is kept up with when the last order ends so soon after the last was due...
pub const OVERTIME_MS_MAX: u64 = 250;

/// ... and the slowest hundredth takes no longer than this.
pub const P99_MS_MAX: f64 = 1_000.0;

/// What was measured at one rate.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Measurement {
    /// Orders a second that were wanted.
    pub rate: u32,
    /// For so many seconds.
    pub seconds: u32,
    /// Whether it was interrupted: everything else is of what had come due until then.
    pub interrupted: bool,
    /// Orders that came due.
    pub due: u32,
    /// Of those due: accepted.
    pub accepted: u64,
    /// Of those due: refused.
    pub refused: u64,
    /// Of those due: no answer came that says what became of them.
    pub unanswered: u64,
    /// Of those due: their end was heard, whether their answer was or not.
    pub ended: u64,
    /// Of those that ended: completed.
    pub completed: u64,
    /// Of those accepted: no end was heard.
    pub unfinished: u64,
    /// From the first due order to the last end, in seconds.
    pub took_seconds: f64,
    /// Ends a second in that time.
    pub settled_per_second: f64,
    /// From when the last order was due to the last end, in milliseconds.
    pub overtime_ms: u64,
    /// From due to accepted; of those accepted.
    pub accepting: Summary,
    /// From due to the order's end; of those that ended.
    pub ending: Summary,
    /// From due to visible in the read model; of a sample of those that ended.
    pub showing: Summary,
    /// From an order's end to visible in the read model; of the same sample.
    pub following: Summary,
    /// Reads of orders that had ended, beside the load; of those answered.
    pub reading: Summary,
    pub unread: u64,
    pub cpu: Vec<Share>,
    /// Whether the system kept up.
    pub kept_up: bool,
}

/// Runs and measures; asked to end, it ends with what there is.
pub async fn measure(
    running: &RunFile,
    streams: &Streams,
    fixture: &Fixture,
    (rate, seconds): (u32, u32),
    reads: u32,
) -> anyhow::Result<Measurement> {
    let schedule = Schedule::new(Instant::now() + LEAD, rate, seconds);
    let prefix = format!("{}-", fixture.orders);
    let tracker = Arc::new(OrderTracker::new(schedule, prefix)?);
    let following = ends::follow(streams, running, Arc::clone(&tracker)).await?;
    let processes = SupervisorClient::of(running).report().await?;
    let before = Usage::now(&processes);
    let reading = reads::begin(running, &tracker, reads)?;
    load::begin(running, fixture, &tracker)?.await?;
    let went_through = unless_asked(wait_for_ends(&tracker)).await.is_some();
    drop(reading);
    let usage = Usage::now(&processes);
    // The sample's last answers are under way; one that comes later is missing from it.
    tokio::time::sleep(LEAD).await;
    drop(following);
    let mut measured = Measurement::of(&tracker, seconds, &usage, &before);
    measured.interrupted = !went_through;
    measured.kept_up = measured.not_kept_up_because().is_empty();
    Ok(measured)
}

/// Waits until every order was answered and has ended, or no more of that happens.
async fn wait_for_ends(tracker: &OrderTracker) {
    let (mut last, mut since) = (tracker.counts(), Instant::now());
    let look = async || {
        let counts = tracker.counts();
        if counts != last {
            (last, since) = (counts, Instant::now());
        }
        let all = counts.are_all_answered() && counts.unfinished == 0;
        let over = all || since.elapsed() > STALLED_AFTER;
        Ok(break_if(over))
    };
    let Ok::<_, Infallible>(()) = look_until(LOOK_EVERY, look).await;
}

impl Measurement {
    fn of(tracker: &OrderTracker, seconds: u32, usage: &Usage, before: &Usage) -> Self {
        let (counts, schedule, took) = (tracker.counts(), tracker.schedule, tracker.took());
        let overtime = (schedule.start() + took).saturating_duration_since(schedule.end());
        let ended = u32::try_from(counts.ended).unwrap_or(u32::MAX);
        let per_second = f64::from(ended) / took.as_secs_f64().max(0.001);
        Self {
            rate: schedule.rate(),
            seconds,
            interrupted: false,
            due: counts.due,
            accepted: counts.accepted,
            refused: counts.refused,
            // Whoever was still under way when this was looked at has no answer, either.
            unanswered: u64::from(counts.due).saturating_sub(counts.accepted + counts.refused),
            ended: counts.ended,
            completed: counts.completed,
            unfinished: counts.unfinished,
            took_seconds: (took.as_secs_f64() * 1_000.0).round() / 1_000.0,
            settled_per_second: (per_second * 10.0).round() / 10.0,
            overtime_ms: u64::try_from(overtime.as_millis()).unwrap_or(u64::MAX),
            accepting: tracker.accepting.summary(),
            ending: tracker.ending.summary(),
            showing: tracker.showing.summary(),
            following: tracker.following.summary(),
            reading: tracker.reading.summary(),
            unread: tracker.unread(),
            cpu: usage.since(before, counts.ended),
            kept_up: false,
        }
    }

    /// Orders that ended otherwise than completed.
    pub const fn otherwise(&self) -> u64 {
        self.ended.saturating_sub(self.completed)
    }

    /// Why the rate was not kept up with; nothing, if it was.
    pub fn not_kept_up_because(&self) -> Vec<String> {
        let all = u64::from(self.due);
        let reasons = [
            (self.interrupted, "it was interrupted".to_owned()),
            (self.accepted < all, format!("{} not accepted", all.saturating_sub(self.accepted))),
            (self.completed < all, format!("{} not completed", all.saturating_sub(self.completed))),
            (self.unread > 0, format!("{} reads failed", self.unread)),
            (
                self.overtime_ms > OVERTIME_MS_MAX,
                format!("the last end came {} ms after the last was due", self.overtime_ms),
            ),
            (
                self.ending.p99_ms > P99_MS_MAX,
                format!("p99 to the order's end is {:.0} ms", self.ending.p99_ms),
            ),
        ];
        reasons.into_iter().filter(|(is_so, _)| *is_so).map(|(_, reason)| reason).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(rate: u32) -> Measurement {
        let summary = Summary { count: 100, p50_ms: 5.0, p99_ms: 14.0, ..Summary::default() };
        Measurement {
            rate,
            seconds: 1,
            due: 100,
            accepted: 100,
            ended: 100,
            completed: 100,
            overtime_ms: 20,
            ending: summary,
            kept_up: true,
            ..Measurement::default()
        }
    }

    #[test]
    fn a_rate_is_kept_up_with_only_if_all_were_completed_in_time() {
        let because = |measured: Measurement| measured.not_kept_up_because().join(", ");
        assert_eq!(because(measured(100)), "");
        let late = Measurement { overtime_ms: 2_000, ..measured(100) };
        assert_eq!(because(late), "the last end came 2000 ms after the last was due");
        assert_eq!(because(Measurement { accepted: 99, ..measured(100) }), "1 not accepted");
        assert_eq!(because(Measurement { unread: 1, ..measured(100) }), "1 reads failed");
        assert_eq!(because(Measurement { completed: 98, ..measured(100) }), "2 not completed");
        let slow = Summary { p99_ms: 1_500.0, ..Summary::default() };
        let slow = Measurement { ending: slow, ..measured(100) };
        assert_eq!(because(slow), "p99 to the order's end is 1500 ms");
    }
}
