//! `murmur bench`: puts load on the running services and measures.
//!
//! Load is open-loop: requests are due at fixed times, whatever the services do, and every latency
//! counts from when its request was due. Who waits for an answer before asking again measures only
//! how patient they are.

mod saga;

use clap::Subcommand;

use crate::cli::Global;
use terminal::verdict::Verdict;

/// What `murmur bench` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Orders, from placed over REST to their end and to the read model.
    Saga(saga::Args),
}

/// Measures. Load that was not kept up with, and an audit that is not clean, are findings.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    match args.what {
        What::Saga(args) => saga::run(global, args).await,
    }
}
