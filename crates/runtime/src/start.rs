//! Carries out [`engine::starting`] with the real broker: see, judge, act, and see again.

mod gather;
mod rebuild;
mod restore;

use std::path::PathBuf;
use std::time::Duration;

use async_nats::jetstream;
use contracts::HistoryId;
use engine::batch::Fatal;
use engine::starting::{self, Fence, Found, Step};
use engine::{Domain, Engine, StateError, outbox};

use crate::nats::streams::{self, AskError};
use crate::nats::{Connection, wire};
use crate::status::Status;

/// Wait before the broker is asked again.
const RETRY: Duration = Duration::from_millis(100);

/// Oldest broker whose behaviour was tried.
const BROKER_VERSION_MIN: (u32, u32, u32) = (2, 9, 10);

/// A start under way.
pub(crate) struct Start<'a, D: Domain> {
    pub(crate) engine: &'a mut Engine<D>,
    pub(crate) connection: &'a Connection,
    pub(crate) status: &'a Status,
    /// The folder of the database; copies are written beside it.
    pub(crate) data: PathBuf,
    pub(crate) first_start: bool,
    pub(crate) stream_replicas: usize,
    pub(crate) tried: Tried,
}

/// What was done already in this start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tried {
    copied: bool,
    rebuilt: bool,
    configured: bool,
    met_stray: bool,
    waited_for_stray: bool,
}

/// How a start ended.
pub(crate) enum Started {
    /// Outbox and stream tell one history.
    Ready(Found),
    /// A person has to choose.
    Fenced(Fence),
}

/// Why one step was not done.
pub(super) enum Setback {
    /// The broker could not be asked: again.
    Ask(AskError),
    /// The broker has to be another, or to be configured otherwise: again.
    Unfit(String),
    /// A person has to choose.
    Fence(Fence),
    /// The process must end.
    Fatal(Fatal),
}

impl<D: Domain> Start<'_, D> {
    /// Runs until the service may decide, or is fenced.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn run(mut self) -> Result<Started, Fatal> {
        loop {
            self.connection.connected().await;
            let stepped = self.step().await;
            self.status.tell(self.engine);
            match stepped {
                Ok(Some(found)) => return Ok(Started::Ready(found)),
                Ok(None) => {}
                Err(Setback::Fence(fence)) => return Ok(Started::Fenced(fence)),
                Err(Setback::Fatal(fatal)) => {
                    return Fence::of_fatal(&fatal).map(Started::Fenced).ok_or(fatal);
                }
                Err(Setback::Ask(error)) => {
                    self.wait(self.connection.explain(error.to_string())).await;
                }
                Err(Setback::Unfit(reason)) => {
                    self.wait(reason).await;
                    self.connection.renew().await;
                }
            }
        }
    }

    async fn wait(&self, reason: String) {
        self.status.update(|standing| {
            if standing.reason.as_ref() != Some(&reason) {
                tracing::warn!(reason, "the start waits");
                standing.reason = Some(reason);
            }
        });
        tokio::time::sleep(RETRY).await;
    }

    async fn step(&mut self) -> Result<Option<Found>, Setback> {
        check_version(&self.connection.client().server_info().version)?;
        let too_small = wire::too_small(self.connection.payload_bytes_max());
        too_small.map_or(Ok(()), |reason| Err(Setback::Unfit(reason)))?;
        let seen = self.gather().await?;
        let step = starting::next(&seen);
        tracing::info!(?step, head = seen.head.sequence, "starting");
        match step {
            Step::BeginHistory => {
                let history = HistoryId::from_bytes(*uuid::Uuid::new_v4().as_bytes());
                self.engine.begin_history(history)?;
            }
            Step::CreateStream => {
                outbox::verify(&self.engine.read()).map_err(damaged)?;
                self.create_stream().await?;
            }
            Step::Configure => self.configure().await?,
            Step::Restore { up_to, .. } => self.restore(up_to).await?,
            Step::Rebuild => self.rebuild().await?,
            Step::Publish(found) => {
                if self.engine.suspect()?.is_some() {
                    self.engine.note_suspect(0)?;
                }
                return Ok(Some(found));
            }
            Step::Fence(fence) => return Err(Setback::Fence(fence)),
        }
        Ok(None)
    }

    async fn create_stream(&self) -> Result<(), Setback> {
        let wanted = streams::wanted(D::SERVICE, self.stream_replicas);
        streams::create(&self.context(), &wanted).await?;
        Ok(())
    }

    async fn configure(&mut self) -> Result<(), Setback> {
        self.tried.configured = true;
        let wanted = streams::wanted(D::SERVICE, self.stream_replicas);
        if let Err(error) = self.context().update_stream(&wanted).await {
            tracing::warn!(%error, "the stream's configuration could not be set right");
        }
        Ok(())
    }

    fn context(&self) -> jetstream::Context {
        self.connection.jetstream(D::SERVICE)
    }
}

fn damaged(error: StateError) -> Setback {
    match error {
        StateError::Contradiction(what) => Setback::Fence(Fence::OutboxDamaged(what)),
        StateError::Database(_) | StateError::Full => Setback::from(error),
    }
}

fn check_version(version: &str) -> Result<(), Setback> {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    if (next(), next(), next()) >= BROKER_VERSION_MIN {
        return Ok(());
    }
    let (major, minor, patch) = BROKER_VERSION_MIN;
    let text = format!("the broker is {version}: {major}.{minor}.{patch} or newer is needed");
    Err(Setback::Unfit(text))
}

impl From<AskError> for Setback {
    fn from(error: AskError) -> Self {
        Self::Ask(error)
    }
}

impl From<Fatal> for Setback {
    fn from(fatal: Fatal) -> Self {
        Self::Fatal(fatal)
    }
}

impl From<StateError> for Setback {
    fn from(error: StateError) -> Self {
        Self::Fatal(Fatal::State(error))
    }
}
