//! The process of the customer service.

use std::process::ExitCode;

use clap::Parser;
use customer::api;
use customer::domain::CustomerDomain;

/// The customer service: who may order, where to, and how much they may owe.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
}

fn main() -> ExitCode {
    let Arguments { settings } = runtime::arguments();
    runtime::serve(settings, CustomerDomain::default(), api::api)
}
