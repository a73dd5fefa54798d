//! How the orders of this file ended: read from the ORDER stream, whatever happens to services
//! meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use client::streams::Streams;
use client::wait::{LOOK_EVERY, break_if, look_until};
use contracts::events::order::EndReason;
use contracts::{Event, OrderId, service};
use protocol::Row;
use runtime::reading::Reading;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whether it was completed.
    pub completed: bool,
    /// Why it ended so.
    pub reason: EndReason,
}

/// All ends so far, by order.
pub(crate) type Ends = BTreeMap<OrderId, Ending>;

/// What the stream has reported of the orders so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reported {
    /// Those that were placed.
    pub placed: BTreeSet<OrderId>,
    pub ends: Ends,
}

/// The ORDER stream, being read.
#[derive(Debug)]
pub(crate) struct Endings {
    reported: Arc<Mutex<Reported>>,
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
    pub(crate) fn begin(streams: &Streams, orders: HashSet<OrderId>) -> Self {
        let (reading, rows) = streams.read(service::ORDER);
        let reported = Arc::new(Mutex::new(Reported::default()));
        let (sender, position) = watch::channel(0);
        let task = tokio::spawn(collect(rows, orders, Arc::clone(&reported), sender));
        Self { reported, reading, position, task }
    }

    /// What the stream has reported so far.
    pub(crate) fn reported(&self) -> Reported {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How far the stream was read.
    pub(crate) fn position(&self) -> u64 {
        *self.position.borrow()
    }

    /// Waits until everything that is in the stream now was read.
    pub(crate) async fn caught_up(&self) {
        let look = async || {
            let progress = self.reading.progress.borrow().clone();
            let is_read = progress.connected && self.position() >= progress.last_in_stream;
            Ok(break_if(is_read))
        };
        let Ok::<_, Infallible>(()) = look_until(LOOK_EVERY, look).await;
    }

    /// Waits until these orders have ended, or none of them has for so long. Says how many have not.
    pub(crate) async fn until(
        &self,
        mut orders: HashSet<OrderId>,
        patience: Duration,
        mut progress: impl FnMut(usize),
    ) -> usize {
        let (all, mut since) = (orders.len(), Instant::now());
        let look = async || {
            let before = orders.len();
            let reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
            reported.leave_without_end(&mut orders);
            drop(reported);
            progress(all - orders.len());
            if orders.len() < before {
                since = Instant::now();
            }
            if orders.is_empty() || since.elapsed() > patience {
                return Ok(ControlFlow::Break(orders.len()));
            }
            Ok(ControlFlow::Continue(()))
        };
        let Ok::<_, Infallible>(without_end) = look_until(LOOK_EVERY, look).await;
        without_end
    }
}

async fn collect(
    mut rows: mpsc::Receiver<Row>,
    orders: HashSet<OrderId>,
    reported: Arc<Mutex<Reported>>,
    position: watch::Sender<u64>,
) {
    while let Some(row) = rows.recv().await {
        let order = row.subject.rsplit('.').next().and_then(|id| id.parse::<OrderId>().ok());
        if let Some(order) = order.filter(|order| orders.contains(order)) {
            reported.lock().unwrap_or_else(PoisonError::into_inner).note(order, &row);
        }
        position.send_replace(row.sequence);
    }
}

impl Reported {
    /// Leaves those of the orders that have no end.
    fn leave_without_end(&self, orders: &mut HashSet<OrderId>) {
        orders.retain(|order| !self.ends.contains_key(order));
    }

    fn note(&mut self, order: OrderId, row: &Row) {
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
        let id = |text: &str| text.parse::<OrderId>().unwrap();
        let ending = Ending { completed: true, reason: EndReason::Dispatched };
        let mut reported = Reported::default();
        reported.ends.insert(id("refused"), ending);
        let mut orders = HashSet::from([id("1"), id("2")]);
        reported.leave_without_end(&mut orders);
        assert_eq!(orders.len(), 2);
        reported.ends.insert(id("1"), ending);
        reported.leave_without_end(&mut orders);
        assert_eq!(orders, HashSet::from([id("2")]));
    }
}
