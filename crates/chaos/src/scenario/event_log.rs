//! All events about the orders of this run, of all services, as they come.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use client::streams::{Following, Streams};
use contracts::{OrderId, StoredEvent, service};
use protocol::{Kind, Row, Service};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Rows that wait to be looked at.
const ROWS_WAITING_MAX: usize = 4_096;

type Events = Arc<Mutex<BTreeMap<OrderId, Vec<StoredEvent>>>>;

/// The events of this run.
#[derive(Debug)]
pub struct EventLog {
    events: Events,
    _following: Vec<Following>,
    task: JoinHandle<()>,
}

impl Drop for EventLog {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl EventLog {
    /// Begins to collect the events about ids that contain `run`.
    pub fn begin(streams: &Streams, run: &str) -> Self {
        let (sink, rows) = mpsc::channel(ROWS_WAITING_MAX);
        let follow = |service| streams.follow(service, true, sink.clone());
        let following = service::ALL.into_iter().map(follow).collect();
        let events = Events::default();
        let task = tokio::spawn(collect(rows, Arc::clone(&events), run.to_owned()));
        Self { events, _following: following, task }
    }

    /// The events about an order so far, in the order of their times.
    pub fn of(&self, order: &OrderId) -> Vec<StoredEvent> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let mut events = events.get(order).cloned().unwrap_or_default();
        events.sort_by_key(|event| event.headers.time);
        events
    }

    pub fn kinds_of(&self, order: &OrderId) -> Vec<Kind> {
        self.of(order).iter().map(|event| event.headers.kind).collect()
    }
}

async fn collect(mut rows: mpsc::Receiver<(Service, Row)>, events: Events, run: String) {
    while let Some((_, row)) = rows.recv().await {
        if !row.subject.contains(&run) {
            continue;
        }
        // What is not understood is the auditor's business.
        if let Ok(event) = row.parse() {
            let mut events = events.lock().unwrap_or_else(PoisonError::into_inner);
            events.entry(event.headers.id.clone().into()).or_default().push(event);
        }
    }
}
