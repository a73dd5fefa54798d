//! The process of the customer service.

use std::process::ExitCode;

use clap::Parser;
use customer::api;
use customer::domain::Customers;

/// The customer service: who may order, where to, and how much they may owe.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
}

fn main() -> ExitCode {
    let Arguments { settings } = runtime::arguments();
    runtime::serve(settings, Customers, api::api)
}
