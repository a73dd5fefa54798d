//! How the orders of this file ended: read from the ORDER stream, whatever happens to services
//! meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashSet};
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

/// What the stream has told of the orders so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Those that were placed.
    pub(super) placed: BTreeSet<Id>,
    /// How they ended.
    pub(super) ends: Ends,
}

/// The ORDER stream, being read.
#[derive(Debug)]
pub(super) struct Endings {
    told: Arc<Mutex<Told>>,
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
        let told = Arc::new(Mutex::new(Told::default()));
        let (sender, position) = watch::channel(0);
        let task = tokio::spawn(collect(rows, orders, Arc::clone(&told), sender));
        Self { told, reading, position, task }
    }

    /// What the stream has told so far.
    pub(super) fn told(&self) -> Told {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
            let ended = self.told.lock().unwrap_or_else(PoisonError::into_inner).ends.len();
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
    told: Arc<Mutex<Told>>,
    position: watch::Sender<u64>,
) {
    while let Some(row) = rows.recv().await {
        let order = row.subject.rsplit('.').next().and_then(|id| id.parse::<Id>().ok());
        if let Some(order) = order.filter(|order| orders.contains(order)) {
            told.lock().unwrap_or_else(PoisonError::into_inner).note(order, &row);
        }
        position.send_replace(row.sequence);
    }
}

impl Told {
    fn note(&mut self, order: Id, row: &Row) {
        if row.subject.starts_with("order.placed.") {
            self.placed.insert(order);
        } else if let Some(ending) = ending_of(row) {
            self.ends.insert(order, ending);
        }
    }
}

fn ending_of(row: &Row) -> Option<Ending> {
    let ends = ["order.completed.", "order.rejected.", "order.cancelled."];
    if !ends.iter().any(|end| row.subject.starts_with(end)) {
        return None;
    }
    let event = row.parse().ok()?.event;
    let completed = matches!(event, Event::OrderCompleted(_));
    if let Event::OrderCompleted(end) | Event::OrderRejected(end) | Event::OrderCancelled(end) =
        event
    {
        return Some(Ending { completed, reason: end.reason });
    }
    None
}
