//! `murmur replay`: places the orders of a file of real input.
//!
//! Deliberately absent: anything that is known of one particular file. A form of file has a module;
//! what is in a file of that form is read from it.

use terminal::line;
use terminal::verdict::Verdict;
use workload::retail;

use crate::global::Global;

/// What `murmur replay` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    subcommand: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Invoices in the form of the UCI "Online Retail" data set.
    Retail(retail::plan::Options),
}

/// Replays. A line that is unaccounted for, an order without an end and money that differs are
/// findings.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let Subcommand::Retail(options) = args.subcommand;
    let book = retail::read(&options).await?;
    let running = global.running()?;
    let report = retail::replay(&running, &options, &book, !global.json).await?;
    if global.json {
        line!("{}", report.json());
    } else {
        line!("{}", report.text());
    }
    Ok(report.verdict())
}
