//! A search over orders, customers and products: prefixes of words, with slips of the pen forgiven.
//!
//! An index of its own, in the memory of each process, built from the streams CUSTOMER, PRODUCT and
//! ORDER and kept up by the projector's reading of them, or by its own where no projector follows them.
//! It is lost with the process and built anew by the next one, since what it holds is nothing that the
//! streams do not; every answer says how far it has come. SQLite's FTS5 finds; [`spelling`] decides which
//! words might have been meant.
//!
//! * [`document`]: what an event changes about what can be found; [`words`]: in which form.
//! * [`index`]: the tables, and what is written to them; [`lookup`] and [`orders`]: what is read.
//! * [`follower`]: from the streams into the index.
//!
//! Deliberately absent: ranking by relevance. What was asked for by its id comes first, then customers,
//! products and orders, the newest first, so that pages can be turned while more comes in.

pub mod document;
pub mod follower;
pub mod index;
pub mod lookup;
pub mod orders;
pub mod spelling;
pub mod words;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contracts::service;
use protocol::Service;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;

use crate::freshness::Freshness;
use crate::positions::Positions;
use crate::projector_status::{Phase, ProjectorStatus};
use crate::reader::{Missing, Wanted, missing};
use crate::sources::AllProgress;
use index::Index;
use lookup::{Found, Question};
use orders::{OrderList, WantedOrders};

/// The streams that say what can be found.
pub const STREAMS: [Service; 3] = [service::CUSTOMER, service::PRODUCT, service::ORDER];

/// Why nothing was found out.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index does not work.
    #[error("the index failed: {0}")]
    Index(#[from] rusqlite::Error),
    /// The search was given up, since the process stops.
    #[error("the search was given up: {0}")]
    GivenUp(#[from] tokio::task::JoinError),
}

/// The search. Clones share one index.
#[derive(Clone)]
pub struct Search {
    index: Arc<Mutex<Index>>,
    stands: watch::Sender<Stands>,
}

/// How far the index has come.
#[derive(Clone, Default)]
struct Stands {
    positions: Positions,
    progress: Option<AllProgress>,
    /// What the streams held when they were first looked at, one by one.
    goals: [Option<u64>; STREAMS.len()],
    skipped: u64,
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SearchAnswer {
    /// What was found.
    #[serde(flatten)]
    pub found: Found,
    /// Events that this build does not understand: what they say cannot be found.
    pub skipped: u64,
}

impl Search {
    /// A search over nothing, for a [`follower`] to fill.
    ///
    /// # Errors
    /// When the tables cannot be made.
    pub fn new() -> Result<Self, SearchError> {
        let index = Arc::new(Mutex::new(Index::new()?));
        Ok(Self { index, stands: watch::Sender::default() })
    }

    /// Looks for what is asked, and says of which prefix of the streams the answer is made.
    ///
    /// # Errors
    /// When the index fails.
    pub async fn ask(&self, question: Question) -> Result<(SearchAnswer, Positions), SearchError> {
        let looked = self.read(move |index| lookup::look_up(index, &question)).await?;
        let (found, Stands { positions, skipped, .. }) = looked;
        Ok((SearchAnswer { found, skipped }, positions))
    }

    /// Lists orders, and says of which prefix of the streams the list is made.
    ///
    /// # Errors
    /// When the index fails.
    pub async fn list(&self, wanted: WantedOrders) -> Result<(OrderList, Positions), SearchError> {
        let (list, stands) = self.read(move |index| orders::list(index, &wanted)).await?;
        Ok((list, stands.positions))
    }

    /// Reads from the index, where it may take its time.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Index) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<(T, Stands), SearchError> {
        let (index, stands) = (Arc::clone(&self.index), self.stands.clone());
        let reading = move || {
            let index = index.lock().unwrap_or_else(PoisonError::into_inner);
            // Read under the lock: neither more nor less is in the index.
            let stands = stands.borrow().clone();
            Ok((read(&index)?, stands))
        };
        tokio::task::spawn_blocking(reading).await?
    }

    /// Waits, at most for `patience`, until the index has seen as much as is wanted of its streams.
    ///
    /// # Errors
    /// With what is still missing then.
    pub async fn wait_for(&self, wanted: &Wanted, patience: Duration) -> Result<(), Vec<Missing>> {
        let wanted: Wanted = wanted
            .iter()
            .filter(|(of, _)| STREAMS.contains(of))
            .map(|(of, at)| (*of, *at))
            .collect();
        let mut stands = self.stands.subscribe();
        let seen = stands.wait_for(|stands| missing(&stands.positions, &wanted).is_empty());
        if let Ok(Ok(_)) = tokio::time::timeout(patience, seen).await {
            return Ok(());
        }
        Err(missing(&self.stands.borrow().positions, &wanted))
    }

    /// How fresh an answer of these positions is: only of the streams that the index is made from.
    #[must_use]
    pub fn freshness(&self, positions: &Positions) -> Freshness {
        let stands = Stands { positions: positions.clone(), ..self.stands.borrow().clone() };
        let mut freshness = Freshness::of(positions, &stands.standing());
        freshness.streams.retain(|stream, _| STREAMS.iter().any(|of| of.stream() == *stream));
        freshness
    }

    /// Where the index stands.
    #[must_use]
    pub fn standing(&self) -> ProjectorStatus {
        self.stands.borrow().standing()
    }
}

impl Stands {
    fn standing(&self) -> ProjectorStatus {
        let (positions, progress) = (self.positions.clone(), self.progress.clone());
        let progress = progress.unwrap_or_default();
        ProjectorStatus { phase: self.phase(), positions, progress, ..ProjectorStatus::default() }
    }

    fn phase(&self) -> Phase {
        let folded = |service: Service| self.positions.of(service).sequence;
        let mut goals = STREAMS.into_iter().zip(self.goals);
        let reached = goals.all(|(of, goal)| goal.is_some_and(|goal| folded(of) >= goal));
        if reached { Phase::Following } else { Phase::Rebuilding }
    }

    /// Notes what the streams hold, of those that were looked at for the first time.
    fn note_goals(&mut self) {
        let Some(progress) = &self.progress else { return };
        for (service, goal) in STREAMS.iter().zip(&mut self.goals) {
            let found = progress.iter().find(|(of, _)| of == service);
            let found = found.map(|(_, progress)| progress.borrow().clone());
            if let (None, Some(found)) = (&goal, found.filter(|progress| progress.connected)) {
                *goal = Some(found.last_in_stream);
            }
        }
    }
}
