//! Says when timers are due and may fire: only while the service is connected, has published what it
//! had, and has decided all that the streams held when the timer was found due.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::Service;
use engine::Domain;
use engine::timers::Quiet;
use tokio::sync::mpsc;

use crate::handle::now;
use crate::nats::Connection;
use crate::nats::streams::{self, AskError};
use crate::status::{Stage, Status};
use crate::writer::Letter;

/// How often it is looked whether timers may fire, once some are due.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long the streams' ends may take to be reached before they are asked for anew.
const REACH_WITHIN: Duration = Duration::from_secs(10);

/// Wait before the streams are asked again.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// How long the writer gets to take the timers that were announced.
const TAKE_WITHIN: Duration = Duration::from_millis(100);

/// What must be reached before the timers that are due now may fire.
struct Goal {
    head: u64,
    ends: BTreeMap<Service, u64>,
}

/// Runs until the writer is gone.
pub(crate) async fn run<D: Domain>(
    status: Status,
    connection: Connection,
    letters: mpsc::Sender<Letter<D>>,
) {
    loop {
        until_due(&status).await;
        if !until_quiet(&status, &connection).await {
            tokio::time::sleep(ASK_AGAIN).await;
            continue;
        }
        let mut standing = status.watch();
        standing.mark_unchanged();
        if letters.send(Letter::TimersDue).await.is_err() {
            return;
        }
        // Whether the timers were taken or are held, the next look finds out.
        if tokio::time::timeout(TAKE_WITHIN, standing.changed()).await.is_err() {}
    }
}

/// Waits until all that the streams hold now is decided. False if they could not be asked, or a
/// stream is away for too long: then the streams are asked anew.
async fn until_quiet(status: &Status, connection: &Connection) -> bool {
    let Ok(goal) = Goal::now(status, connection).await else { return false };
    let reached = async {
        while !goal.quiet(status).timers_may_fire() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(REACH_WITHIN, reached).await.is_ok()
}

async fn until_due(status: &Status) {
    let mut standing = status.watch();
    loop {
        let next = standing.borrow_and_update().next_timer;
        let wait = match next {
            Some(due) => {
                let millis = due.millis_since(now());
                if due <= now() {
                    return;
                }
                Duration::from_millis(u64::try_from(millis).unwrap_or(0) + 1)
            }
            None => Duration::MAX,
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            changed = standing.changed() => if changed.is_err() { std::future::pending::<()>().await },
        }
    }
}

impl Goal {
    /// Asks the broker for the streams' ends: what this process knows of them may be as old as the
    /// pause that it wakes up from.
    async fn now(status: &Status, connection: &Connection) -> Result<Self, AskError> {
        let mut ends = BTreeMap::new();
        for stream in status.readings().into_keys() {
            let found = streams::find(&connection.jetstream(stream), stream).await?;
            let last = found.map_or(0, |found| streams::extent(found.cached_info()).last);
            ends.insert(stream, last);
        }
        Ok(Self { head: status.standing().head, ends })
    }

    fn quiet(&self, status: &Status) -> Quiet {
        let standing = status.standing();
        let readings = status.readings();
        let caught_up = self.ends.iter().all(|(stream, end)| {
            let decided = standing.positions.get(stream).map_or(0, |(_, decided)| *decided);
            // A reading that began anew has seen a new end.
            readings.get(stream).is_some_and(|progress| {
                progress.connected && decided >= *end.max(&progress.seen_at_begin)
            })
        });
        Quiet {
            connected: standing.stage == Stage::Ready,
            drained: standing.acknowledged >= self.head,
            caught_up,
        }
    }
}
