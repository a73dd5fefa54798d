//! The composer.

use std::process::ExitCode;

fn main() -> ExitCode {
    composer::process::run(runtime::arguments())
}
