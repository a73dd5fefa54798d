//! The process of the loyalty service.

use clap::Parser;

use crate::api;
use crate::domain::LoyaltyDomain;

/// The loyalty service: points for customers whose orders complete.
#[derive(Debug, Parser)]
#[command(name = "loyalty", version)]
pub struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
}

/// Runs until the process is asked to stop, or has to; the exit code.
#[must_use]
pub fn run(arguments: Arguments) -> u8 {
    runtime::serve(arguments.settings, LoyaltyDomain, api::api)
}
