//! The process of the inventory service.

use clap::Parser;

use crate::api;
use crate::domain::InventoryDomain;

/// The inventory service: what is on the shelves, and for which orders it is set aside.
#[derive(Debug, Parser)]
#[command(name = "inventory", version)]
pub struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
}

/// Runs until the process is asked to stop, or has to; the exit code.
pub fn run(arguments: Arguments) -> u8 {
    let Arguments { settings } = arguments;
    runtime::serve(settings, InventoryDomain, api::api)
}
