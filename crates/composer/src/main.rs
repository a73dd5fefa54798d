//! The composer.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    composer::process::run(composer::settings::Settings::parse())
}
