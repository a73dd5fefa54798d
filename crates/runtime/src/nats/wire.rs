//! Rows as NATS messages and back.

use async_nats::header::{HeaderMap, HeaderValue, IntoHeaderValue as _};
use engine::outbox::ROW_BYTES_MAX;
use protocol::headers::{CHAIN_HEADER, HEADERS, canonical_of, lines};
use protocol::{Chain, Row};

/// The header by which the broker admits a row only after the one before.
pub(super) const EXPECTED_LAST_SEQUENCE: &str = "Nats-Expected-Last-Sequence";

/// What a message has beyond the bytes that count for its row, at most: the separators of some twenty
/// headers, the chain and the expected sequence.
const FRAME_BYTES_MAX: usize = 1_024;

/// Bytes that a broker has to take in one message, so that it takes every row.
pub const PAYLOAD_BYTES_NEEDED: usize = ROW_BYTES_MAX + FRAME_BYTES_MAX;

/// The largest row that a broker takes, whose messages may have so many bytes.
#[must_use]
pub const fn row_bytes_max(payload_bytes_max: usize) -> usize {
    payload_bytes_max.saturating_sub(FRAME_BYTES_MAX)
}

/// What is wrong with a broker whose messages may have so many bytes, if something is.
#[must_use]
pub fn too_small(payload_bytes_max: usize) -> Option<String> {
    (payload_bytes_max < PAYLOAD_BYTES_NEEDED).then(|| {
        format!(
            "the broker takes messages of at most {payload_bytes_max} bytes, and a row may need \
             {PAYLOAD_BYTES_NEEDED}: set max_payload to 1MB in its configuration"
        )
    })
}

/// What is told of a row of so many bytes that the broker's messages cannot hold.
pub(crate) fn too_large(row: u64, bytes: usize, payload_bytes_max: usize) -> String {
    format!(
        "row {row} has {bytes} bytes, and the broker takes messages of at most \
         {payload_bytes_max}: set max_payload to 1MB in its configuration"
    )
}

/// The headers with which a row is published.
#[must_use]
pub fn headers_of(row: &Row) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines(&row.headers) {
        headers.insert(name, value.into_header_value());
    }
    headers.insert(CHAIN_HEADER, row.chain.to_string().into_header_value());
    let before = row.sequence.saturating_sub(1).to_string();
    headers.insert(EXPECTED_LAST_SEQUENCE, before.into_header_value());
    headers
}

/// The row that a message holds. Its chain is what the message says; whether it follows is for the
/// reader to check. A message without a chain is nobody's event: it gets the chain from before the
/// first row, which follows nothing.
#[must_use]
pub fn row_of(sequence: u64, subject: &str, headers: Option<&HeaderMap>, payload: &[u8]) -> Row {
    let (mut values, mut chain) = ([None; HEADERS.len()], None);
    // Gone through once: to look up each name costs a hash each.
    for (name, found) in headers.iter().flat_map(|headers| headers.iter()) {
        let name: &str = name.as_ref();
        let value = found.first().map(HeaderValue::as_str);
        if let Some(place) = HEADERS.iter().position(|header| *header == name) {
            values[place] = value;
        } else if name == CHAIN_HEADER {
            chain = value.and_then(|chain| chain.parse().ok());
        }
    }
    Row {
        sequence,
        subject: subject.to_owned(),
        headers: canonical_of(values),
        payload: payload.into(),
        chain: chain.unwrap_or(Chain::START),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_row_with_every_header_fits_what_a_broker_has_to_take() {
        let headers: String = HEADERS.iter().map(|name| format!("{name}:v\n")).collect();
        let subject = "order.placed.o".to_owned();
        let payload = vec![b'x'; ROW_BYTES_MAX - headers.len() - subject.len()];
        let chain = Chain::START;
        let row = Row { sequence: u64::MAX, subject, headers, payload: payload.into(), chain };
        let names = headers_of(&row);
        let lines = names.iter().map(|(name, values)| {
            let name: &str = name.as_ref();
            values.iter().map(|value| name.len() + value.as_str().len() + 4).sum::<usize>()
        });
        let framed = "NATS/1.0\r\n\r\n".len() + lines.sum::<usize>() + row.payload.len();
        assert!(framed <= PAYLOAD_BYTES_NEEDED, "{framed}");
        assert_eq!(too_small(1 << 20), None);
        assert!(too_small(128 << 10).unwrap().contains("131072"));
        assert_eq!(row_bytes_max(PAYLOAD_BYTES_NEEDED), ROW_BYTES_MAX);
    }

    #[test]
    fn a_row_survives_the_wire() {
        let headers = "ce-specversion:1.0\nce-id:3\nce-vector:ORDER=1:x\n".to_owned();
        let chain = Chain::START.next("order.placed.o", &headers, b"{}");
        let payload = b"{}".as_slice().into();
        let row = Row { sequence: 3, subject: "order.placed.o".into(), headers, payload, chain };
        let wire = headers_of(&row);
        assert_eq!(wire.get(EXPECTED_LAST_SEQUENCE).unwrap().as_str(), "2");
        assert_eq!(row_of(3, "order.placed.o", Some(&wire), b"{}"), row);
        let foreign = row_of(1, "order.placed.o", None, b"{}");
        assert!(!foreign.follows(protocol::Position::default()));
    }
}
