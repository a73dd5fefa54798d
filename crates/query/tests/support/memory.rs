//! A source of rows without a broker: streams in memory that grow while they are read.

use std::sync::Arc;

use contracts::{Position, Service};
use engine::reading::{Alarm, Stopped};
use query::fold::Item;
use query::positions::Positions;
use query::sources::{Readings, Source};
use runtime::reading::Progress;
use tokio::sync::{mpsc, watch};

use crate::history::History;

/// Streams that any number of sources read, and a test appends to.
#[derive(Clone)]
pub(crate) struct Streams(Arc<watch::Sender<History>>);

/// Reads [`Streams`] as a projector asks for it.
#[derive(Clone)]
pub(crate) struct MemorySource(Streams);

impl Streams {
    pub(crate) fn new(history: History) -> Self {
        Self(Arc::new(watch::Sender::new(history)))
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut History)) {
        self.0.send_modify(change);
    }

    pub(crate) fn history(&self) -> History {
        self.0.borrow().clone()
    }

    pub(crate) fn source(&self) -> MemorySource {
        MemorySource(self.clone())
    }
}

impl Source for MemorySource {
    fn open(&mut self, from: &Positions, sink: mpsc::Sender<Item>) -> Readings {
        let mut guards = Vec::new();
        let progress = Service::ALL.map(|service| {
            let (sender, progress) = watch::channel(Progress::default());
            let streams = self.0.0.subscribe();
            let reading = read(service, from.of(service), streams, sink.clone(), sender);
            guards.push(tokio::spawn(reading).abort_handle());
            (service, progress)
        });
        Readings::new(progress, guards)
    }
}

async fn read(
    service: Service,
    mut at: Position,
    mut streams: watch::Receiver<History>,
    sink: mpsc::Sender<Item>,
    progress: watch::Sender<Progress>,
) {
    loop {
        let rows = streams.borrow_and_update().rows[&service].clone();
        let own = usize::try_from(at.sequence).unwrap();
        let replaced = own > 0 && rows.get(own - 1).is_some_and(|row| row.chain != at.chain);
        let wrong = replaced.then_some(Alarm::Stopped(Stopped::Replaced(at.sequence)));
        let last_in_stream = rows.len() as u64;
        progress.send_replace(Progress {
            connected: true,
            last_in_stream,
            handed_over: at,
            alarm: wrong.as_ref().map(ToString::to_string),
            wrong,
            ..Progress::default()
        });
        for row in rows.into_iter().skip(own).filter(|_| !replaced) {
            at = row.position();
            if sink.send(Item::of(service, row)).await.is_err() {
                return;
            }
        }
        if streams.changed().await.is_err() {
            return;
        }
    }
}
