//! Where the projector's rows come from: six streams, each read in order from where Redis stands.
//!
//! A seam, so that the projector can be driven without a broker.

use std::sync::Arc;

use contracts::{Row, Service};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::positions::Positions;

/// What is known of the reading of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whether the broker delivers.
    pub connected: bool,
    /// The stream's last sequence, as far as it is known.
    pub last: Option<u64>,
    /// Why reading stands still.
    pub alarm: Option<String>,
    /// Whether it stands still because the stream tells another history than the one that was
    /// folded: waiting will not help.
    pub replaced: bool,
}

/// Reads streams.
pub trait Source: Send + 'static {
    /// Starts reading every stream behind these positions into `sink`. Dropping what is returned
    /// ends the reading.
    fn open(&mut self, from: &Positions, sink: mpsc::Sender<(Service, Row)>) -> Readings;
}

/// The reading of all streams, for as long as this is kept.
pub struct Readings {
    progress: Arc<[(Service, watch::Receiver<Progress>)]>,
    guards: Vec<AbortHandle>,
}

impl Readings {
    /// Readings whose progress is told here, and whose tasks end with them.
    #[must_use]
    pub fn new(
        progress: impl IntoIterator<Item = (Service, watch::Receiver<Progress>)>,
        guards: Vec<AbortHandle>,
    ) -> Self {
        Self { progress: progress.into_iter().collect(), guards }
    }

    /// How the reading of each stream goes.
    #[must_use]
    pub fn progress(&self) -> Arc<[(Service, watch::Receiver<Progress>)]> {
        Arc::clone(&self.progress)
    }

    /// Why the streams cannot be what was folded, if that is so.
    #[must_use]
    pub fn replaced(&self) -> Option<String> {
        self.progress.iter().find_map(|(service, progress)| {
            let progress = progress.borrow();
            let alarm = progress.alarm.clone().unwrap_or_default();
            progress.replaced.then(|| format!("stream {}: {alarm}", service.stream()))
        })
    }
}

impl Drop for Readings {
    fn drop(&mut self) {
        self.guards.iter().for_each(AbortHandle::abort);
    }
}
