//! Whatever payload an event has: nothing panics, and what is understood is understood in one way.
#![cfg(test)]

mod checks;

use contracts::choreography::MURMURATION;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use protocol::Kind;

/// Values as people have them, and as nobody should.
const VALUES: [&str; 14] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e400",
    "4294967296",
    "18446744073709551616",
    "\"\"",
    "\"\\u0000\"",
    "\"9999-12-31T23:59:59.9999999Z\"",
    "[]",
    "{}",
    "{\"minor\":-9223372036854775808,\"currency\":\"GBP\"}",
];

/// The payload of each kind in each version, byte for byte as it is stored.
fn stored() -> Vec<(Kind, u16, &'static str)> {
    let each = |publication: &'static protocol::choreography::Publication| {
        publication.shapes().map(|shape| (publication.kind, shape.version, shape.payload()))
    };
    MURMURATION.publications.iter().flat_map(each).collect()
}

/// A payload of which one value is another one. A value stands behind a colon.
fn with_a_value(payload: &str, at: Index, value: &str) -> String {
    let colons: Vec<usize> = payload.match_indices(':').map(|(at, _)| at + 1).collect();
    let begin = colons[at.index(colons.len())];
    let rest = &payload[begin..];
    let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
    format!("{}{value}{}", &payload[..begin], &rest[end..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn payloads_that_are_nearly_right(
        (kind, version, payload) in select(stored()),
        value in prop_oneof![select(&VALUES[..]).prop_map(str::to_owned), any::<String>()],
        at: Index,
    ) {
        checks::payload(kind, version, payload.as_bytes());
        checks::payload(kind, version, with_a_value(payload, at, &value).as_bytes());
    }

    #[test]
    fn payloads_of_which_bytes_are_others(
        (kind, version, payload) in select(stored()),
        bytes: [u8; 3],
        at: Index,
    ) {
        let mut payload = payload.as_bytes().to_vec();
        let at = at.index(payload.len());
        payload.splice(at..at, bytes);
        checks::payload(kind, version, &payload);
    }
}
