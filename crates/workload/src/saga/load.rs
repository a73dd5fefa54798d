//! Makes the load: a thread that sleeps until each order is due, and a task that sends it.

use std::sync::Arc;
use std::time::Instant;

use auditor::journal::Outcome;
use client::http::{Call, Client};
use client::run_file::RunFile;
use contracts::service;
use terminal::interruption;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::fixture::Fixture;
use super::order_tracker::OrderTracker;

/// Requests under way at most, each on a connection of its own. Who comes later waits here, and the
/// wait counts.
const UNDER_WAY_MAX: usize = 256;

/// What every request needs.
struct Load {
    tracker: Arc<OrderTracker>,
    fixture: Fixture,
    client: Client,
    url: String,
    places: Semaphore,
}

/// Begins the load. It is over when the thread has ended, or the command is asked to; requests may
/// still be under way.
///
/// # Errors
/// When there is no order service.
pub(crate) fn begin(
    running: &RunFile,
    fixture: &Fixture,
    tracker: &Arc<OrderTracker>,
) -> anyhow::Result<JoinHandle<()>> {
    let load = Arc::new(Load {
        tracker: Arc::clone(tracker),
        fixture: fixture.clone(),
        client: running.client(),
        url: format!("{}/orders", running.url(service::ORDER)?),
        places: Semaphore::new(UNDER_WAY_MAX),
    });
    // Timers of the runtime tick in milliseconds; a thread's sleep is ten times as exact.
    let runtime = Handle::current();
    Ok(tokio::task::spawn_blocking(move || send_when_due(&runtime, &load)))
}

fn send_when_due(runtime: &Handle, load: &Arc<Load>) {
    let schedule = load.tracker.schedule;
    for order in 0..schedule.orders() {
        let wait = schedule.due(order).saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
        if interruption::cause().is_some() {
            return;
        }
        load.tracker.note_due();
        runtime.spawn(send(Arc::clone(load), order));
    }
}

async fn send(load: Arc<Load>, order: u32) {
    let tracker = &load.tracker;
    let Ok(_place) = load.places.acquire().await else { return };
    let id = tracker.id_of(order);
    let call = Call::post(load.url.as_str()).once_in(&id).after(&load.fixture.seen);
    let answer = match call.body(&load.fixture.order(&id, order)) {
        Ok(call) => load.client.send(call).await,
        Err(error) => Err(error),
    };
    let status = answer.as_ref().ok().map(|answer| answer.status.as_u16());
    match Outcome::of_status(status) {
        Outcome::Ok => tracker.note_accepted(order),
        Outcome::Failed => tracker.note_refused(),
        Outcome::Unknown => tracker.note_unanswered(),
    }
    match answer {
        Ok(answer) if answer.status.is_success() => {}
        Ok(answer) => {
            tracing::debug!(status = %answer.status, reason = answer.reason(), "not accepted");
        }
        Err(error) => tracing::debug!(%error, "not accepted"),
    }
}
