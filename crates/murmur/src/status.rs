//! Not written yet.
use crate::cli::{Global, Verdict};

/// Runs it.
pub(crate) async fn run(_global: &Global) -> anyhow::Result<Verdict> {
    anyhow::bail!("not written yet")
}
