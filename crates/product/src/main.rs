//! The process of the product service.

use std::process::ExitCode;

use clap::Parser;
use product::api;
use product::domain::ProductDomain;

/// The product service: what is sold, and at what price.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
}

fn main() -> ExitCode {
    let Arguments { settings } = runtime::arguments();
    runtime::serve(settings, ProductDomain::default(), api::api)
}
