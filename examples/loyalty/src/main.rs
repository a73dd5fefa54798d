//! The process of the loyalty service.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    loyalty::process::run(loyalty::process::Arguments::parse()).into()
}
