//! Rows by somebody who may publish and has all that a reader has, but no key.

use contracts::{Event, StoredEvent, kind};
use engine::starting::Claim;
use protocol::{Event as _, HistoryId, Kind, Position, Row, Service, Vector};

use super::{Broker, Message, Stream};

/// So many rows behind the end of a stream are rows that never were.
const BEYOND: u64 = 1_000;

/// Events that stand at the beginning of something: one more of them can be applied.
const BEGINNINGS: [Kind; 6] = [
    kind::CUSTOMER_REGISTERED,
    kind::PRODUCT_LISTED,
    kind::ORDER_PLACED,
    kind::INVENTORY_RESERVED,
    kind::PAYMENT_CHARGED,
    kind::SHIPPING_CREATED,
];

impl Broker {
    /// Appends a row that follows the chain, by somebody who has all that a reader has: what began
    /// something begins something else, under the seal of the row that it was taken from.
    pub(crate) fn forge(&mut self, service: Service) -> bool {
        self.append_forged(service, None)
    }

    /// The same, and the row says that its writer has read more of every other stream than there ever was,
    /// under the mark of a row that there was.
    pub(crate) fn forge_witness(&mut self, service: Service) -> bool {
        let far = |(of, stream): (&Service, &Stream)| {
            let Position { sequence, chain } = stream.tail()?.row().position();
            Some((*of, Position { sequence: sequence + BEYOND, chain }))
        };
        let others = self.streams.iter().filter(|(of, _)| **of != service);
        let vector = Vector(others.filter_map(far).collect());
        self.append_forged(service, Some(vector))
    }

    /// Claims a stream, far behind its end, under the mark of a row that there was.
    pub(crate) fn forge_claim(&mut self, service: Service) -> bool {
        let Some(row) = self.streams.get(&service).and_then(|stream| stream.tail()) else {
            return false;
        };
        let Position { sequence, chain } = row.row().position();
        let head = Position { sequence: sequence + BEYOND, chain };
        let writer = HistoryId::from_bytes(*b"somebody else's.");
        self.claims.entry(service).or_default().push(Claim { history: writer, head, writer });
        true
    }

    fn append_forged(&mut self, service: Service, vector: Option<Vector>) -> bool {
        let Some(stream) = self.streams.get_mut(&service) else { return false };
        let tail = stream.tail().map(|message| message.row().position());
        let Some(before) = tail.filter(|tail| tail.sequence == stream.last) else { return false };
        let events = stream.messages.values().rev().filter_map(|message| message.event().ok());
        let mut beginnings = events.filter(|event| BEGINNINGS.contains(&event.headers.kind));
        let Some(row) = beginnings.next().and_then(|event| forged(event, before, vector)) else {
            return false;
        };
        stream.append(Message::new(row, self.now));
        true
    }
}

/// The event once more, about something else, as the row after `before`.
fn forged(event: &StoredEvent, before: Position, vector: Option<Vector>) -> Option<Row> {
    let mut forged = event.clone();
    forged.headers.vector = vector.unwrap_or(forged.headers.vector);
    let (id, other) = (event.headers.id.to_string(), format!("{}-forged", event.headers.id));
    let payload = String::from_utf8(event.event.payload_in(event.headers.version).ok()?).ok()?;
    let payload = payload.replace(&format!("\"{id}\""), &format!("\"{other}\""));
    forged.event =
        Event::parse(event.headers.kind, event.headers.version, payload.as_bytes()).ok()?;
    forged.headers.id = other.parse().ok()?;
    forged.headers.sequence = before.sequence + 1;
    let mut row = forged.to_row().ok()?;
    row.chain = before.chain.next(&row.subject, &row.headers, &row.payload);
    Some(row)
}
