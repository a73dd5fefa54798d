//! Reads beside the load: how long the read model takes to answer while it has to follow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use client::http::{Call, Client};
use client::run_file::RunFile;
use hyper::StatusCode;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::order_tracker::OrderTracker;

/// Reads, going on until this is dropped.
#[derive(Debug)]
pub(crate) struct Reads(JoinHandle<()>);

impl Drop for Reads {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Begins to read so many orders a second of those that have ended lately. None if none are wanted.
///
/// # Errors
/// When there is no query service.
pub(crate) fn begin(
    running: &RunFile,
    tracker: &Arc<OrderTracker>,
    a_second: u32,
) -> anyhow::Result<Option<Reads>> {
    let Some(every) = Duration::from_secs(1).checked_div(a_second) else { return Ok(None) };
    let (query, http) = (running.query()?.to_owned(), running.client());
    let tracker = Arc::clone(tracker);
    Ok(Some(Reads(tokio::spawn(async move {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        loop {
            ticks.tick().await;
            let Some(order) = tracker.last_ended() else { continue };
            let call = Call::get(format!("{query}/orders/{}", tracker.id_of(order)));
            tokio::spawn(read(http.clone(), call, Arc::clone(&tracker)));
        }
    }))))
}

async fn read(http: Client, call: Call, tracker: Arc<OrderTracker>) {
    let began = Instant::now();
    match http.send(call).await {
        // The read model may be a moment behind: that it has no such order yet is an answer.
        Ok(answer) if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND => {
            tracker.reading.record(began.elapsed());
        }
        Ok(answer) => {
            tracing::debug!(status = %answer.status, reason = answer.reason(), "not read");
            tracker.note_unread();
        }
        Err(error) => {
            tracing::debug!(%error, "not read");
            tracker.note_unread();
        }
    }
}
