//! Says when timers are due and may fire: only while the service is connected, has published what it
//! had, and has decided all that the streams held when the timer was found due.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::Service;
use engine::Domain;
use engine::timers::Quiet;
use tokio::sync::mpsc;

use crate::handle::now;
use crate::status::{Stage, Status};
use crate::writer::Letter;

/// How often it is looked whether timers may fire, once some are due.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long the writer gets to take the timers that were announced.
const TAKE_WITHIN: Duration = Duration::from_millis(100);

/// What must be reached before the timers that are due now may fire.
struct Goal {
    head: u64,
    ends: BTreeMap<Service, u64>,
}

/// Runs until the writer is gone.
pub(crate) async fn run<D: Domain>(status: Status, letters: mpsc::Sender<Letter<D>>) {
    loop {
        until_due(&status).await;
        let goal = Goal::now(&status);
        while !goal.quiet(&status).timers_may_fire() {
            tokio::time::sleep(LOOK_EVERY).await;
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
    fn now(status: &Status) -> Self {
        let ends = status.readings().into_iter();
        let ends = ends.map(|(stream, progress)| (stream, progress.last_in_stream)).collect();
        Self { head: status.standing().head, ends }
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
