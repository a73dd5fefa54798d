//! The projector: takes whatever rows have queued up, folds them, writes them, and goes on.
//!
//! It never trusts its memory for where it stands. Whenever Redis is found elsewhere than expected,
//! it asks Redis and reads on from there: a flush, a restart, an older copy, a second projector and
//! a hand on the position are all the same to it. What no fold can have written is built anew. The
//! records that the last batch has touched are remembered, since the next is written only if Redis
//! still stands where that one has left it.
//!
//! A batch is what came while the one before was being written, but for a moment's pause where rows
//! keep coming; a row that comes after a pause is folded at once. Where many wait, the next batch is
//! folded while the last is being written, and sent once that is known to be.
//!
//! A fold that panics is thrown away with what it remembered, and its rows are folded again in smaller batches,
//! until the one that it is about is known and parked.

pub mod batch;

mod folding;
mod following;
mod gauges;
mod suspicion;

use std::convert::Infallible;
use std::time::Duration;

use protocol::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinError};

use crate::keys::Generation;
use crate::projector_status::{Began, Phase, ProjectorStatus, report};
use crate::sources::{Readings, Source};
use crate::store::{self, Found, GenerationRole, Live, Store, StoreError};
use following::Following;

/// Rows that wait to be folded.
const QUEUE_ROWS: usize = 16_384;

/// Wait before trying again after a failure.
const RETRY: Duration = Duration::from_millis(500);

/// Folds streams into Redis for as long as it runs.
pub struct Projector<S> {
    client: redis::Client,
    source: S,
    clock: fn() -> Timestamp,
    role: GenerationRole,
    standing: watch::Sender<ProjectorStatus>,
}

/// A task that ends with this value.
struct Beside(AbortHandle);

/// Why a projector starts over from what Redis says.
#[derive(Debug, thiserror::Error)]
pub enum Setback {
    /// Redis cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What Redis held cannot have been folded from these streams. A new generation has begun.
    #[error("the read model is built anew: {0}")]
    BuiltAnew(String),
    /// The readings have ended.
    #[error("the reading of the streams has ended")]
    Ended,
    /// The folding of a batch broke off.
    #[error("the folding of a batch broke off: {0}")]
    BrokeOff(#[from] JoinError),
    /// What is read was folded by an older build. It is read on until another has been built.
    #[error("generation {0} is of an older version of the views: a new one has to be built")]
    Older(Generation),
    /// The generation that was built beside the live one is no longer wanted there.
    #[error("there is no generation to be built")]
    Over,
}

impl<S: Source> Projector<S> {
    /// A projector that writes to `client`'s server and reads from `source`.
    #[must_use]
    pub fn new(client: redis::Client, source: S, clock: fn() -> Timestamp) -> Self {
        let standing = watch::Sender::new(ProjectorStatus { clock, ..ProjectorStatus::default() });
        Self { client, source, clock, role: GenerationRole::Live, standing }
    }

    /// The same, for the generation that is built beside the live one. It ends when there is none.
    #[must_use]
    pub fn of_next(self) -> Self {
        Self { role: GenerationRole::Next, ..self }
    }

    /// Where the read model stands, now and later.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<ProjectorStatus> {
        self.standing.subscribe()
    }

    /// Folds until it is dropped. That may happen at any moment: what was not written is folded
    /// again by whoever comes next.
    pub async fn run(mut self) {
        loop {
            let Err(setback) = self.follow().await;
            match setback {
                Setback::Over => return,
                Setback::Older(generation) => self.stand_by(generation).await,
                Setback::Store(_)
                | Setback::BuiltAnew(_)
                | Setback::Ended
                | Setback::BrokeOff(_) => self.start_over(&setback).await,
            }
        }
    }

    async fn start_over(&mut self, setback: &Setback) {
        metrics::counter!("murmur_query_setbacks_total").increment(1);
        tracing::warn!(reason = %setback, "the projector starts over from what Redis says");
        let mut reason = setback.to_string();
        if matches!(setback, Setback::Store(_)) {
            reason = store::at(&self.client, &reason);
        }
        self.standing.send_modify(|standing| standing.enter(Phase::Away(reason)));
        tokio::time::sleep(RETRY).await;
    }

