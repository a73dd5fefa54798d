//! Not written yet.
use crate::cli::{Global, Verdict};

/// What `murmur up` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs it.
pub(crate) fn run(_global: &Global, _args: Args) -> anyhow::Result<Verdict> {
    anyhow::bail!("not written yet")
}
