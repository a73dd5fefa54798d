//! Follows the ends of orders in the stream of the order service, for whoever counts how many are in
//! flight.

use std::sync::Arc;

use client::streams::Streams;
use contracts::{kind, service};
use protocol::{Headers, Kind};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::order_tracker::OrderTracker;

const ENDS: [Kind; 3] = [kind::ORDER_COMPLETED, kind::ORDER_REJECTED, kind::ORDER_CANCELLED];
/// Rows that wait to be taken note of.
const ROWS_WAITING_MAX: usize = 4_096;

/// The ends are followed until this is dropped.
#[derive(Debug)]
pub struct Ends(JoinHandle<()>);

impl Ends {
    /// Takes note of every order that ends.
    pub fn follow(streams: &Streams, tracker: &Arc<OrderTracker>) -> Self {
        let (sink, mut rows) = mpsc::channel(ROWS_WAITING_MAX);
        let following = streams.follow(service::ORDER, true, sink);
        let tracker = Arc::clone(tracker);
        Self(tokio::spawn(async move {
            let _following = following;
            while let Some((_, row)) = rows.recv().await {
                let Ok(headers) = Headers::parse(&row.headers) else { continue };
                if ENDS.contains(&headers.kind) {
                    tracker.note_end(headers.id.into());
                }
            }
        }))
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}
