//! The process of the shipping service.

use clap::Parser;

use crate::api;
use crate::domain::ShippingDomain;

/// The shipping service: one shipment for each order that was charged, if it can be delivered.
#[derive(Debug, Parser)]
#[command(name = "shipping", version)]
pub struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
    /// A country that nobody delivers to, as customers spell it. Can be given several times.
    #[arg(long, value_name = "COUNTRY")]
    not_served: Vec<String>,
}

/// Runs until the process is asked to stop, or has to; the exit code.
pub fn run(arguments: Arguments) -> u8 {
    let Arguments { settings, not_served } = arguments;
    runtime::serve(settings, ShippingDomain::new(not_served.iter().collect()), api::api)
}
