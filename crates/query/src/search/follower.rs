//! From the streams into the index, batch by batch, for as long as the process runs.
//!
//! It begins at zero with each start. Should a stream turn out to tell another history, or the index
//! fail, it begins at zero again.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, sleep_until};

use super::document::change_of;
use super::index::Index;
use super::{STREAMS, Search, SearchError, Stands};
use crate::fold::Item;
use crate::positions::{Fit, Positions};
use crate::sources::{Readings, Source};

/// Rows that wait to be indexed: many batches, since one that waits for the next moment must not hold up a
/// stream that is read from its beginning.
const QUEUE_ROWS: usize = 8_192;

/// Most rows of one batch: searches wait while it is written.
const BATCH_ROWS_MAX: usize = 500;

/// Least time from the beginning of one batch to that of the next, where rows keep coming: each writes
/// a segment of the index, however few rows it has. Nobody who searches by hand notices.
const PACE: Duration = Duration::from_millis(100);

/// How often it looks whether the streams are still those that were indexed.
const CHECK_EVERY: Duration = Duration::from_millis(500);

/// Wait before beginning again.
const RETRY: Duration = Duration::from_secs(1);

/// Why the index is built anew.
#[derive(Debug, thiserror::Error)]
enum Setback {
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error("{0}")]
    Replaced(String),
    #[error("rows of {0} are missing")]
    Gap(&'static str),
    #[error("the reading of the streams has ended")]
    Ended,
}

/// Fills and follows until it is dropped.
pub async fn run(mut source: impl Source, search: Search) {
    loop {
        let setback = match search.begin_anew() {
            Ok(()) => follow(&mut source, &search).await,
            Err(error) => error.into(),
        };
        tracing::warn!(reason = %setback, "the search is built anew");
        tokio::time::sleep(RETRY).await;
    }
}

async fn follow(source: &mut impl Source, search: &Search) -> Setback {
    let (sink, mut rows) = mpsc::channel(QUEUE_ROWS);
    let readings = source.open(&Positions::default(), sink);
    search.stands.send_modify(|stands| stands.progress = Some(readings.progress()));
    let mut check = tokio::time::interval(CHECK_EVERY);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next_batch = Instant::now();
    loop {
        tokio::select! {
            row = rows.recv() => {
                let Some(row) = row else { return Setback::Ended };
                if rows.len() < BATCH_ROWS_MAX {
                    sleep_until(next_batch).await;
                }
                next_batch = Instant::now() + PACE;
                if let Err(setback) = search.index(with_waiting(row, &mut rows)).await {
                    return setback;
                }
            }
            _ = check.tick() => {
                if let Some(setback) = search.look(&readings) {
                    return setback;
                }
            }
        }
    }
}

/// A row, and what has queued up behind it.
fn with_waiting(first: Item, rows: &mut mpsc::Receiver<Item>) -> Vec<Item> {
    let waiting = std::iter::from_fn(|| rows.try_recv().ok());
    std::iter::once(first).chain(waiting).take(BATCH_ROWS_MAX).collect()
}

impl Search {
    fn begin_anew(&self) -> Result<(), SearchError> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        *index = Index::new()?;
        self.stands.send_replace(Stands::default());
        Ok(())
    }

    /// Streams may be looked at for the first time though nothing comes from them.
    fn look(&self, readings: &Readings) -> Option<Setback> {
        self.stands.send_modify(Stands::note_goals);
        readings.replaced().map(Setback::Replaced)
    }

    async fn index(&self, rows: Vec<Item>) -> Result<(), Setback> {
        let (index, stands) = (Arc::clone(&self.index), self.stands.clone());
        let indexing = move || {
            let mut next = stands.borrow().clone();
            let mut changes = Vec::new();
            for Item { service, row, event } in &rows {
                if !STREAMS.contains(service) {
                    continue;
                }
                if next.positions.fit(*service, row) != Fit::Next {
                    return Err(Setback::Gap(service.stream()));
                }
                let event = event.as_ref().ok();
                next.skipped += u64::from(event.is_none());
                next.positions.advance(*service, row, event);
                changes.extend(event.and_then(change_of));
            }
            next.note_goals();
            let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
            index.apply(&changes).map_err(SearchError::from)?;
            stands.send_replace(next);
            Ok(())
        };
        tokio::task::spawn_blocking(indexing).await.map_err(SearchError::from)?
    }
}
