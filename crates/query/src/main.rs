//! The query service.

use clap::Parser as _;

fn main() -> anyhow::Result<()> {
    query::process::run(query::settings::Settings::parse())
}
