//! Beginning a history, and taking rows over from the stream when the database has lost them.

use protocol::stored::RowError;
use protocol::{
    Cause, Headers, HistoryId, Id, Kind, Position, Recovered, Row, SealKeys, Service, Timestamp,
};

use super::step::{apply, sealed};
use super::{Engine, Fatal, Known};
use crate::database::schema;
use crate::domain::Domain;
use crate::outbox;
use crate::positions;
use crate::state::StateError;

/// Why rows cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The database failed.
    #[error(transparent)]
    Fatal(#[from] Fatal),
    /// A row does not follow the one before: damage, or another history.
    #[error("row {0} of the stream does not follow the one before it")]
    Broken(u64),
    /// A row cannot be understood.
    #[error("row {sequence} of the stream cannot be understood: {reason}")]
    NotUnderstood {
        /// Its number.
        sequence: u64,
        /// Why.
        reason: String,
    },
    /// A row is of a kind or a version that only a newer build knows.
    #[error("row {sequence} of the stream was written by a newer build: {reason}")]
    Newer {
        /// Its number.
        sequence: u64,
        /// What is not known.
        reason: String,
    },
    /// A row belongs to another history than the database.
    #[error("row {sequence} belongs to history {found}, this database tells {own}")]
    OtherHistory {
        /// Its number.
        sequence: u64,
        /// The row's.
        found: HistoryId,
        /// The database's.
        own: HistoryId,
    },
}

impl RestoreError {
    fn of(sequence: u64, error: &RowError) -> Self {
        let reason = error.to_string();
        if error.is_newer() {
            Self::Newer { sequence, reason }
        } else {
            Self::NotUnderstood { sequence, reason }
        }
    }
}

impl From<StateError> for RestoreError {
    fn from(error: StateError) -> Self {
        Self::Fatal(Fatal::State(error))
    }
}

impl<D: Domain> Engine<D> {
    /// Begins a new history, in an empty database, on an explicit first start.
    ///
    /// # Errors
    /// When the database fails, or a history has begun already.
    pub fn begin_history(&mut self, history: HistoryId) -> Result<(), Fatal> {
        if self.known.history.is_some() || self.known.head.sequence > 0 {
            let text = "a history has begun in this database already".to_owned();
            return Err(StateError::Contradiction(text).into());
        }
        self.database.transaction(|write| schema::set_history(write, history))?;
        self.known.history = Some(history);
        Ok(())
    }

    /// Takes over rows of the own stream that follow the outbox's end: appends them, applies their
    /// events, and goes on deciding above their last vector. In one transaction. Whose rows they are has
    /// been judged before: see [`protocol::seal`]. A `recovered` row is owed then, also where the last of
    /// the rows is one: that was another restoring's, and keeps nobody from writing behind it.
    ///
    /// # Errors
    /// When a row does not follow, or is of another history, or cannot be understood, or the
    /// database fails. Nothing is changed then.
    pub fn restore(&mut self, rows: &[Row]) -> Result<(), RestoreError> {
        self.take_over(rows, true)
    }

    /// Takes over the `recovered` row of this restoring, which the stream has taken as its next. None is
    /// owed any more.
    ///
    /// # Errors
    /// As [`Self::restore`].
    pub fn conclude_restoring(&mut self, recovered: &Row) -> Result<(), RestoreError> {
        self.take_over(std::slice::from_ref(recovered), false)
    }

    fn take_over(&mut self, rows: &[Row], owed: bool) -> Result<(), RestoreError> {
        self.database.check_still_owner().map_err(Fatal::NotOwner)?;
        let Self { domain, database, known, versions, .. } = self;
        database.expect_many(owed)?;
        let before = known.clone();
        let mut after = before.clone();
        database.transaction(|write| {
            for row in rows {
                if !row.follows(after.head) {
                    return Err(RestoreError::Broken(row.sequence));
                }
                let event = versions.understand::<D::Event>(row);
                let event = event.map_err(|error| RestoreError::of(row.sequence, &error))?;
                let found = event.headers.history;
                match after.history {
                    Some(own) if own != found => {
                        let sequence = row.sequence;
                        return Err(RestoreError::OtherHistory { sequence, found, own });
                    }
                    Some(_) => {}
                    None => schema::set_history(write, found)?,
                }
                after.history = Some(found);
                outbox::append(write, after.head, row, &event.headers.id)?;
                apply(domain, write, &event)?;
                after.head = row.position();
                if event.headers.kind.is_recovered() {
                    after.note_foreign(row);
                }
                after.restore_positions::<D>(&event.headers.vector);
            }
            if !rows.is_empty() {
                schema::set_restoring(write, owed)?;
            }
            positions::store(write, &before.positions, &after.positions)?;
            Ok(())
        })?;
        *known = after;
        self.known.next_timer = self.next_timer()?;
        Ok(())
    }

    /// Whether rows were restored, by this process or one before it, and the `recovered` row that has
    /// to follow them is still owed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_restoring(&self) -> Result<bool, StateError> {
        schema::is_restoring(&self.read())
    }

    /// The message of the own stream that this process, or one before it, found damaged.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn corrupt_message(&self) -> Result<Option<u64>, StateError> {
        schema::corrupt_message(&self.read())
    }

    /// Notes for the next start which message of the own stream was found damaged; 0 for none any
    /// more. The broker's counters say nothing of it.
    ///
    /// # Errors
    /// When the database fails or is no longer this process's own.
    pub fn note_corrupt_message(&mut self, message: u64) -> Result<(), Fatal> {
        self.database.check_still_owner()?;
        Ok(self.database.transaction(|write| schema::set_corrupt_message(write, message))?)
    }
}

impl Known {
    /// The row with which this process takes the end of the stream after a restoring. It is not
    /// stored: publish it, expecting the outbox's end, and [`Engine::conclude_restoring`] once the stream
    /// has it. If another row takes its place in the stream, a predecessor's bytes were still
    /// arriving: restore that one and make this row anew.
    ///
    /// # Errors
    /// When no history has begun.
    pub fn recovered_row(
        &self,
        service: Service,
        restored: u64,
        now: Timestamp,
        keys: &SealKeys,
    ) -> Result<Row, StateError> {
        let no_history = || StateError::Contradiction("there is no history yet".to_owned());
        let wrong = |error: protocol::ids::InvalidId| StateError::Contradiction(error.to_string());
        let id: Id = service.name().parse().map_err(wrong)?;
        let Position { sequence: up_to, .. } = self.head;
        let foreign = self.foreign.to_vec();
        let recovered = Recovered { service: id.clone(), rows: restored, up_to, foreign };
        let failed = |error: serde_json::Error| StateError::Contradiction(error.to_string());
        let payload = serde_json::to_vec(&recovered).map_err(failed)?;
        let headers = Headers {
            sequence: up_to + 1,
            kind: Kind::recovered(service),
            version: Recovered::VERSION,
            id,
            time: now,
            cause: Cause::Recovery,
            vector: self.positions.vector(),
            history: self.history.ok_or_else(no_history)?,
            traceparent: None,
            idempotency: None,
            seal: None,
        };
        Ok(sealed(headers, payload, self.head, keys).1)
    }
}
