//! The query service.

use std::process::ExitCode;

fn main() -> ExitCode {
    query::process::run(runtime::arguments())
}
