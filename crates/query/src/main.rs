//! The query service.

use std::process::ExitCode;

/// Folding makes and drops many small values: with the system's allocator a third of the time of a
/// rebuild goes into that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    query::process::run(runtime::arguments())
}
