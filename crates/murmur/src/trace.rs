//! `murmur trace`: one order's saga as a timeline over all streams, and what is owed next.

use anyhow::bail;
use client::streams::Streams;
use client::timeline::{Timeline, text};
use contracts::OrderId;
use contracts::choreography::MURMURATION;
use protocol::choreography::State;
use serde_json::json;
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;
use crate::orders;

/// What `murmur trace` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The order's id; without one, the newest order.
    order: Option<OrderId>,
    /// The newest order in this state: placed, prepared, confirmed, completed, rejected or cancelled.
    #[arg(long, value_name = "STATE", value_parser = orders::state, conflicts_with = "order")]
    latest: Option<State>,
}

/// Shows it. An order that has not reached its end is no finding; one that nobody knows is.
pub(crate) async fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let order = match &args.order {
        Some(order) => order.clone(),
        None => orders::newest(&running, args.latest).await?,
    };
    let events = Streams::open(&running).await?.of_order(&order).await?;
    if events.is_empty() {
        bail!("no stream holds an event about an order {order}: `murmur orders` lists orders");
    }
    let timeline = Timeline::of(&MURMURATION, &events);
    if global.json {
        line!("{}", json!({ "order_id": order, "timeline": timeline }));
    } else {
        line!("{}", text::text(&order, &timeline));
    }
    Ok(Verdict::Clean)
}
