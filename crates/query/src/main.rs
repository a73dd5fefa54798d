//! The query service.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    query::process::run(query::settings::Settings::parse())
}
