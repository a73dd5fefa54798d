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

use client::streams::Streams;

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

    /// Waits until these orders have ended, or none of them has for so long. Says how many have not.
    pub(super) async fn until(
        &self,
        mut orders: HashSet<Id>,
        patience: Duration,
        mut progress: impl FnMut(usize),
    ) -> usize {
        let (all, mut since) = (orders.len(), Instant::now());
        loop {
            let before = orders.len();
            self.told.lock().unwrap_or_else(PoisonError::into_inner).leave_without_end(&mut orders);
            progress(all - orders.len());
            if orders.len() < before {
                since = Instant::now();
            }
            if orders.is_empty() || since.elapsed() > patience {
                return orders.len();
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
    /// Leaves those of the orders that have no end.
    fn leave_without_end(&self, orders: &mut HashSet<Id>) {
        orders.retain(|order| !self.ends.contains_key(order));
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_order_that_was_not_accepted_stands_for_no_other() {
        let id = |text: &str| text.parse::<Id>().unwrap();
        let ending = Ending { completed: true, reason: EndReason::Dispatched };
        let mut told = Told::default();
        told.ends.insert(id("refused"), ending);
        let mut orders = HashSet::from([id("1"), id("2")]);
        told.leave_without_end(&mut orders);
        assert_eq!(orders.len(), 2);
        told.ends.insert(id("1"), ending);
        told.leave_without_end(&mut orders);
        assert_eq!(orders, HashSet::from([id("2")]));
    }
}
