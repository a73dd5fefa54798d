//! Taking over from the stream what the database has lost.

use async_nats::jetstream::context::PublishErrorKind;
use bytes::Bytes;
use contracts::Row;
use engine::batch::{Fatal, RestoreError};
use engine::reading::{Alarm, Stopped};
use engine::starting::Fence;
use engine::{Domain, StateError};
use tokio::sync::mpsc;

use super::{Setback, Start};
use crate::failpoint::Point;
use crate::handle::now;
use crate::nats::streams::AskError;
use crate::nats::wire;
use crate::reading;

/// Rows of one transaction.
const ROWS_AT_ONCE: usize = 1_000;

impl<D: Domain> Start<'_, D> {
    /// Restores up to `up_to`, and takes the end of the stream with a `recovered` row before
    /// anything is decided: a killed predecessor's bytes may still be arriving.
    pub(super) async fn restore(&mut self, up_to: u64) -> Result<(), Setback> {
        let before = self.engine.head().sequence;
        if !self.take_rows(up_to).await? {
            // What follows nothing is judged when all is seen anew.
            return Ok(());
        }
        let row = self.engine.recovered_row(up_to.saturating_sub(before), now())?;
        if self.publish(&row).await? {
            Point::MidRestore.pass();
            self.engine.restore(std::slice::from_ref(&row)).map_err(setback)?;
            tracing::info!(rows = up_to - before, "the database was restored from the stream");
        }
        Ok(())
    }

    /// Takes rows up to `up_to`. Says whether all could be taken; if none could, that is a fence.
    async fn take_rows(&mut self, up_to: u64) -> Result<bool, Setback> {
        let before = self.engine.head().sequence;
        if before >= up_to {
            return Ok(true);
        }
        let (sink, mut rows) = mpsc::channel(ROWS_AT_ONCE);
        let (connection, name) = (self.connection.clone(), D::SERVICE.name());
        let reading = reading::spawn(connection, name, D::SERVICE, self.engine.head(), sink);
        while self.engine.head().sequence < up_to {
            let mut batch = Vec::with_capacity(ROWS_AT_ONCE);
            tokio::select! {
                count = rows.recv_many(&mut batch, ROWS_AT_ONCE) => if count == 0 {
                    return Err(Setback::Ask(AskError("reading the stream ended".to_owned())));
                },
                wrong = reading.alarm() => {
                    while let Ok(row) = rows.try_recv() {
                        batch.push(row);
                    }
                    if batch.is_empty() && self.engine.head().sequence > before {
                        return Ok(false);
                    }
                    if batch.is_empty() {
                        return Err(Setback::Fence(cannot_restore(wrong)));
                    }
                }
            }
            batch.retain(|row| row.sequence <= up_to);
            self.engine.restore(&batch).map_err(setback)?;
            Point::MidRestore.pass();
        }
        Ok(true)
    }

    /// Whether the stream took the row as its next. If not, another one came first.
    async fn publish(&self, row: &Row) -> Result<bool, Setback> {
        let ask = |error: String| Setback::Ask(AskError(error));
        let (headers, payload) = (wire::headers_of(row), Bytes::from_owner(row.payload.clone()));
        let context = self.context();
        let publishing = context.publish_with_headers(row.subject.clone(), headers, payload).await;
        match publishing.map_err(|error| ask(error.to_string()))?.await {
            Ok(stored) => Ok(stored.sequence == row.sequence && !stored.duplicate),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(false),
            Err(error) => Err(ask(error.to_string())),
        }
    }
}

fn cannot_restore(wrong: Alarm) -> Fence {
    match wrong {
        Alarm::Stopped(Stopped::Damaged(message)) => Fence::Foreign { message },
        Alarm::Stopped(_) | Alarm::TooShort { .. } | Alarm::Holed => {
            Fence::CannotRestore(wrong.to_string())
        }
    }
}

fn setback(error: RestoreError) -> Setback {
    match error {
        RestoreError::Fatal(Fatal::State(StateError::Contradiction(what))) => {
            Setback::Fence(Fence::CannotRestore(what))
        }
        RestoreError::Fatal(fatal) => Setback::Fatal(fatal),
        RestoreError::Broken(_)
        | RestoreError::NotUnderstood { .. }
        | RestoreError::OtherHistory { .. } => {
            Setback::Fence(Fence::CannotRestore(error.to_string()))
        }
    }
}
