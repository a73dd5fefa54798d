//! Where the projector's rows come from: six streams, each read in order from where Redis stands.
//!
//! A seam, so that the projector can be driven without a broker. The search takes the same rows by its
//! [`feed`].

pub mod broker;
pub mod feed;

mod merge;

use std::sync::Arc;

use engine::reading::{Alarm, Stopped};
use protocol::Service;
use runtime::reading::Progress;
use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::fold::Item;
use crate::positions::Positions;

pub use broker::Broker;

use feed::Tap;

/// Reads streams.
pub trait Source: Send + 'static {
    /// Starts reading every stream behind these positions into `sink`, understood as far as can be.
    /// Dropping what is returned ends the reading.
    fn open(&mut self, from: &Positions, sink: Sink) -> Readings;
}

/// Where a source hands over its rows: those of one stream in their order, and none left out.
#[derive(Clone)]
pub struct Sink {
    rows: mpsc::Sender<Arc<Item>>,
    tap: Option<Arc<Tap>>,
}

/// How the reading of each stream goes.
pub type AllProgress = Arc<[(Service, watch::Receiver<Progress>)]>;

/// The reading of all streams, for as long as this is kept.
pub struct Readings {
    progress: AllProgress,
    tasks: Vec<AbortHandle>,
}

impl From<mpsc::Sender<Arc<Item>>> for Sink {
    fn from(rows: mpsc::Sender<Arc<Item>>) -> Self {
        Self { rows, tap: None }
    }
}

impl Sink {
    /// Hands over a row, once there is room for it.
    ///
    /// # Errors
    /// When nobody takes rows any more.
    pub async fn send(&self, item: Arc<Item>) -> Result<(), SendError<()>> {
        let room = match self.rows.try_reserve() {
            Ok(room) => room,
            Err(TrySendError::Closed(())) => return Err(SendError(())),
            Err(TrySendError::Full(())) => self.room().await?,
        };
        if let Some(tap) = &self.tap {
            tap.pass(&item);
        }
        room.send(item);
        Ok(())
    }

    async fn room(&self) -> Result<mpsc::Permit<'_, Arc<Item>>, SendError<()>> {
        let Some(tap) = &self.tap else { return self.rows.reserve().await };
        tap.hold_up();
        let room = self.rows.reserve().await?;
        tap.go_on();
        Ok(room)
    }
}

impl Readings {
    /// Readings whose progress is told here, and whose tasks end with them.
    #[must_use]
    pub fn new(
        progress: impl IntoIterator<Item = (Service, watch::Receiver<Progress>)>,
        tasks: Vec<AbortHandle>,
    ) -> Self {
        Self { progress: progress.into_iter().collect(), tasks }
    }

    /// How the reading of each stream goes.
    #[must_use]
    pub fn progress(&self) -> AllProgress {
        Arc::clone(&self.progress)
    }

    /// Why the streams cannot be those that were folded, if that is so.
    #[must_use]
    pub fn replaced(&self) -> Option<String> {
        replaced(&self.progress)
    }
}

impl Drop for Readings {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Why the streams cannot be those that were read, if that is so.
pub(crate) fn replaced(progress: &AllProgress) -> Option<String> {
    progress.iter().find_map(|(service, progress)| {
        let alarm = alarm_of_another_history(&progress.borrow())?;
        Some(format!("stream {}: {alarm}", service.stream()))
    })
}

/// Of all alarms the one that waiting does not help against: the stream tells another history than
/// the one that was folded. A stream that is too short or has holes is mended by its owner.
fn alarm_of_another_history(progress: &Progress) -> Option<String> {
    match &progress.wrong {
        Some(Alarm::Stopped(stopped @ Stopped::Replaced(_))) => Some(stopped.to_string()),
        Some(_) | None => None,
    }
}
