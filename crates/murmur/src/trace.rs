//! `murmur trace`: one order's saga as a timeline over all streams, and what is owed next.

pub(crate) mod timeline;

pub(crate) mod owed;

use anyhow::bail;
use contracts::choreography::MURMURATION;
use contracts::{Id, Kind, StoredEvent};
use serde_json::json;

use crate::cli::{Global, Verdict};
use crate::output::{line, plain};
use crate::running::Running;
use crate::streams::Streams;
use crate::table;
use owed::Owed;
use timeline::{Step, Timeline};

/// What `murmur trace` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The order's id.
    order: Id,
}

/// Shows it. An order that has not reached its end is no finding; one that nobody knows is.
pub(crate) async fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let running = Running::load(&global.data)?;
    let events = Streams::open(&running).await?.of_order(&args.order).await?;
    if events.is_empty() {
        bail!("no stream holds an event about an order {}", args.order);
    }
    let timeline = Timeline::of(&MURMURATION, &events);
    if global.json {
        line!("{}", json!({ "order_id": args.order, "timeline": timeline }));
    } else {
        line!("{}", text(&args.order, &timeline));
    }
    Ok(Verdict::Clean)
}

/// The timeline of an order's events for a person to read; also what a failed expectation shows.
pub(crate) fn timeline_text(order: &Id, events: &[StoredEvent]) -> String {
    text(order, &Timeline::of(&MURMURATION, events))
}

fn text(order: &Id, timeline: &Timeline) -> String {
    let mut table =
        table::with_header(["ms", "took", "service", "event", "#", "because of", "state", ""]);
    for step in &timeline.steps {
        table.add_row(row(step));
    }
    let mut lines = vec![format!("order {order}: {}", timeline.state), table.to_string()];
    if timeline.is_over {
        lines.push("it is over: nothing is owed".to_owned());
    }
    lines.extend(timeline.owed.iter().map(sentence));
    lines.join("\n")
}

fn row(step: &Step) -> [String; 8] {
    [
        format!("{:.1}", step.at_ms),
        step.step_ms.map(|took| format!("+{took:.1}")).unwrap_or_default(),
        step.service.to_string(),
        step.kind.to_string(),
        step.sequence.to_string(),
        step.cause.clone(),
        step.state.to_owned(),
        plain(&step.detail),
    ]
}

fn sentence(owed: &Owed) -> String {
    let emits: Vec<_> = owed.emits.iter().map(Kind::to_string).collect();
    let (service, emits) = (owed.service, emits.join(" or "));
    match owed.due {
        Some(due) => {
            format!("{service} says {emits} at {due} ({}), if nothing else comes", owed.on)
        }
        None => format!("{service} owes {emits}, on {}, since {}", owed.on, owed.since),
    }
}

#[cfg(test)]
mod tests;
