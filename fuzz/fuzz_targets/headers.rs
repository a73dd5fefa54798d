//! The headers of a row, as the broker hands them out.
#![no_main]

#[path = "../../crates/protocol/tests/hostile/checks.rs"]
#[allow(dead_code, reason = "other targets take the rest")]
mod checks;

use libfuzzer_sys::fuzz_target;
use protocol::Chain;

fuzz_target!(|row: (&str, &[u8], &[u8])| {
    let (text, payload, bytes) = row;
    checks::headers(text, payload, checks::chain(bytes).unwrap_or(Chain::START));
});
