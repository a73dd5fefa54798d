//! `murmur trace`: one order's saga as a timeline over all streams, and what is owed next.

use anyhow::bail;
use client::run_file::RunFile;
use client::streams::Streams;
use client::timeline::{Timeline, text};
use contracts::Id;
use contracts::choreography::MURMURATION;
use serde_json::json;
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

/// What `murmur trace` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The order's id.
    order: Id,
}

/// Shows it. An order that has not reached its end is no finding; one that nobody knows is.
pub(crate) async fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let running = RunFile::load(&global.data)?;
    let events = Streams::open(&running).await?.of_order(&args.order).await?;
    if events.is_empty() {
        bail!("no stream holds an event about an order {}", args.order);
    }
    let timeline = Timeline::of(&MURMURATION, &events);
    if global.json {
        line!("{}", json!({ "order_id": args.order, "timeline": timeline }));
    } else {
        line!("{}", text::text(&args.order, &timeline));
    }
    Ok(Verdict::Clean)
}
