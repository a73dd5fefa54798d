//! A source of rows without a broker: streams in memory that grow while they are read.

use std::sync::Arc;

use contracts::service;
use engine::reading::{Alarm, Stopped};
use protocol::{Position, Service};
use query::fold::Item;
use query::positions::Positions;
use query::sources::{Readings, Sink, Source};
use runtime::reading::Progress;
use tokio::sync::watch;

use crate::history::History;

/// Streams that any number of sources read, and a test appends to.
#[derive(Clone)]
pub(crate) struct Streams(Arc<watch::Sender<History>>);

/// Reads [`Streams`] as a projector asks for it.
#[derive(Clone)]
pub(crate) struct MemorySource {
    streams: Streams,
    open: watch::Sender<Open>,
}

/// What is read of the streams by one source and its clones.
#[derive(Default)]
pub(crate) struct Open {
    /// Streams that are being read.
    pub(crate) streams: usize,
    /// Where each reading began.
    pub(crate) began: Vec<Positions>,
}

/// The reading of one stream.
struct OpenStream(watch::Sender<Open>);

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
        MemorySource { streams: self.clone(), open: watch::Sender::default() }
    }
}

impl MemorySource {
    /// What is being read, now and later.
    pub(crate) fn open(&self) -> watch::Receiver<Open> {
        self.open.subscribe()
    }
}

impl OpenStream {
    fn of(open: &watch::Sender<Open>) -> Self {
        open.send_modify(|open| open.streams += 1);
        Self(open.clone())
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.send_modify(|open| open.streams -= 1);
    }
}

impl Source for MemorySource {
    fn open(&mut self, from: &Positions, sink: Sink) -> Readings {
        self.open.send_modify(|open| open.began.push(from.clone()));
        let mut guards = Vec::new();
        let progress = service::ALL.map(|service| {
            let (sender, progress) = watch::channel(Progress::default());
            let (streams, open) = (self.streams.0.subscribe(), OpenStream::of(&self.open));
            let reading = read(service, from.of(service), streams, sink.clone(), sender);
            let reading = async move {
                reading.await;
                drop(open);
            };
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
    sink: Sink,
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
            if sink.send(Arc::new(Item::of(service, row))).await.is_err() {
                return;
            }
        }
        if streams.changed().await.is_err() {
            return;
        }
    }
}
