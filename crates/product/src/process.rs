//! The process of the product service.

use clap::Parser;

use crate::api;
use crate::domain::ProductDomain;

/// The product service: what is sold, and at what price.
#[derive(Debug, Parser)]
#[command(name = "product", version)]
pub struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
}

/// Runs until the process is asked to stop, or has to; the exit code.
pub fn run(arguments: Arguments) -> u8 {
    let Arguments { settings } = arguments;
    runtime::serve(settings, ProductDomain::default(), api::api)
}
