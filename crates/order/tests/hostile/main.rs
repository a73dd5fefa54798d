//! Whatever is sent as an order: it is refused with a reason, or becomes one that adds up.
#![cfg(test)]

mod checks;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use runtime::warp::http::{HeaderMap, HeaderName, HeaderValue};

/// Values as people have them, and as nobody should.
const VALUES: [&str; 22] = [
    "null",
    "0",
    "1",
    "-1",
    "1.5",
    "1e400",
    "1000000",
    "1000001",
    "9223372036854775807",
    "4294967295",
    "\"\"",
    "\"c-1\"",
    "\"cup\"",
    "\"o 1\"",
    "\"\\u0000\"",
    "\"2026-01-31\"",
    "\"2026-02-30\"",
    "\"9999-12-31\"",
    "[]",
    "{}",
    "{\"minor\":9223372036854775807,\"currency\":\"GBP\"}",
    "{\"minor\":250,\"currency\":\"XXX\"}",
];

/// Parts of an order, with their right values.
const PARTS: [(&str, &str); 6] = [
    ("id", "\"o-9\""),
    ("customer_id", "\"c-1\""),
    ("lines", "[{\"sku\":\"cup\",\"quantity\":4}]"),
    ("deadline_ms", "30000"),
    ("hand_over_ms", "0"),
    ("business_date", "\"2026-01-31\""),
];

const HEADERS: [(&str, &str); 8] = [
    ("idempotency-key", "k-1"),
    ("idempotency-key", "\"k-2\""),
    ("murmur-token", "CUSTOMER=1"),
    ("murmur-token", "CUSTOMER=18446744073709551616"),
    ("murmur-require-durability", "replicated"),
    ("if-match", "\"1\""),
    ("if-unmodified-since", "Sat, 31 Jan 2026 08:00:00 GMT"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
];

fn line() -> impl Strategy<Value = String> {
    let value = || select(&VALUES[..]);
    prop_oneof![
        Just("{\"sku\":\"cup\",\"quantity\":4}".to_owned()),
        value().prop_map(|quantity| format!("{{\"sku\":\"cup\",\"quantity\":{quantity}}}")),
        value().prop_map(|price| {
            format!("{{\"sku\":\"cup\",\"quantity\":1000000,\"unit_price\":{price}}}")
        }),
        value().prop_map(str::to_owned),
    ]
}

/// An order of which some parts are missing, and one has another value.
fn body() -> impl Strategy<Value = String> {
    let lines = proptest::collection::vec(line(), 0..4)
        .prop_map(|lines| ("lines", format!("[{}]", lines.join(","))));
    let other = (select(&PARTS[..]), select(&VALUES[..]))
        .prop_map(|((name, _), value)| (name, value.to_owned()));
    let missing = proptest::collection::vec(any::<Index>(), 0..3);
    (prop_oneof![lines, other], missing).prop_map(|((name, value), missing)| {
        let missing: Vec<usize> = missing.iter().map(|at| at.index(PARTS.len())).collect();
        let parts: Vec<String> = PARTS
            .iter()
            .enumerate()
            .filter(|(at, (other, _))| *other == name || !missing.contains(at))
            .map(|(_, (other, right))| {
                format!("\"{other}\":{}", if *other == name { &value } else { *right })
            })
            .collect();
        format!("{{{}}}", parts.join(","))
    })
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let any_value = proptest::collection::vec(any::<u8>(), 0..24);
    let one = (select(&HEADERS[..]), prop_oneof![3 => Just(None), 1 => any_value.prop_map(Some)]);
    proptest::collection::vec(one, 0..4).prop_map(|lines| {
        let mut headers = HeaderMap::new();
        for ((name, right), wrong) in lines {
            let value = wrong.unwrap_or_else(|| right.as_bytes().to_vec());
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        headers
    })
}

proptest! {
    #[test]
    fn orders_that_are_nearly_right(headers in headers(), body in body()) {
        checks::order(&headers, body.as_bytes());
    }

    #[test]
    fn bytes_of_all_kinds(body: Vec<u8>) {
        checks::order(&HeaderMap::new(), &body);
    }
}
