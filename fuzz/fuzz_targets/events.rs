//! The payload of each kind of event, in each version.
#![no_main]

#[path = "../../crates/contracts/tests/hostile/checks.rs"]
mod checks;

use contracts::kind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|row: (u8, u8, &[u8])| {
    let (nth, version, payload) = row;
    let kind = kind::ALL[usize::from(nth) % kind::ALL.len()];
    checks::payload(kind, u16::from(version % 4), payload);
});
