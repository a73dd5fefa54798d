//! What must be true of whatever comes in: for tests at random, and for the fuzz targets.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use protocol::headers::Cause;
use protocol::seal::Seal;
use protocol::{Chain, Headers, HistoryId, Id, Kind, Row, SealKeys, Service, Timestamp, Vector};

/// A text is understood as each of these in one way, or not at all.
pub(crate) fn text(text: &str) {
    survives::<Chain>(text);
    survives::<HistoryId>(text);
    survives::<Seal>(text);
    survives::<Service>(text);
    survives::<Kind>(text);
    survives::<Id>(text);
    survives::<Timestamp>(text);
    survives::<Cause>(text);
    survives::<Vector>(text);
    drop(text.parse::<SealKeys>());
}

/// Headers are understood in one way, also where only one of them is looked for, and are nobody's own.
pub(crate) fn headers(text: &str, payload: &[u8], chain: Chain) {
    let service = Service::named("customer");
    let subject = "order.placed.o-1".to_owned();
    let row =
        Row { sequence: 12, subject, headers: text.to_owned(), payload: payload.into(), chain };
    let seen = row.has_seen(service);
    assert!(!SealKeys::of_bytes([7; 32]).is_own(Chain::START, &row), "{text}");
    if let Ok(headers) = Headers::parse(text) {
        let named = headers.vector.of(service);
        assert_eq!(seen, (named.sequence > 0).then_some(named));
        assert_eq!(Headers::parse(&headers.to_canonical()).unwrap(), headers);
    }
}

/// A chain of these bytes, if they are one, has them.
pub(crate) fn chain(bytes: &[u8]) -> Option<Chain> {
    let chain = Chain::from_bytes(bytes);
    if let Some(chain) = chain {
        assert_eq!(Chain::from_bytes(&chain.to_bytes()), Some(chain));
    }
    chain
}

/// What is understood, written and understood again, is the same.
fn survives<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let again = value.to_string();
        assert_eq!(again.parse::<T>().unwrap(), value, "{text:?} became {again:?}");
    }
}
