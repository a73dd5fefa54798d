//! Files of retail orders.
#![no_main]

#[path = "../../crates/workload/tests/hostile_files/checks.rs"]
mod checks;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| checks::file(file));
