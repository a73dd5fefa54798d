//! For a process that only answers: looks where another process's projector has brought the read
//! model, often enough that waiting for a token takes hardly longer than in the projector's own.

use std::convert::Infallible;
use std::time::Duration;

use contracts::service;
use protocol::Timestamp;
use runtime::reading::Progress;
use tokio::sync::watch;
use tokio::time::Instant;

use super::report::{self, Report};
use super::{Began, Phase, ProjectorStatus};
use crate::keys::{Generation, VIEWS_VERSION};
use crate::positions::Positions;
use crate::store::{self, Store, StoreError, fitness};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Wait before connecting again.
const RETRY: Duration = Duration::from_millis(200);

/// Looks, and says what it sees.
pub struct ProjectorMonitor {
    client: redis::Client,
    standing: watch::Sender<ProjectorStatus>,
    streams: Vec<watch::Sender<Progress>>,
}

/// What one look sees.
struct Look {
    generation: Option<Generation>,
    positions: Positions,
    phase: Phase,
    report: Option<Report>,
}

impl ProjectorMonitor {
    /// A monitor of `client`'s server.
    #[must_use]
    pub fn new(client: redis::Client, clock: fn() -> Timestamp) -> Self {
        let streams: Vec<_> = service::ALL.iter().map(|_| watch::Sender::default()).collect();
        let progress = service::ALL.into_iter().zip(streams.iter().map(watch::Sender::subscribe));
        let standing =
            ProjectorStatus { clock, progress: progress.collect(), ..ProjectorStatus::default() };
        Self { client, standing: watch::Sender::new(standing), streams }
    }

    /// Where the read model stands, now and later.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<ProjectorStatus> {
        self.standing.subscribe()
    }

    /// Looks until it is dropped.
    pub async fn run(self) {
        loop {
            let Err(error) = self.follow().await;
            let away = Phase::Away(store::at(&self.client, &error.to_string()));
            self.standing.send_modify(|standing| standing.enter(away));
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn follow(&self) -> Result<Infallible, StoreError> {
        let mut store = Store::connect(&self.client).await?;
        let mut next_fitness = Instant::now() + fitness::CHECK_EVERY;
        loop {
            if next_fitness <= Instant::now() {
                next_fitness = Instant::now() + fitness::CHECK_EVERY;
                store.check().await?;
            }
            self.take(look(&mut store).await?);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn take(&self, look: Look) {
        let reports = look.report.map(|report| report.streams).unwrap_or_default();
        for (stream, report) in self.streams.iter().zip(reports) {
            stream.send_modify(|progress| report.apply_to(progress));
        }
        self.standing.send_if_modified(|standing| {
            let moved = standing.positions != look.positions
                || standing.generation != look.generation
                || standing.phase != look.phase;
            if look.phase == Phase::Rebuilding && standing.phase != Phase::Rebuilding {
                standing.began = Began { at: (standing.clock)(), rows: look.positions.rows() };
            }
            standing.positions = look.positions;
            standing.generation = look.generation;
            standing.enter(look.phase);
            moved
        });
    }
}

async fn look(store: &mut Store) -> Result<Look, StoreError> {
    let live = store.generations().await?.live;
    let report: Option<Report> =
        store.text(report::KEY).await?.and_then(|text| serde_json::from_str(&text).ok());
    let phase = phase(live.as_ref().is_some_and(|live| live.built), report.as_ref());
    let is_older = live.as_ref().is_some_and(|live| live.generation.version() < VIEWS_VERSION);
    let phase = if is_older { Phase::StaleVersion } else { phase };
    let generation = live.as_ref().map(|live| live.generation.clone());
    let positions = live.and_then(|live| live.positions).unwrap_or_default();
    Ok(Look { generation, positions, phase, report })
}

fn phase(built: bool, report: Option<&Report>) -> Phase {
    match report {
        _ if !built => Phase::Rebuilding,
        None => Phase::Away("no projector is heard of".to_owned()),
        Some(Report { away: Some(reason), .. }) => Phase::Away(reason.clone()),
        Some(Report { follows: true, .. }) => Phase::Following,
        Some(_) => Phase::CatchingUp,
    }
}
