//! One run at one rate, and what was measured.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::board::Board;
use super::cpu::{Share, Usage};
use super::ends;
use super::ground::Ground;
use super::latencies::Summary;
use super::load;
use super::reads;
use super::schedule::Schedule;
use client::run_file::RunFile;
use client::streams::Streams;
use supervisor::supervisor_client::SupervisorClient;
use terminal::interruption::unless_asked;

/// From making the schedule to the first due order: threads and subscriptions stand by then.
const LEAD: Duration = Duration::from_millis(200);

/// How long no order may end before a run is given up.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// Pause between two looks at whether all have ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A rate is kept up with when the last order ends so soon after the last was due...
pub(super) const OVERTIME_MS_MAX: u64 = 250;

/// ... and the slowest hundredth takes no longer than this.
pub(super) const P99_MS_MAX: f64 = 1_000.0;

/// What was measured at one rate.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Measured {
    /// Orders a second that were wanted.
    pub(super) rate: u32,
    /// For so many seconds.
    pub(super) seconds: u32,
    /// Whether it was interrupted: everything else is of what had come due until then.
    pub(super) interrupted: bool,
    /// Orders that came due.
    pub(super) due: u32,
    /// Of those due: accepted.
    pub(super) accepted: u64,
    /// Of those due: refused.
    pub(super) refused: u64,
    /// Of those due: no answer came that says what became of them.
    pub(super) unanswered: u64,
    /// Of those due: their end was heard, whether their answer was or not.
    pub(super) ended: u64,
    /// Of those that ended: completed.
    pub(super) completed: u64,
    /// Of those accepted: no end was heard.
    pub(super) unfinished: u64,
    /// From the first due order to the last end, in seconds.
    pub(super) took_seconds: f64,
    /// Ends a second in that time.
    pub(super) settled_per_second: f64,
    /// From when the last order was due to the last end, in milliseconds.
    pub(super) overtime_ms: u64,
    /// From due to accepted; of those accepted.
    pub(super) accepting: Summary,
    /// From due to the order's end; of those that ended.
    pub(super) ending: Summary,
    /// From due to visible in the read model; of a sample of those that ended.
    pub(super) showing: Summary,
    /// From an order's end to visible in the read model; of the same sample.
    pub(super) following: Summary,
    /// Reads of orders that had ended, beside the load; of those answered.
    pub(super) reading: Summary,
    /// Reads that failed.
    pub(super) unread: u64,
    /// Processor time.
    pub(super) cpu: Vec<Share>,
    /// Whether the system kept up.
    pub(super) kept_up: bool,
}

/// Runs and measures; asked to end, it ends with what there is.
pub(super) async fn measure(
    running: &RunFile,
    streams: &Streams,
    ground: &Ground,
    (rate, seconds): (u32, u32),
    reads: u32,
) -> anyhow::Result<Measured> {
    let schedule = Schedule::new(Instant::now() + LEAD, rate, seconds);
    let prefix = format!("{}-", ground.orders);
    let board = Arc::new(Board::new(schedule, prefix)?);
    let hearing = ends::hear(streams, running, Arc::clone(&board)).await?;
    let processes = SupervisorClient::of(running).report().await?;
    let before = Usage::now(&processes);
    let reading = reads::begin(running.query()?, &board, reads);
    load::begin(running, ground, &board)?.await?;
    let went_through = unless_asked(wait_for_ends(&board)).await.is_some();
    drop(reading);
    let usage = Usage::now(&processes);
    // The sample's last answers are under way; one that comes later is missing from it.
    tokio::time::sleep(LEAD).await;
    drop(hearing);
    let mut measured = Measured::of(&board, seconds, &usage, &before);
    measured.interrupted = !went_through;
    measured.kept_up = measured.not_kept_up_because().is_empty();
    Ok(measured)
}

/// Waits until every order was answered and has ended, or no more of that happens.
async fn wait_for_ends(board: &Board) {
    let (mut last, mut since) = (board.counts(), Instant::now());
    loop {
        let counts = board.counts();
        if counts.are_all_answered() && counts.unfinished == 0 {
            return;
        }
        if counts != last {
            (last, since) = (counts, Instant::now());
        }
        if since.elapsed() > STALLED_AFTER {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

impl Measured {
    fn of(board: &Board, seconds: u32, usage: &Usage, before: &Usage) -> Self {
        let (counts, schedule, took) = (board.counts(), board.schedule, board.took());
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
            accepting: board.accepting.summary(),
            ending: board.ending.summary(),
            showing: board.showing.summary(),
            following: board.following.summary(),
            reading: board.reading.summary(),
            unread: board.unread(),
            cpu: usage.since(before, counts.ended),
            kept_up: false,
        }
    }

    /// Orders that ended otherwise than completed.
    pub(super) const fn otherwise(&self) -> u64 {
        self.ended.saturating_sub(self.completed)
    }

    /// Why the rate was not kept up with; nothing, if it was.
    pub(super) fn not_kept_up_because(&self) -> Vec<String> {
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
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn measured(rate: u32) -> Measured {
        let summary = Summary { count: 100, p50_ms: 5.0, p99_ms: 14.0, ..Summary::default() };
        Measured {
            rate,
            seconds: 1,
            interrupted: false,
            due: 100,
            accepted: 100,
            refused: 0,
            unanswered: 0,
            ended: 100,
            completed: 100,
            unfinished: 0,
            took_seconds: 1.0,
            settled_per_second: 100.0,
            overtime_ms: 20,
            accepting: summary,
            ending: summary,
            showing: summary,
            following: summary,
            reading: summary,
            unread: 0,
            cpu: Vec::new(),
            kept_up: true,
        }
    }

    #[test]
    fn a_rate_is_kept_up_with_only_if_all_were_completed_in_time() {
        let because = |measured: Measured| measured.not_kept_up_because().join(", ");
        assert_eq!(because(measured(100)), "");
        let late = Measured { overtime_ms: 2_000, ..measured(100) };
        assert_eq!(because(late), "the last end came 2000 ms after the last was due");
        assert_eq!(because(Measured { accepted: 99, ..measured(100) }), "1 not accepted");
        assert_eq!(because(Measured { unread: 1, ..measured(100) }), "1 reads failed");
        assert_eq!(because(Measured { completed: 98, ..measured(100) }), "2 not completed");
        let slow = Summary { p99_ms: 1_500.0, ..Summary::default() };
        let slow = Measured { ending: slow, ..measured(100) };
        assert_eq!(because(slow), "p99 to the order's end is 1500 ms");
    }
}
