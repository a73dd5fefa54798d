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
use crate::control::Supervisor;
use crate::running::Running;
use crate::streams::Streams;

/// From making the schedule to the first due order: threads and subscriptions stand by then.
const LEAD: Duration = Duration::from_millis(200);

/// How long no order may end before a run is given up.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// Pause between two looks at whether all have ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A rate is kept up with when the last order ends so soon after the last was due...
const OVERTIME_MAX: Duration = Duration::from_millis(250);

/// ... and the slowest hundredth takes no longer than this.
const P99_MS_MAX: f64 = 1_000.0;

/// What was measured at one rate.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Measured {
    /// Orders a second that were due.
    pub(super) rate: u32,
    /// For so many seconds.
    pub(super) seconds: u32,
    /// Orders that were due.
    pub(super) due: u32,
    /// Orders that were accepted.
    pub(super) accepted: u64,
    /// Orders that were not.
    pub(super) failed: u64,
    /// Orders that were completed.
    pub(super) completed: u64,
    /// Orders that have ended, completed or not.
    pub(super) ended: u64,
    /// Ends a second, from the first due order to the last end.
    pub(super) settled_per_second: f64,
    /// From due to accepted.
    pub(super) accepting: Summary,
    /// From due to the order's end.
    pub(super) ending: Summary,
    /// From due to visible in the read model; of a sample.
    pub(super) showing: Summary,
    /// From an order's end to visible in the read model; of the same sample.
    pub(super) following: Summary,
    /// Reads of orders that had ended, beside the load.
    pub(super) reading: Summary,
    /// Reads that failed.
    pub(super) unread: u64,
    /// Processor time.
    pub(super) cpu: Vec<Share>,
    /// Whether the system kept up.
    pub(super) kept_up: bool,
}

/// Runs and measures.
pub(super) async fn measure(
    running: &Running,
    streams: &Streams,
    ground: &Ground,
    (rate, seconds): (u32, u32),
    reads: u32,
) -> anyhow::Result<Measured> {
    let schedule = Schedule::new(Instant::now() + LEAD, rate, seconds);
    let prefix = format!("{}-", ground.orders);
    let board = Arc::new(Board::new(schedule, prefix)?);
    let hearing = ends::hear(streams, running, Arc::clone(&board)).await?;
    let processes = Supervisor::of(running).report().await?;
    let before = Usage::now(&processes);
    let reading = reads::begin(running.query()?, &board, reads);
    load::begin(running, ground, &board)?.await?;
    wait_for_ends(&board).await;
    drop(reading);
    let usage = Usage::now(&processes);
    // The sample's last answers are under way; one that comes later is missing from it.
    tokio::time::sleep(LEAD).await;
    drop(hearing);
    let took = board.took().as_secs_f64().max(0.001);
    let ended = u32::try_from(board.ended())?;
    let mut measured = Measured {
        rate,
        seconds,
        due: schedule.orders(),
        accepted: board.accepted(),
        failed: board.failed(),
        completed: board.completed(),
        ended: board.ended(),
        settled_per_second: (f64::from(ended) / took * 10.0).round() / 10.0,
        accepting: board.accepting.summary(),
        ending: board.ending.summary(),
        showing: board.showing.summary(),
        following: board.following.summary(),
        reading: board.reading.summary(),
        unread: board.unread(),
        cpu: usage.since(&before, board.ended(), took),
        kept_up: false,
    };
    let overtime = (schedule.start() + board.took()).saturating_duration_since(schedule.end());
    measured.kept_up = kept_up(&measured, overtime);
    Ok(measured)
}

async fn wait_for_ends(board: &Board) {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        let (accepted, failed, ended) = (board.accepted(), board.failed(), board.ended());
        let answered = accepted + failed >= u64::from(board.schedule.orders());
        if answered && ended >= accepted {
            return;
        }
        if accepted + failed + ended > last {
            (last, since) = (accepted + failed + ended, Instant::now());
        }
        if since.elapsed() > STALLED_AFTER {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn kept_up(measured: &Measured, overtime: Duration) -> bool {
    measured.failed == 0
        && measured.unread == 0
        && measured.completed == u64::from(measured.due)
        && overtime <= OVERTIME_MAX
        && measured.ending.p99_ms <= P99_MS_MAX
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn measured(rate: u32) -> Measured {
        let summary = Summary { count: 100, p50_ms: 5.0, p99_ms: 14.0, ..Summary::default() };
        Measured {
            rate,
            seconds: 1,
            due: 100,
            accepted: 100,
            failed: 0,
            completed: 100,
            ended: 100,
            settled_per_second: 100.0,
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
        let soon = Duration::from_millis(20);
        assert!(kept_up(&measured(100), soon));
        assert!(!kept_up(&measured(100), Duration::from_secs(2)));
        assert!(!kept_up(&Measured { failed: 1, ..measured(100) }, soon));
        assert!(!kept_up(&Measured { unread: 1, ..measured(100) }, soon));
        assert!(!kept_up(&Measured { completed: 99, ..measured(100) }, soon));
        let slow = Summary { p99_ms: 1_500.0, ..Summary::default() };
        assert!(!kept_up(&Measured { ending: slow, ..measured(100) }, soon));
    }
}
