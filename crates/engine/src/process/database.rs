//! What a driver does with the engine for its process: the effects that concern the database.

use protocol::Timestamp;

use super::seam::{DatabaseAnswer, DatabaseRequest, Inputs, Notes};
use crate::batch::{Batch, Engine, Fatal, QueuedInput, RestoreError};
use crate::domain::Domain;
use crate::outbox;
use crate::starting::Fence;
use crate::state::StateError;

/// Due timers that fire in one commit at most.
const TIMERS_AT_ONCE: u32 = 256;

impl<D: Domain> Engine<D> {
    /// Carries out [`super::Effect::Commit`] at the time `now`.
    ///
    /// # Errors
    /// When the database fails or is no longer this process's own.
    pub fn commit(
        &mut self,
        inputs: Inputs<D::Command, D::Event>,
        now: Timestamp,
    ) -> Result<Batch<D::Refusal, D::Event>, Fatal> {
        let Inputs { mut queued, timers_due, row_bytes_max } = inputs;
        self.limit_rows(row_bytes_max);
        if let Some(by) = timers_due {
            let due = self.timers_due(by.min(now), TIMERS_AT_ONCE)?;
            queued.extend(due.into_iter().map(QueuedInput::Timer));
        }
        if queued.is_empty() {
            return Ok(Batch::empty(self.known().clone()));
        }
        self.run(&queued, now)
    }

    /// Carries out [`super::Effect::Database`].
    ///
    /// # Errors
    /// When the database fails or is no longer this process's own.
    pub fn answer(&mut self, request: DatabaseRequest) -> Result<DatabaseAnswer, Fatal> {
        match request {
            DatabaseRequest::Notes => Ok(DatabaseAnswer::Notes(Notes {
                known: self.known().clone(),
                restoring: self.is_restoring()?,
                recovered: outbox::last_recovered(&self.read(), D::SERVICE)?,
                corrupt: self.corrupt_message()?,
            })),
            DatabaseRequest::Rows { from, limit } => {
                Ok(DatabaseAnswer::Rows(outbox::rows(&self.read(), from, limit)?))
            }
            DatabaseRequest::Verify => match outbox::verify(&self.read()) {
                Ok(end) => Ok(DatabaseAnswer::Verified(Ok(end))),
                Err(StateError::Contradiction(what)) => Ok(DatabaseAnswer::Verified(Err(what))),
                Err(error) => Err(error.into()),
            },
            DatabaseRequest::BeginHistory(history) => {
                self.begin_history(history)?;
                Ok(DatabaseAnswer::Done)
            }
            DatabaseRequest::Restore(rows) => restored(self.restore(&rows)),
            DatabaseRequest::ConcludeRestoring(row) => restored(self.conclude_restoring(&row)),
            DatabaseRequest::NoteCorrupt(message) => {
                self.note_corrupt_message(message)?;
                Ok(DatabaseAnswer::Done)
            }
            DatabaseRequest::Rewind(stream, foreign) => {
                let to = self.rewind(stream, &foreign)?;
                Ok(DatabaseAnswer::Rewound(stream, to))
            }
            DatabaseRequest::Copy(now) => {
                Ok(DatabaseAnswer::Copied(self.copy(now).map_err(|error| error.to_string())))
            }
        }
    }
}

fn restored(went: Result<(), RestoreError>) -> Result<DatabaseAnswer, Fatal> {
    let fence = match went {
        Ok(()) => return Ok(DatabaseAnswer::Restored(Ok(()))),
        Err(RestoreError::Fatal(Fatal::State(StateError::Contradiction(what)))) => {
            Fence::CannotRestore(what)
        }
        Err(RestoreError::Fatal(fatal)) => return Err(fatal),
        Err(RestoreError::Newer { sequence, reason }) => {
            Fence::NewerBuild { message: sequence, reason }
        }
        Err(
            error @ (RestoreError::Broken(_)
            | RestoreError::NotUnderstood { .. }
            | RestoreError::OtherHistory { .. }),
        ) => Fence::CannotRestore(error.to_string()),
    };
    Ok(DatabaseAnswer::Restored(Err(fence)))
}
