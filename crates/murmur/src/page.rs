//! `murmur page`: an address of the page that signs one browser in, once.

use serde_json::json;
use supervisor::page;
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Open it in the browser.
    #[arg(long)]
    open: bool,
}

/// Prints it, or opens it.
pub(crate) async fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    if args.open {
        page::open_signed_in(&running).await.map_err(anyhow::Error::msg)?;
        return Ok(Verdict::Clean);
    }
    let page = page::address(&running).await?;
    if global.json {
        line!("{}", json!({ "page": page }));
    } else {
        line!("{page}");
    }
    Ok(Verdict::Clean)
}
