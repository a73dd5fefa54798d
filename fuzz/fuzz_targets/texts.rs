//! Ids, kinds, times, chains, seals and vectors.
#![no_main]

#[path = "../../crates/protocol/tests/hostile/checks.rs"]
#[allow(dead_code, reason = "other targets take the rest")]
mod checks;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| checks::text(text));
