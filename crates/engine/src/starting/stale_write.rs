//! Stale writes: rows of a writer that was replaced, which slipped into the stream behind its replacement.
//!
//! The broker admits a row by the number that the stream has to end at, and not by what stands there.
//! A writer has many rows under way. When its replacement takes row N, the writer's own row N is
//! refused, but its row N + 1 expects the stream to end at N, which it does. It is stored, and does
//! not follow the row before it.
//!
//! Nobody has applied a stale write, nor anything behind it: readers stop at a chain that does not follow.
//! Nobody was promised it: its writer heard of row N first, and forgot all that was under way. So it
//! may go, while the row of another history, a foreign message or one that *does* follow may not.

use protocol::{Headers, HistoryId, Row};

/// Whether a message is a stale write: behind the own row `before` it, and in place of the `own` row of its
/// number, if there is one. A message with that row's chain is that row, edited by a hand.
#[must_use]
pub fn is_stale_write(message: &Row, before: &Row, own: Option<&Row>, history: HistoryId) -> bool {
    let Ok(headers) = Headers::parse(&message.headers) else { return false };
    headers.history == history
        && headers.sequence == message.sequence
        && message.sequence == before.sequence + 1
        && !message.follows(before.position())
        && own.is_none_or(|own| own.chain != message.chain)
}

#[cfg(test)]
pub(super) mod tests {
    use contracts::{Event, StoredEvent};
    use protocol::{Cause, Chain, Event as _, Recovered, Timestamp, Vector};

    use super::*;

    pub(in crate::starting) fn row(sequence: u64, after: Chain, history: [u8; 16]) -> Row {
        let service: protocol::Id = "order".parse().unwrap();
        let recovered =
            Recovered { service: service.clone(), rows: 0, up_to: 0, foreign: Vec::new() };
        let event = Event::OrderRecovered(recovered);
        let headers = Headers {
            sequence,
            kind: event.kind(),
            version: event.version(),
            id: service,
            time: Timestamp::from_micros(0),
            cause: Cause::Recovery,
            vector: Vector::default(),
            history: HistoryId::from_bytes(history),
            traceparent: None,
            idempotency: None,
            seal: None,
        };
        let mut row = StoredEvent { headers, event, chain: after }.to_row().unwrap();
        row.chain = after.next(&row.subject, &row.headers, &row.payload);
        row
    }

    #[test]
    fn only_a_row_of_the_own_history_that_does_not_follow_is_a_stray() {
        let history = HistoryId::from_bytes([1; 16]);
        let first = row(1, Chain::START, [1; 16]);
        let elsewhere = Chain::START.next("another", "row", b"1");
        let stale = row(2, elsewhere, [1; 16]);
        assert!(is_stale_write(&stale, &first, None, history));
        assert!(!is_stale_write(&row(2, first.chain, [1; 16]), &first, None, history));
        assert!(!is_stale_write(&row(2, elsewhere, [2; 16]), &first, None, history));
        let foreign = Row { headers: String::new(), ..stale.clone() };
        assert!(!is_stale_write(&foreign, &first, None, history));
        let own = row(2, first.chain, [1; 16]);
        assert!(is_stale_write(&stale, &first, Some(&own), history));
        let edited = Row { payload: b"{}".as_slice().into(), ..own.clone() };
        assert!(!is_stale_write(&edited, &first, Some(&own), history));
    }
}
