//! `murmur replay`: places the orders of a file of real input.
//!
//! Deliberately absent: anything that is known of one particular file. A form of file has a module;
//! what is in a file of that form is read from it.

mod retail;

use clap::Subcommand;

use crate::cli::Global;
use terminal::verdict::Verdict;

/// What `murmur replay` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Invoices in the form of the UCI "Online Retail" data set.
    Retail(retail::Args),
}

/// Replays. A line that is unaccounted for, an order without an end and money that differs are
/// findings.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    match args.what {
        What::Retail(args) => retail::run(global, args).await,
    }
}
