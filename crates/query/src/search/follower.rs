//! From the streams into the index, batch by batch, for as long as the process runs.
//!
//! It begins at zero with each start, and reads by itself until it meets the projector's reading: from
//! there on it takes the rows of that one. Where that one ends or is held up, it reads on by itself at once,
//! since it then depends on nothing but the broker, and meets the next one. Every row has its number, so that
//! it is indexed once, wherever it comes from.
//!
//! Should a stream turn out to tell another history, or the index fail, it begins at zero again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use contracts::StoredEvent;
use protocol::Service;
use runtime::failpoint::Point;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::document::{Change, change_of};
use super::index::Index;
use super::{STREAMS, Search, SearchError, Stands};
use crate::fold::{Item, words_of};
use crate::positions::{Fit, Positions};
use crate::sources::feed::{Feed, Subscription};
use crate::sources::{AllProgress, Readings, Source, replaced};

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
    #[error("the rows of {} do not go on where the index stands", .0.stream())]
    Misfit(Service),
    #[error("the projector reads another history than the one that is indexed")]
    OtherHistory,
    #[error("the reading of the streams has ended")]
    Ended,
}

/// Where the rows come from.
struct Intake {
    rows: mpsc::Receiver<Arc<Item>>,
    progress: AllProgress,
    /// What reads them, where that is not the projector's reading.
    own: Option<Readings>,
}

/// From an empty index on.
struct Following<'a, S> {
    source: &'a mut S,
    feed: &'a Feed,
    search: &'a Search,
    intake: Intake,
    /// The projector's rows, until the own reading has come to where they begin.
    next: Option<Subscription>,
    /// When the next batch may begin.
    next_batch: Instant,
}

/// Fills and follows until it is dropped, by itself from `source` and along with the projector by its
/// `feed`.
pub async fn run(mut source: impl Source, feed: Feed, search: Search) {
    loop {
        let setback = match search.begin_anew() {
            Ok(()) => Following::begin(&mut source, &feed, &search).run().await,
            Err(error) => error.into(),
        };
        tracing::warn!(reason = %setback, "the search is built anew");
        tokio::time::sleep(RETRY).await;
    }
}

impl<'a, S: Source> Following<'a, S> {
    fn begin(source: &'a mut S, feed: &'a Feed, search: &'a Search) -> Self {
        let intake = Intake::read(source, &search.positions());
        search.publish(&intake.progress);
        Self { source, feed, search, intake, next: None, next_batch: Instant::now() }
    }

    async fn run(mut self) -> Setback {
        let mut check = interval(CHECK_EVERY);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let at = self.search.positions();
            let looks_for_feed = self.intake.own.is_some() && self.next.is_none();
            let step = tokio::select! {
                row = self.intake.rows.recv() => self.take(row).await,
                next = self.feed.subscribe(&at), if looks_for_feed => self.prepare(next),
                _ = check.tick() => self.search.look(&self.intake.progress),
            };
            if let Err(setback) = step {
                return setback;
            }
        }
    }

    async fn take(&mut self, row: Option<Arc<Item>>) -> Result<(), Setback> {
        let Some(row) = row else { return self.read_alone() };
        if self.intake.rows.len() < BATCH_ROWS_MAX {
            sleep_until(self.next_batch).await;
        }
        self.next_batch = Instant::now() + PACE;
        self.search.index(with_waiting(row, &mut self.intake.rows)).await?;
        self.join()
    }

    fn prepare(&mut self, next: Subscription) -> Result<(), Setback> {
        self.next = Some(next);
        self.join()
    }

    /// Gives the own reading up, where it has come to the projector's rows.
    fn join(&mut self) -> Result<(), Setback> {
        let at = self.search.positions();
        let Some(next) = self.next.take_if(|next| next.is_reached(&at)) else { return Ok(()) };
        if !next.agrees(&at) {
            return Err(Setback::OtherHistory);
        }
        tracing::debug!("the search goes on with the projector's reading");
        self.intake = Intake::of(next);
        self.search.publish(&self.intake.progress);
        Ok(())
    }

    /// Reads on from where the index stands, since the projector's reading does not.
    fn read_alone(&mut self) -> Result<(), Setback> {
        if self.intake.own.is_some() {
            return Err(Setback::Ended);
        }
        tracing::debug!("the search goes on with a reading of its own");
        self.intake = Intake::read(self.source, &self.search.positions());
        self.search.publish(&self.intake.progress);
        Ok(())
    }
}

