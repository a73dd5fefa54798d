//! The process of the shipping service.

use std::process::ExitCode;

use clap::Parser;
use shipping::api;
use shipping::domain::ShippingDomain;

/// The shipping service: one shipment for each order that was charged, if it can be delivered.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
    /// A country that nobody delivers to, as customers spell it. Can be given several times.
    #[arg(long, value_name = "COUNTRY")]
    not_served: Vec<String>,
}

fn main() -> ExitCode {
    let Arguments { settings, not_served } = runtime::arguments();
    runtime::serve(settings, ShippingDomain::new(not_served.iter().collect()), api::api)
}
