//! How the orders of this file ended: read from the ORDER stream, whatever happens to services
//! meanwhile.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contracts::events::order::EndReason;
use contracts::{Event, Id, Row, Service};
use runtime::reading::Reading;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::streams::Streams;

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// Whether it was completed.
    pub(super) completed: bool,
    /// Why it ended so.
    pub(super) reason: EndReason,
}

/// All ends so far, by order.
pub(super) type Ends = BTreeMap<Id, Ending>;

/// The ORDER stream, being read.
#[derive(Debug)]
pub(super) struct Endings {
    ends: Arc<Mutex<Ends>>,
    reading: Reading,
    position: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Drop for Endings {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Endings {
    /// Begins to collect the ends of these orders, from the stream's first row.
    pub(super) fn begin(streams: &Streams, orders: HashSet<Id>) -> Self {
        let (reading, rows) = streams.read(Service::Order);
        let ends = Arc::new(Mutex::new(Ends::new()));
        let (sender, position) = watch::channel(0);
        let task = tokio::spawn(collect(rows, orders, Arc::clone(&ends), sender));
        Self { ends, reading, position, task }
    }

    /// The ends so far.
    pub(super) fn so_far(&self) -> Ends {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How far the stream was read.
    pub(super) fn position(&self) -> u64 {
        *self.position.borrow()
    }

    /// Waits until everything that is in the stream now was read.
    pub(super) async fn caught_up(&self) {
        loop {
            let progress = self.reading.progress.borrow().clone();
            if progress.connected && self.position() >= progress.last_in_stream {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until so many orders have ended, or none has for so long. Says how many have.
    pub(super) async fn until(
        &self,
        wanted: usize,
        patience: Duration,
        mut progress: impl FnMut(usize),
    ) -> usize {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            let ended = self.ends.lock().unwrap_or_else(PoisonError::into_inner).len();
            progress(ended);
            if ended > last {
                (last, since) = (ended, Instant::now());
            }
            if ended >= wanted || since.elapsed() > patience {
                return ended;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

async fn collect(
    mut rows: mpsc::Receiver<Row>,
    orders: HashSet<Id>,
    ends: Arc<Mutex<Ends>>,
    position: watch::Sender<u64>,
) {
    while let Some(row) = rows.recv().await {
        if let Some((order, ending)) = ending_of(&row)
            && orders.contains(&order)
        {
            ends.lock().unwrap_or_else(PoisonError::into_inner).insert(order, ending);
        }
        position.send_replace(row.sequence);
    }
}

fn ending_of(row: &Row) -> Option<(Id, Ending)> {
    let ends = ["order.completed.", "order.rejected.", "order.cancelled."];
    if !ends.iter().any(|end| row.subject.starts_with(end)) {
        return None;
    }
    let event = row.parse().ok()?.event;
    let completed = matches!(event, Event::OrderCompleted(_));
    if let Event::OrderCompleted(end) | Event::OrderRejected(end) | Event::OrderCancelled(end) =
        event
    {
        return Some((end.order_id, Ending { completed, reason: end.reason }));
    }
    None
}
