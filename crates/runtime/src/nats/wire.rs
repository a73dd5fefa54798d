//! Rows as NATS messages and back.

use async_nats::header::{HeaderMap, HeaderValue, IntoHeaderValue as _};
use contracts::headers::{CHAIN_HEADER, HEADERS, canonical_of, lines};
use contracts::{Chain, Row};

/// The header by which the broker admits a row only after the one before.
const EXPECTED_LAST_SEQUENCE: &str = "Nats-Expected-Last-Sequence";

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
    fn a_row_survives_the_wire() {
        let headers = "ce-specversion:1.0\nce-id:3\nce-vector:ORDER=1:x\n".to_owned();
        let chain = Chain::START.next("order.placed.o", &headers, b"{}");
        let payload = b"{}".as_slice().into();
        let row = Row { sequence: 3, subject: "order.placed.o".into(), headers, payload, chain };
        let wire = headers_of(&row);
        assert_eq!(wire.get(EXPECTED_LAST_SEQUENCE).unwrap().as_str(), "2");
        assert_eq!(row_of(3, "order.placed.o", Some(&wire), b"{}"), row);
        let foreign = row_of(1, "order.placed.o", None, b"{}");
        assert!(!foreign.follows(contracts::Position::default()));
    }
}
