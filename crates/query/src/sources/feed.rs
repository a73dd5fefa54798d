//! The rows of one reading for a second reader: each stream is followed once, and each row parsed once.
//!
//! Whoever has read as far by itself subscribes, and gets every row from there on. That both stand in the
//! same history is told by the chain.
//!
//! The reading never waits for the subscriber: one that does not keep up is let go. And the subscriber
//! never waits for the reading: where that ends, or is held up by whom it is made for, the subscriber is let
//! go as well. It then reads on by itself, and subscribes again where both meet.

use std::sync::{Arc, Weak};

use protocol::Service;
use tokio::sync::{mpsc, watch};

use super::{AllProgress, Readings, Sink, Source};
use crate::fold::Item;
use crate::positions::Positions;

/// Rows that wait for the subscriber.
const QUEUE_ROWS: usize = 8_192;

/// Rows of one stream by which the subscriber may be behind. While it reads them by itself, those that
/// come after them wait for it.
const BEHIND_ROWS_MAX: u64 = 2_048;

/// Where the present reading can be subscribed to.
#[derive(Clone)]
pub struct Feed {
    streams: &'static [Service],
    present: Arc<watch::Sender<Present>>,
}

/// A source whose readings are subscribed to.
pub struct Tapped<S> {
    source: S,
    feed: Feed,
}

/// Every row from a position on.
pub struct Subscription {
    streams: &'static [Service],
    /// The last row of each stream before those that come.
    from: Positions,
    /// The rows. It ends when the subscriber is let go, once all that came before is taken.
    pub rows: mpsc::Receiver<Arc<Item>>,
    /// How the reading of each of the feed's streams goes: of others, the subscriber knows nothing.
    pub progress: AllProgress,
}

/// The present reading, until it ends.
#[derive(Clone, Default)]
struct Present {
    tap: Weak<Tap>,
    progress: AllProgress,
}

/// What of a reading its subscriber sees. It lasts as long as somebody can hand over rows.
pub(super) struct Tap {
    streams: &'static [Service],
    state: watch::Sender<State>,
}

struct State {
    /// The last row of each stream that was handed over.
    handed_over: Positions,
    /// How many rows wait for room.
    held_up: usize,
    subscriber: Option<mpsc::Sender<Arc<Item>>>,
    /// Where one stands who waits to subscribe: it is woken when both meet, and not for each row.
    awaited: Option<Positions>,
}

impl Feed {
    /// A feed of these streams, from readings that are yet to come.
    #[must_use]
    pub fn of(streams: &'static [Service]) -> Self {
        Self { streams, present: Arc::default() }
    }

    /// A source whose readings are the feed's.
    #[must_use]
    pub fn tap<S>(&self, source: S) -> Tapped<S> {
        Tapped { source, feed: self.clone() }
    }

    /// Waits until a reading goes on where, or shortly behind where, a reader of the same streams stands
    /// (`at`), and subscribes to it. There is one subscriber: a second one takes its place.
    pub async fn subscribe(&self, at: &Positions) -> Subscription {
        let mut present = self.present.subscribe();
        loop {
            let Present { tap, progress } = present.borrow_and_update().clone();
            let met = tap.upgrade().map(|tap| tap.await_at(at));
            let meets = async {
                let Some(mut met) = met else { return std::future::pending().await };
                if met.wait_for(|state| state.meets(at, self.streams)).await.is_err() {
                    std::future::pending().await
                }
            };
            tokio::select! {
                () = meets => {
                    let subscribed = tap.upgrade().and_then(|tap| tap.subscribe(at));
                    if let Some((from, rows)) = subscribed {
                        return Subscription { streams: self.streams, from, rows, progress };
                    }
                }
                // The feed itself keeps the sender.
                _ = present.changed() => {}
            }
        }
    }
}

