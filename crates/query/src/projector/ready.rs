//! A folded batch, ready to be written while the next one is folded.

use tokio::task::JoinHandle;

use super::Setback;
use super::gauges::Measured;
use crate::fold::Changes;
use crate::positions::Positions;
use crate::store::{Live, Store, StoreError, Written};

/// A batch that is folded, and not yet sent.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) changes: Changes,
    /// Where it leads.
    pub(super) next: Positions,
    pub(super) measured: Measured,
}

/// A batch that was sent to Redis. Dropped, it is given up: whether it will be written is then not known.
#[derive(Debug)]
pub(super) struct Underway(JoinHandle<Result<Landed, StoreError>>);

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) written: Written,
    /// Where Redis stands, if it is written.
    pub(super) live: Live,
    pub(super) changes: Changes,
    pub(super) measured: Measured,
}

impl Ready {
    /// Sends it, to be written if Redis still stands at `live`.
    pub(super) fn send(self, store: &Store, live: &Live) -> Underway {
        let (mut store, mut live) = (store.clone(), live.clone());
        Underway(tokio::spawn(async move {
            let Self { changes, next, measured } = self;
            let written = store.write(&mut live, next, &changes).await?;
            Ok(Landed { written, live, changes, measured })
        }))
    }
}

impl Underway {
    /// Waits for Redis's answer.
    pub(super) async fn landed(mut self) -> Result<Landed, Setback> {
        Ok((&mut self.0).await??)
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.abort();
    }
}
