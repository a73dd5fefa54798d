//! An event as it is kept and carried: the raw row, and the row understood.
//!
//! The raw row is what outbox and stream hold and what the chain is computed over. It stays intact
//! when its content is not understood, so that it can be kept, compared, held or parked.

use std::sync::Arc;

use crate::event::EventError;
use crate::headers::{self, HeaderError, VECTOR_HEADER};
use crate::{Chain, Event, Headers, Position, Service, Vector};

/// One row of an outbox, which is one message of a stream: message N equals row N.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Number in the outbox and sequence in the stream, from 1.
    pub sequence: u64,
    /// `<service>.<event>.<id>`.
    pub subject: String,
    /// The headers but the chain, as canonical text.
    pub headers: String,
    /// The JSON body.
    pub payload: Arc<[u8]>,
    /// The chain over all rows up to this one, as the row says.
    pub chain: Chain,
}

/// An event with its envelope, as decided, stored and read.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent<E> {
    /// The envelope.
    pub headers: Headers,
    /// The content.
    pub event: E,
    /// The chain at this row.
    pub chain: Chain,
}

/// Why a row is not understood.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The headers are no event's.
    #[error(transparent)]
    Headers(#[from] HeaderError),
    /// The payload does not fit its type.
    #[error(transparent)]
    Event(#[from] EventError),
    /// Two parts of the row contradict each other.
    #[error("the row contradicts itself: {0}")]
    Contradiction(String),
}

impl RowError {
    /// Whether a build that is newer than this one may understand the row.
    #[must_use]
    pub const fn is_newer(&self) -> bool {
        matches!(self, Self::Event(error) if error.is_newer())
    }
}

impl Row {
    /// Where a reader stands who has read up to this row.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { sequence: self.sequence, chain: self.chain }
    }

    /// Whether this row directly follows `before`: its number, and the chain computed over its
    /// content.
    #[must_use]
    pub fn follows(&self, before: Position) -> bool {
        let chain = before.chain.next(&self.subject, &self.headers, &self.payload);
        self.sequence == before.sequence + 1 && self.chain.has_hash_of(&chain)
    }

    /// How far its writer had read the stream of `service`, as the row says: none if it says nothing of
    /// it that can be understood.
    #[must_use]
    pub fn has_seen(&self, service: Service) -> Option<Position> {
        let (_, vector) = headers::lines(&self.headers).find(|(name, _)| *name == VECTOR_HEADER)?;
        let seen = Vector::entry(vector, service)?;
        (seen.sequence > 0).then_some(seen)
    }

    /// Understands the row.
    ///
    /// # Errors
    /// When its headers or payload are not those of an event that this build knows, or when number,
    /// subject, headers and payload do not agree with each other.
    pub fn parse<E: Event>(&self) -> Result<StoredEvent<E>, RowError> {
        let headers = Headers::parse(&self.headers)?;
        let event = E::parse(headers.kind, headers.version, &self.payload)?;
        self.agree_with(&headers)?;
        if event.id() != &headers.id {
            return Err(self.of_another_subject(&headers));
        }
        Ok(StoredEvent { headers, event, chain: self.chain })
    }

    /// Understands the envelope, whatever the content is: for those who look on and do not know the event.
    ///
    /// # Errors
    /// When its headers are no event's, or number, subject and headers do not agree with each other.
    pub fn envelope(&self) -> Result<Headers, RowError> {
        let headers = Headers::parse(&self.headers)?;
        self.agree_with(&headers)?;
        Ok(headers)
    }

    fn agree_with(&self, headers: &Headers) -> Result<(), RowError> {
        if headers.sequence != self.sequence {
            let text = format!("ce-id is {}, its number is {}", headers.sequence, self.sequence);
            return Err(RowError::Contradiction(text));
        }
        if headers.kind.has_subject(&headers.id, &self.subject) {
            return Ok(());
        }
        Err(self.of_another_subject(headers))
    }

    fn of_another_subject(&self, headers: &Headers) -> RowError {
        let text = format!("subject {}, ce-subject {}", self.subject, headers.id);
        RowError::Contradiction(text)
    }
}

impl<E: Event> StoredEvent<E> {
    /// Where a reader stands who has read up to this event.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { sequence: self.headers.sequence, chain: self.chain }
    }

    /// A row that holds this event, in the version that its headers name. A row that exists is never made
    /// anew from what was understood of it: it is carried on as it is.
    ///
    /// # Errors
    /// When that version is not written, or its content cannot be, which is a mistake in its type.
    pub fn to_row(&self) -> Result<Row, EventError> {
        Ok(Row {
            sequence: self.headers.sequence,
            subject: self.headers.kind.subject(&self.headers.id),
            headers: self.headers.to_canonical(),
            payload: self.event.payload_in(self.headers.version)?.into(),
            chain: self.chain,
        })
    }
}
