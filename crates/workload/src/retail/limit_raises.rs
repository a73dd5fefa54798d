//! Which customers this file has given room already: read from the CUSTOMER stream, where each event
//! carries the key of its command.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use client::http::idempotency_key::purpose_of;
use client::streams::Streams;
use contracts::service;
use protocol::{Row, headers};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The line of a row's headers that names its command.
const KEY: &str = "ce-idempotencykey";

/// What commands to customers were for, as far as the stream was read.
#[derive(Debug)]
pub(crate) struct Raised {
    purposes: Arc<Mutex<HashSet<String>>>,
    position: watch::Receiver<u64>,
    task: JoinHandle<()>,
    patience: Duration,
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Raised {
    /// Begins to read the stream, from its first row.
    pub(crate) fn begin(streams: &Streams, patience: Duration) -> Self {
        let (reading, rows) = streams.read(service::CUSTOMER);
        let purposes = Arc::new(Mutex::new(HashSet::new()));
        let (sender, position) = watch::channel(0);
        let all = Arc::clone(&purposes);
        let task = tokio::spawn(async move {
            // The reading goes on as long as this is kept.
            let _reading = reading;
            collect(rows, &all, &sender).await;
        });
        Self { purposes, position, task, patience }
    }

    /// Whether a command with that purpose was accepted up to that version.
    ///
    /// # Errors
    /// When the stream does not get there in time.
    pub(crate) async fn has(&self, purpose: &str, version: u64) -> anyhow::Result<bool> {
        let mut position = self.position.clone();
        let there = timeout(self.patience, position.wait_for(|read| *read >= version)).await;
        there.with_context(|| format!("row {version} of CUSTOMER is not in the broker"))??;
        Ok(self.purposes.lock().unwrap_or_else(PoisonError::into_inner).contains(purpose))
    }
}

async fn collect(
    mut rows: mpsc::Receiver<Row>,
    purposes: &Mutex<HashSet<String>>,
    position: &watch::Sender<u64>,
) {
    while let Some(row) = rows.recv().await {
        if let Some((_, key)) = headers::lines(&row.headers).find(|(name, _)| *name == KEY) {
            let mut purposes = purposes.lock().unwrap_or_else(PoisonError::into_inner);
            purposes.insert(purpose_of(key).to_owned());
        }
        position.send_replace(row.sequence);
    }
}
