//! The process of the inventory service.

use std::process::ExitCode;

use clap::Parser;
use inventory::api;
use inventory::domain::InventoryDomain;

/// The inventory service: what is on the shelves, and for which orders it is set aside.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
}

fn main() -> ExitCode {
    let Arguments { settings } = runtime::arguments();
    runtime::serve(settings, InventoryDomain, api::api)
}
