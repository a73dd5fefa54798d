//! Follows the ends of orders: by a plain subscription, which costs the broker and this process the
//! least. It knows of an end when the broker passes it on; what the streams hold is the auditor's task.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use client::http::{Call, Client};
use client::run_file::RunFile;
use client::streams::Streams;
use contracts::service;
use futures_util::StreamExt as _;
use futures_util::stream::select_all;
use runtime::async_nats::Message;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::order_tracker::OrderTracker;

/// Orders of which the read model is asked each second, at most: asking must not become the load.
const SHOWN_EACH_SECOND: u32 = 20;

/// The header with the row's number.
const SEQUENCE: &str = "ce-id";

/// Ends, followed until this is dropped.
#[derive(Debug)]
pub(crate) struct Ends(JoinHandle<()>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Begins to follow the ends of a run's orders.
///
/// # Errors
/// When the broker cannot be asked.
pub(crate) async fn follow(
    streams: &Streams,
    running: &RunFile,
    tracker: Arc<OrderTracker>,
) -> anyhow::Result<Ends> {
    let client = streams.connection().client();
    let mut subscribed = Vec::new();
    for subject in ["order.completed.*", "order.rejected.*", "order.cancelled.*"] {
        let subscription = client.subscribe(subject).await;
        subscribed.push(subscription.with_context(|| format!("cannot subscribe to {subject}"))?);
    }
    client.flush().await.context("the broker does not answer")?;
    let (query, http) = (running.query()?.to_owned(), running.client());
    let every = (tracker.schedule.rate() / SHOWN_EACH_SECOND).max(1);
    Ok(Ends(tokio::spawn(async move {
        let mut messages = select_all(subscribed);
        while let Some(message) = messages.next().await {
            let Some(order) = end_in(&message, &tracker) else { continue };
            if order % every == 0 {
                tokio::spawn(see(
                    http.clone(),
                    query.clone(),
                    Arc::clone(&tracker),
                    order,
                    message,
                ));
            }
        }
    })))
}

/// Notes the end that a message tells of, if it is one of this run and is told for the first time.
fn end_in(message: &Message, tracker: &OrderTracker) -> Option<u32> {
    let (kind, id) = message.subject.rsplit_once('.')?;
    let order = tracker.order_of(id)?;
    tracker.note_end(order, kind == "order.completed").then_some(order)
}

/// Asks the read model for an order that has ended; it answers when it has folded that end.
async fn see(http: Client, query: String, tracker: Arc<OrderTracker>, order: u32, end: Message) {
    let ended = Instant::now();
    let Some(sequence) = end.headers.as_ref().and_then(|headers| headers.get(SEQUENCE)) else {
        return;
    };
    let token = format!("{}={}", service::ORDER.stream(), sequence.as_str());
    let call = Call::get(format!("{query}/orders/{}", tracker.id_of(order))).after(&token);
    // What cannot be seen in time is missing from the sample, whose size is shown.
    if http.json::<Value>(call).await.is_ok_and(|seen| !seen["end"].is_null()) {
        tracker.showing.record(tracker.since_due(order));
        tracker.following.record(ended.elapsed());
    }
}
