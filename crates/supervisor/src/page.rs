//! The page that query serves: opened in the operator's browser.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::process::Command;

/// What opens an address with the program that the operator has chosen for it.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// An opener that runs for longer has become the browser.
const OPENED_WITHIN: Duration = Duration::from_secs(5);

/// Opens the page.
///
/// # Errors
/// A sentence for people: what is not possible, and the address to open by hand.
pub(crate) async fn open(page: &str) -> Result<(), String> {
    let opened = opened(page).await;
    opened.map_err(|error| format!("the page was not opened ({error:#}): open {page} by hand"))
}

async fn opened(page: &str) -> anyhow::Result<()> {
    let mut opener = Command::new(OPENER);
    opener.arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own: what ends this command does not end the browser.
    let mut opener = opener.process_group(0).spawn().with_context(|| format!("no {OPENER}"))?;
    let Ok(ended) = tokio::time::timeout(OPENED_WITHIN, opener.wait()).await else { return Ok(()) };
    let status = ended?;
    ensure!(status.success(), "{OPENER}: {status}");
    Ok(())
}
