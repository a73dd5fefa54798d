//! Building the read model anew beside the one that is read, comparing the two, and switching.
//!
//! A new generation is folded by a projector of its own until it has caught up; nobody reads it
//! until the pointer is moved to it, in one step of Redis. The one before is kept as it was, to go
//! back to, until the next building begins.
//!
//! When the views have changed, the live generation is of an older version. It is read on, and a
//! new one is built and switched to without being asked: no build can fold the old one further.
//!
//! Deliberately absent: building one view alone. A generation has one position, so that any answer
//! is the fold of one prefix of the streams.

pub mod compare;
pub mod records;

pub mod http;

mod json;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::keys::{self, Generation, VIEWS_VERSION};
use crate::projector::Projector;
use crate::projector_status::{ProjectorStatus, Rebuild};
use crate::sources::Source;
use crate::store::generations::{Generations, Step};
use crate::store::{Store, StoreError};

/// How often it is looked whether there is something to build.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Attempts to switch while both generations move; the wait between them.
const SWITCH_ATTEMPTS: usize = 200;
const SWITCH_WAIT: Duration = Duration::from_millis(10);

/// Builds, compares and switches generations. Clones share what is being built.
pub struct Builder<S>(Arc<Parts<S>>);

struct Parts<S> {
    client: redis::Client,
    source: S,
    clock: fn() -> Timestamp,
    building: Mutex<Option<Building>>,
}

/// The projector that folds the next generation.
struct Building {
    standing: watch::Receiver<ProjectorStatus>,
    task: JoinHandle<()>,
}

/// What people are told of the generations.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GenerationOverview")]
pub struct Overview {
    /// The version of the views that this build writes.
    pub views_version: u32,
    /// The one that is read.
    pub live: Option<Described>,
    /// The one that is built beside it.
    pub next: Option<Described>,
    /// The one that was read before.
    pub previous: Option<Described>,
}

/// What people are told of one generation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Generation")]
pub struct Described {
    pub id: String,
    /// The version of its views.
    pub version: u32,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// Whether it was built to its end.
    pub built: bool,
    /// How many rows it has folded.
    pub folded: Option<u64>,
    /// How far its building is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<Rebuild>,
}

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Redis cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A generation is being built already.
    #[error("generation {0} is being built already: activate or delete it first")]
    UnderWay(Generation),
    /// There is no such generation.
    #[error("there is no generation {0} that this could be done with")]
    Unknown(String),
    /// It is not built to its end.
    #[error("generation {0} is not built to its end yet")]
    Unbuilt(Generation),
    /// It has folded less than the live one, and does not catch up.
    #[error("generation {0} does not catch up with the live one")]
    Behind(Generation),
    /// It was folded by another build.
    #[error("generation {0} was folded by another build: run that one to go back to it")]
    OtherVersion(Generation),
    /// It is the live one.
    #[error("generation {0} is the live one")]
    Live(Generation),
    /// Somebody else has moved the pointers meanwhile.
    #[error("the generations have changed meanwhile: look again")]
    Moved,
}

impl<S> Clone for Builder<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Source + Clone + Sync> Builder<S> {
    /// A builder that folds what `source` reads into `client`'s server.
    #[must_use]
    pub fn new(client: redis::Client, source: S, clock: fn() -> Timestamp) -> Self {
        Self(Arc::new(Parts { client, source, clock, building: Mutex::default() }))
    }