    /// Leaves a generation of an older version as it is.
    async fn stand_by(&mut self, generation: Generation) {
        self.standing.send_if_modified(|standing| {
            let is_new = standing.generation.as_ref() != Some(&generation);
            if is_new {
                tracing::warn!(%generation, "the views have changed: a new generation must be built");
            }
            standing.enter(Phase::StaleVersion);
            standing.generation = Some(generation);
            is_new
        });
        tokio::time::sleep(RETRY).await;
    }

    async fn follow(&mut self) -> Result<Infallible, Setback> {
        let mut store = Store::connect(&self.client).await?.in_role(self.role);
        let mut live = settle(&mut store, self.role, self.clock).await?;
        sweep(&store);
        loop {
            let (sink, rows) = mpsc::channel(QUEUE_ROWS);
            let readings = self.source.open(&live.positions, sink.into());
            self.report_opened(&live, &readings);
            let caught_up = tokio::spawn(report_caught_up(
                self.standing.clone(),
                store.clone(),
                live.generation.clone(),
            ));
            let _publishing = self.publish_status(&store);
            let following = Following::new(&mut store, live, rows, &readings, self);
            let moved = following.run().await;
            caught_up.abort();
            // Only when it has really ended can it no longer speak for readings that are gone.
            drop(caught_up.await);
            live = moved?;
        }
    }

    /// Tells processes that only answer how it goes with what they read, for as long as this is kept.
    fn publish_status(&self, store: &Store) -> Option<Beside> {
        let publish = || report::publish(self.standing.subscribe(), store.connection());
        (self.role == GenerationRole::Live).then(|| Beside(tokio::spawn(publish()).abort_handle()))
    }

    fn report_opened(&self, live: &Live, readings: &Readings) {
        let began = Began { at: (self.clock)(), rows: live.positions.rows() };
        self.standing.send_modify(|standing| {
            standing.enter(if live.built { Phase::CatchingUp } else { Phase::Rebuilding });
            standing.began = began;
            standing.generation = Some(live.generation.clone());
            standing.positions = live.positions.clone();
            standing.progress = readings.progress();
        });
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Finds where Redis stands. Begins a generation if none can be folded further; but only for the
/// live one, since nobody else has asked for another.
async fn settle(
    store: &mut Store,
    role: GenerationRole,
    clock: fn() -> Timestamp,
) -> Result<Live, Setback> {
    loop {
        match (store.find().await?, role) {
            (Found::Live(live), _) => return Ok(live),
            (Found::Older(generation), GenerationRole::Live) => {
                return Err(Setback::Older(generation));
            }
            (Found::Older(_) | Found::Nothing { .. }, GenerationRole::Next) => {
                return Err(Setback::Over);
            }
            (Found::Nothing { pointer, reason }, GenerationRole::Live) => {
                tracing::warn!(reason, "a new generation of the read model begins");
                if let Some(live) = store.begin(pointer.as_deref(), clock()).await? {
                    return Ok(live);
                }
            }
        }
    }
}

/// Removes what older generations have left, beside everything else.
fn sweep(store: &Store) {
    let store = store.clone();
    tokio::spawn(async move {
        match store.sweep().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "keys of older generations were removed"),
            Err(error) => tracing::warn!(%error, "keys of older generations are left for later"),
        }
    });
}

/// Says that the projector follows, once it has folded all that the streams held when their
/// reading began. From then on the generation is read.
async fn report_caught_up(
    standing: watch::Sender<ProjectorStatus>,
    mut store: Store,
    generation: Generation,
) {
    let mut positions = standing.subscribe();
    let progress = positions.borrow().progress.clone();
    for (service, progress) in progress.iter() {
        let mut progress = progress.clone();
        // Only a stream that was looked at says where it ends.
        let Ok(goal) = progress.wait_for(|p| p.connected).await.map(|p| p.last_in_stream) else {
            return;
        };
        let reached = |standing: &ProjectorStatus| standing.positions.of(*service).sequence >= goal;
        if positions.wait_for(reached).await.is_err() {
            return;
        }
    }
    match store.mark_built(&generation).await {
        Ok(true) => tracing::info!(%generation, "the read model has caught up"),
        // The projector meets the same, and starts over.
        Ok(false) | Err(_) => return,
    }
    standing.send_modify(|standing| standing.enter(Phase::Following));
}
