//! Not written yet.

use crate::cli::{Global, Verdict};

/// What `murmur trace` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs it.
pub(crate) async fn run(_global: &Global, _args: &Args) -> anyhow::Result<Verdict> {
    anyhow::bail!("not written yet")
}