    /// Goes on with whatever is to be built, for as long as it runs: what was under way when a
    /// process ended, and what a change of the views asks for.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "whether there is something to build is not known");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&self) -> Result<(), Refused> {
        let mut store = self.store().await?;
        let Generations { live, next, .. } = store.generations().await?;
        let is_older = live.as_ref().is_some_and(|live| live.generation.version() < VIEWS_VERSION);
        let Some(next) = next else {
            self.stop();
            if is_older {
                self.start().await?;
            }
            return Ok(());
        };
        self.build();
        if is_older && next.built {
            self.activate(&next.generation.to_string()).await?;
        }
        Ok(())
    }

    /// Begins to build a generation beside the live one.
    ///
    /// # Errors
    /// When one is being built already, or Redis fails.
    pub async fn start(&self) -> Result<Generation, Refused> {
        let mut store = self.store().await?;
        let Generations { live, next, .. } = store.generations().await?;
        if let Some(next) = next {
            return Err(Refused::UnderWay(next.generation));
        }
        let live = live.map(|live| live.generation);
        let begun = store.begin_next(live.as_ref(), (self.0.clock)()).await?;
        let begun = begun.ok_or(Refused::Moved)?;
        tracing::info!(generation = %begun, "a generation is built beside the live one");
        self.build();
        Ok(begun)
    }

    /// What there is.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn overview(&self) -> Result<Overview, Refused> {
        let Generations { live, next, previous } = self.store().await?.generations().await?;
        let rebuild = self.building().as_ref().and_then(|own| own.standing.borrow().rebuild());
        let next = next.map(|next| Described { rebuild, ..Described::of(next) });
        let (live, previous) = (live.map(Described::of), previous.map(Described::of));
        Ok(Overview { views_version: VIEWS_VERSION, live, next, previous })
    }

    /// Makes the generation the live one: the next one, or the previous one again.
    ///
    /// # Errors
    /// When it is none of these, is not fit to be read, or Redis fails.
    pub async fn activate(&self, id: &str) -> Result<(), Refused> {
        let mut store = self.store().await?;
        for _ in 0..SWITCH_ATTEMPTS {
            let Generations { live, next, previous } = store.generations().await?;
            let live = live.map(|live| live.generation);
            let named =
                |one: &crate::store::generations::ProjectorStatus| one.generation.to_string() == id;
            let (step, other) = if let Some(next) = next.filter(named) {
                (store.activate(live.as_ref(), &next.generation).await?, next.generation)
            } else if let Some(previous) = previous.filter(named) {
                let other = previous.generation;
                if other.version() != VIEWS_VERSION {
                    return Err(Refused::OtherVersion(other));
                }
                (store.roll_back(live.as_ref(), &other).await?, other)
            } else {
                return Err(Refused::unknown_or_live(id, live));
            };
            match step {
                Step::Done => {
                    tracing::info!(generation = %other, "another generation is live");
                    return Ok(());
                }
                Step::Unbuilt => return Err(Refused::Unbuilt(other)),
                Step::Moved | Step::Behind => tokio::time::sleep(SWITCH_WAIT).await,
            }
        }
        Err(id.parse().map_or_else(|_| Refused::Unknown(id.to_owned()), Refused::Behind))
    }

    /// Takes away the next or the previous generation.
    ///
    /// # Errors
    /// When it is none of these, or Redis fails.
    pub async fn discard(&self, id: &str) -> Result<(), Refused> {
        let mut store = self.store().await?;
        let Generations { live, next, previous } = store.generations().await?;
        for (pointer, one) in [(keys::NEXT, next), (keys::PREVIOUS, previous)] {
            let Some(one) = one.filter(|one| one.generation.to_string() == id) else { continue };
            if pointer == keys::NEXT {
                self.stop();
            }
            return match store.drop_generation(pointer, &one.generation).await? {
                Step::Done => Ok(()),
                Step::Moved | Step::Unbuilt | Step::Behind => Err(Refused::Moved),
            };
        }
        Err(Refused::unknown_or_live(id, live.map(|live| live.generation)))
    }

    async fn store(&self) -> Result<Store, StoreError> {
        Store::connect(&self.0.client).await
    }

    /// Folds the next generation, if that is not being done.
    fn build(&self) {
        let mut building = self.building();
        if building.as_ref().is_some_and(|building| !building.task.is_finished()) {
            return;
        }
        let Parts { client, source, clock, .. } = &*self.0;
        let projector = Projector::new(client.clone(), source.clone(), *clock).of_next();
        let standing = projector.standing();
        *building = Some(Building { standing, task: tokio::spawn(projector.run()) });
    }

    fn stop(&self) {
        if let Some(building) = self.building().take() {
            building.task.abort();
        }
    }

    fn building(&self) -> MutexGuard<'_, Option<Building>> {
        self.0.building.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Described {
    fn of(one: crate::store::generations::ProjectorStatus) -> Self {
        Self {
            id: one.generation.to_string(),
            version: one.generation.version(),
            begun_at: one.generation.begun_at(),
            built: one.built,
            folded: one.positions.map(|positions| positions.rows()),
            rebuild: None,
        }
    }
}

impl Refused {
    fn unknown_or_live(id: &str, live: Option<Generation>) -> Self {
        match live.filter(|live| live.to_string() == id) {
            Some(live) => Self::Live(live),
            None => Self::Unknown(id.to_owned()),
        }
    }
}