impl Subscription {
    /// Whether a reader has come to where it begins.
    #[must_use]
    pub fn is_reached(&self, at: &Positions) -> bool {
        let reached = |of: &Service| at.of(*of).sequence >= self.from.of(*of).sequence;
        self.streams.iter().all(reached)
    }

    /// Whether a reader who stands where it begins has read the same row there. Of one that has come
    /// further, the row at which it stands is still to come.
    #[must_use]
    pub fn agrees(&self, at: &Positions) -> bool {
        self.streams.iter().all(|of| {
            let (own, from) = (at.of(*of), self.from.of(*of));
            own.sequence != from.sequence || own.chain == from.chain
        })
    }
}

impl<S: Source> Source for Tapped<S> {
    fn open(&mut self, from: &Positions, sink: Sink) -> Readings {
        let tap = Arc::new(Tap::new(self.feed.streams, from.clone()));
        let present = Arc::downgrade(&tap);
        let readings = self.source.open(from, Sink { tap: Some(tap), ..sink });
        let progress = readings.progress();
        let progress = progress.iter().filter(|(of, _)| self.feed.streams.contains(of));
        self.feed
            .present
            .send_replace(Present { tap: present, progress: progress.cloned().collect() });
        readings
    }
}

impl Tap {
    fn new(streams: &'static [Service], handed_over: Positions) -> Self {
        let state = State { handed_over, held_up: 0, subscriber: None, awaited: None };
        Self { streams, state: watch::Sender::new(state) }
    }

    /// The subscriber sees a row that is being handed over.
    pub(super) fn pass(&self, item: &Arc<Item>) {
        if !self.streams.contains(&item.service) {
            return;
        }
        self.state.send_if_modified(|state| {
            let Item { service, row, event, .. } = &**item;
            state.handed_over.advance(*service, row, event.as_ref().ok());
            // A full queue means one that does not keep up.
            let sent = state.subscriber.as_ref().map(|rows| rows.try_send(Arc::clone(item)));
            if sent.is_some_and(|sent| sent.is_err()) {
                state.subscriber = None;
            }
            state.is_awaited_here(self.streams)
        });
    }

    /// Whom the reading is made for has no room for a row: nobody else shall wait with it.
    pub(super) fn hold_up(&self) {
        self.state.send_if_modified(|state| {
            state.held_up += 1;
            state.subscriber = None;
            false
        });
    }

    /// There is room for that row.
    pub(super) fn go_on(&self) {
        self.state.send_if_modified(|state| {
            state.held_up -= 1;
            state.is_awaited_here(self.streams)
        });
    }

    fn await_at(&self, at: &Positions) -> watch::Receiver<State> {
        self.state.send_if_modified(|state| {
            state.awaited = Some(at.clone());
            false
        });
        self.state.subscribe()
    }

    fn subscribe(&self, at: &Positions) -> Option<(Positions, mpsc::Receiver<Arc<Item>>)> {
        let mut subscribed = None;
        self.state.send_if_modified(|state| {
            if state.meets(at, self.streams) {
                let (sender, rows) = mpsc::channel(QUEUE_ROWS);
                (state.subscriber, state.awaited) = (Some(sender), None);
                subscribed = Some((state.handed_over.clone(), rows));
            }
            false
        });
        subscribed
    }
}

impl State {
    fn is_awaited_here(&self, streams: &[Service]) -> bool {
        self.awaited.as_ref().is_some_and(|at| self.meets(at, streams))
    }

    /// Whether one who stands there has but to read on a little, and misses nothing that is handed
    /// over from now on.
    fn meets(&self, at: &Positions, streams: &[Service]) -> bool {
        let meets = |service: &Service| {
            let (reader, reading) = (at.of(*service), self.handed_over.of(*service));
            match reading.sequence.checked_sub(reader.sequence) {
                Some(0) => reader.chain == reading.chain,
                Some(rows) => rows <= BEHIND_ROWS_MAX,
                None => false,
            }
        };
        self.held_up == 0 && streams.iter().all(meets)
    }
}

#[cfg(test)]
mod tests;
