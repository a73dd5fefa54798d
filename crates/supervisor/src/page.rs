//! The page that query serves: where it is, and opened in the operator's browser.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use client::http::Call;
use client::run_file::RunFile;
use serde::Deserialize;
use tokio::process::Command;

/// What opens an address with the program that the operator has chosen for it.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// An opener that runs for longer has become the browser.
const OPENED_WITHIN: Duration = Duration::from_secs(5);

/// The answer to a request for a code.
#[derive(Deserialize)]
struct NewCode {
    /// None where nobody has to sign in.
    code: Option<String>,
}

/// The address of the page, with a code that signs one browser in, once and within minutes. It stands
/// after the `#`, which a browser sends to nobody.
///
/// # Errors
/// When query was left out, does not answer, or does not know the token.
pub async fn address(running: &RunFile) -> anyhow::Result<String> {
    let query = running.query()?;
    let call = Call::post(format!("{query}/session/codes"));
    let NewCode { code } = running.client().json(call).await?;
    Ok(code.map_or_else(|| format!("{query}/"), |code| format!("{query}/#code={code}")))
}

/// Opens the page, and signs the browser in.
///
/// # Errors
/// A sentence for people: what is not possible, and what to do by hand.
pub async fn open_signed_in(running: &RunFile) -> Result<(), String> {
    match address(running).await {
        Ok(page) => open(&page).await,
        Err(error) => Err(format!("the page was not opened: {error:#}")),
    }
}

/// Opens the page.
///
/// # Errors
/// A sentence for people: what is not possible, and the address to open by hand.
async fn open(page: &str) -> Result<(), String> {
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