impl Intake {
    fn read(source: &mut impl Source, from: &Positions) -> Self {
        let (sink, rows) = mpsc::channel(QUEUE_ROWS);
        let own = source.open(from, sink.into());
        Self { rows, progress: own.progress(), own: Some(own) }
    }

    fn of(Subscription { rows, progress, .. }: Subscription) -> Self {
        Self { rows, progress, own: None }
    }
}

/// A row, and what has queued up behind it.
fn with_waiting(first: Arc<Item>, rows: &mut mpsc::Receiver<Arc<Item>>) -> Vec<Arc<Item>> {
    let waiting = std::iter::from_fn(|| rows.try_recv().ok());
    std::iter::once(first).chain(waiting).take(BATCH_ROWS_MAX).collect()
}

/// What an event changes in the index. One over which that panics is passed over, loudly: it would be met again
/// and again. It is counted with those that are not understood.
fn indexed(event: &StoredEvent, service: Service, sequence: u64) -> Result<Option<Change>, ()> {
    let change = || {
        Point::FoldEvent.pass_row(service.stream(), sequence);
        change_of(event)
    };
    catch_unwind(AssertUnwindSafe(change)).map_err(|panic| {
        let (stream, reason) = (service.stream(), words_of(&*panic));
        tracing::error!(stream, sequence, reason, "the search passes over an event: it panics");
    })
}

impl Search {
    fn begin_anew(&self) -> Result<(), SearchError> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        *index = Index::new()?;
        self.stands.send_replace(Stands::default());
        Ok(())
    }

    fn positions(&self) -> Positions {
        self.stands.borrow().positions.clone()
    }

    fn publish(&self, progress: &AllProgress) {
        self.stands.send_modify(|stands| stands.progress = Some(Arc::clone(progress)));
    }

    /// Streams may be looked at for the first time though nothing comes from them.
    fn look(&self, progress: &AllProgress) -> Result<(), Setback> {
        self.stands.send_modify(Stands::note_goals);
        replaced(progress).map_or(Ok(()), |reason| Err(Setback::Replaced(reason)))
    }

    async fn index(&self, rows: Vec<Arc<Item>>) -> Result<(), Setback> {
        let (index, stands) = (Arc::clone(&self.index), self.stands.clone());
        let indexing = move || {
            let mut next = stands.borrow().clone();
            let changes = next.advance(&rows)?;
            next.note_goals();
            let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
            index.apply(&changes).map_err(SearchError::from)?;
            stands.send_replace(next);
            Ok(())
        };
        tokio::task::spawn_blocking(indexing).await.map_err(SearchError::from)?
    }
}

impl Stands {
    /// Moves on by these rows, and says what they change. Those that were indexed before change nothing:
    /// where one reading takes over from the other, some come twice.
    fn advance(&mut self, rows: &[Arc<Item>]) -> Result<Vec<Change>, Setback> {
        let mut changes = Vec::new();
        for Item { service, row, event, .. } in rows.iter().map(Arc::as_ref) {
            if !STREAMS.contains(service) {
                continue;
            }
            match self.positions.fit(*service, row) {
                Fit::Next => {}
                Fit::Folded => continue,
                Fit::Gap | Fit::Different => return Err(Setback::Misfit(*service)),
            }
            let event = event.as_ref().ok();
            self.positions.advance(*service, row, event);
            match event.map(|event| indexed(event, *service, row.sequence)) {
                Some(Ok(change)) => changes.extend(change),
                Some(Err(())) | None => self.skipped += 1,
            }
        }
        Ok(changes)
    }
}
