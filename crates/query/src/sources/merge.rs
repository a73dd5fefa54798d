//! Joins the rows of all streams, those that were decided earlier first.
//!
//! The fold comes to the same in whatever order the streams interleave; what it costs does not. Where the
//! events of an order come together, its records are looked for, judged and written once, and not anew
//! for each stream.
//!
//! The order is a courtesy, and nothing rests on it: a clock that is wrong, or a stream that does not
//! come, makes rows come in another one.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use protocol::{Row, Service, Timestamp};
use runtime::reading::{Progress, Reading};
use tokio::sync::{mpsc, watch};

use super::Sink;
use crate::fold::Item;

/// How long the rows of the other streams are held back for one that has more to come: longer than a
/// broker needs for the next pull, and too short to be noticed.
const PATIENCE: Duration = Duration::from_millis(20);

/// One stream.
pub(super) struct Lane {
    service: Service,
    progress: watch::Receiver<Progress>,
    rows: mpsc::Receiver<Row>,
    /// The next row.
    head: Option<Arc<Item>>,
    /// Sequence of the last row that came.
    taken: u64,
    /// Whether it has been waited for in vain since then.
    late: bool,
    closed: bool,
    /// So that it ends with this.
    _reading: Option<Reading>,
}

/// All streams that are read.
pub(super) struct Merge(Vec<Lane>);

/// What there is to do next.
enum Next {
    /// Hand over the earliest row.
    Ready,
    /// Wait for streams that have more.
    Expect,
    /// Wait for any row.
    Idle,
    /// No row will ever come.
    Over,
}

impl Lane {
    /// The rows of a reading that began behind the row `taken`.
    pub(super) fn of(
        service: Service,
        reading: Reading,
        rows: mpsc::Receiver<Row>,
        taken: u64,
    ) -> Self {
        let progress = reading.progress.clone();
        let (head, late, closed) = (None, false, false);
        Self { service, progress, rows, head, taken, late, closed, _reading: Some(reading) }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.rows.poll_recv(cx) {
            Poll::Ready(Some(row)) => {
                self.take(row);
                Poll::Ready(())
            }
            Poll::Ready(None) => {
                self.closed = true;
                Poll::Ready(())
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn look(&mut self) {
        if self.head.is_none()
            && let Ok(row) = self.rows.try_recv()
        {
            self.take(row);
        }
    }

    fn take(&mut self, row: Row) {
        (self.taken, self.late) = (row.sequence, false);
        self.head = Some(Arc::new(Item::of(self.service, row)));
    }

    fn waits(&self) -> bool {
        self.head.is_none() && !self.closed
    }

    /// Whether its stream has more than has come, and they are on their way.
    fn is_expected(&self) -> bool {
        if !self.waits() || self.late {
            return false;
        }
        let progress = self.progress.borrow();
        progress.connected && self.taken < progress.last_in_stream
    }

    /// When its next row was decided. One that is not understood waits for nobody.
    fn time(&self) -> Option<Timestamp> {
        let event = self.head.as_ref()?.event.as_ref();
        Some(event.map_or(Timestamp::default(), |event| event.headers.time))
    }
}

impl Merge {
    pub(super) const fn new(lanes: Vec<Lane>) -> Self {
        Self(lanes)
    }

    /// Hands the rows over until nobody takes them.
    pub(super) async fn run(mut self, sink: Sink) {
        while let Some(item) = self.next().await {
            if sink.send(item).await.is_err() {
                return;
            }
        }
    }

    async fn next(&mut self) -> Option<Arc<Item>> {
        loop {
            self.0.iter_mut().for_each(Lane::look);
            match self.what_next() {
                Next::Ready => return self.earliest(),
                Next::Idle => self.arrival(Lane::waits).await,
                Next::Expect => {
                    let arrival = self.arrival(Lane::is_expected);
                    if tokio::time::timeout(PATIENCE, arrival).await.is_err() {
                        self.0.iter_mut().for_each(|lane| lane.late |= lane.is_expected());
                    }
                }
                Next::Over => return None,
            }
        }
    }

    fn what_next(&self) -> Next {
        if self.0.iter().all(|lane| lane.head.is_none()) {
            return if self.0.iter().all(|lane| lane.closed) { Next::Over } else { Next::Idle };
        }
        if self.0.iter().any(Lane::is_expected) { Next::Expect } else { Next::Ready }
    }

    /// Waits until a row has come, or an end, on one of these.
    async fn arrival(&mut self, of: impl Fn(&Lane) -> bool) {
        poll_fn(|cx| {
            let mut arrived = Poll::Pending;
            for lane in self.0.iter_mut().filter(|lane| of(lane)) {
                if lane.poll(cx).is_ready() {
                    arrived = Poll::Ready(());
                }
            }
            arrived
        })
        .await;
    }

    fn earliest(&mut self) -> Option<Arc<Item>> {
        let lanes = self.0.iter_mut().filter_map(|lane| Some((lane.time()?, lane)));
        lanes.min_by_key(|(time, _)| *time).and_then(|(_, lane)| lane.head.take())
    }
}

#[cfg(test)]
mod tests;
