//! The process of the payment service.

use std::process::ExitCode;

use clap::Parser;
use payment::{PaymentDomain, api};

/// Charges orders, and keeps what each customer owes.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
}

fn main() -> ExitCode {
    let Arguments { settings } = runtime::arguments();
    runtime::serve(settings, PaymentDomain, api::api)
}
