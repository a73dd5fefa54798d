//! `POST /orders`: its body, and the headers that it comes with.
#![no_main]

#[path = "../../crates/order/tests/hostile/checks.rs"]
mod checks;

use libfuzzer_sys::fuzz_target;
use runtime::warp::http::{HeaderMap, HeaderName, HeaderValue};

const NAMES: [&str; 6] = [
    "idempotency-key",
    "murmur-token",
    "murmur-require-durability",
    "if-match",
    "if-none-match",
    "traceparent",
];

fuzz_target!(|request: (Vec<(u8, &[u8])>, &[u8])| {
    let (lines, body) = request;
    let mut headers = HeaderMap::new();
    for (nth, value) in lines {
        let name = HeaderName::from_static(NAMES[usize::from(nth) % NAMES.len()]);
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name, value);
        }
    }
    checks::order(&headers, body);
});
