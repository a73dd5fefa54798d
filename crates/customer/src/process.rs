//! The process of the customer service.

use clap::Parser;

use crate::api;
use crate::domain::CustomerDomain;

/// The customer service: who may order, where to, and how much they may owe.
#[derive(Debug, Parser)]
#[command(name = "customer", version)]
pub struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
}

/// Runs until the process is asked to stop, or has to; the exit code.
pub fn run(arguments: Arguments) -> u8 {
    let Arguments { settings } = arguments;
    runtime::serve(settings, CustomerDomain::default(), api::api)
}
