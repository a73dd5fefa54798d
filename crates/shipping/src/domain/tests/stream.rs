//! A foreign stream as its owner would publish it: contiguous, and with its chain.

use contracts::{Event, StoredEvent};
use protocol::{Cause, Headers, HistoryId, Position, Timestamp, Vector};

/// Where the stream stands.
pub(super) struct Stream(Position);

impl Stream {
    pub(super) fn new() -> Self {
        Self(Position::default())
    }

    /// The next message, which holds `event`.
    pub(super) fn next(&mut self, event: Event) -> StoredEvent {
        let headers = Headers {
            sequence: self.0.sequence + 1,
            kind: event.kind(),
            version: 1,
            id: event.id().clone(),
            time: Timestamp::from_micros(1),
            cause: Cause::Command("test".into()),
            vector: Vector::default(),
            history: HistoryId::from_bytes([9; 16]),
            traceparent: None,
            idempotency: None,
            seal: None,
        };
        let mut stored = StoredEvent { headers, event, chain: self.0.chain };
        let row = stored.to_row().unwrap();
        stored.chain = self.0.chain.next(&row.subject, &row.headers, &row.payload);
        self.0 = stored.position();
        stored
    }
}
