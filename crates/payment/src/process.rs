//! The process of the payment service.

use clap::Parser;

use crate::{PaymentDomain, api};

/// Charges orders, and keeps what each customer owes.
#[derive(Debug, Parser)]
#[command(name = "payment", version)]
pub struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
}

/// Runs until the process is asked to stop, or has to; the exit code.
pub fn run(arguments: Arguments) -> u8 {
    let Arguments { settings } = arguments;
    runtime::serve(settings, PaymentDomain, api::api)
}
