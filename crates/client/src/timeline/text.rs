//! A timeline for a person to read.

use contracts::StoredEvent;
use contracts::choreography::MURMURATION;
use protocol::choreography::next::{Awaited, Owed};
use protocol::{Id, Kind};
use terminal::output::plain;
use terminal::table;

use super::{Step, Timeline};

/// The timeline of an order's events for a person to read; also what a failed expectation shows.
pub fn of_events(order: &Id, events: &[StoredEvent]) -> String {
    text(order, &Timeline::of(&MURMURATION, events))
}

pub fn text(order: &Id, timeline: &Timeline) -> String {
    let mut table =
        table::with_header(["ms", "took", "service", "event", "#", "because of", "state", ""]);
    for step in &timeline.steps {
        table.add_row(row(step));
    }
    let mut lines = vec![format!("order {order}: {}", timeline.state), table.to_string()];
    if timeline.is_over {
        lines.push("it is over: nothing is owed".to_owned());
    }
    lines.extend(timeline.pending.iter().map(sentence));
    if !timeline.is_over {
        lines.extend(timeline.awaited.iter().map(wait));
        lines.push(format!("it can end with {}", alternatives(&timeline.ends)));
    }
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

fn sentence(pending: &Owed) -> String {
    let (service, emits) = (pending.service, alternatives(pending.emits));
    match pending.due {
        Some(due) => {
            format!("{service} says {emits} at {due} ({}), if nothing else comes", pending.on)
        }
        None => format!("{service} owes {emits}, on {}, since {}", pending.on, pending.since),
    }
}

fn wait(awaited: &Awaited) -> String {
    let Awaited { service, state, one_of, since } = awaited;
    format!("{service} is {state} since {since} and awaits {}", alternatives(one_of))
}

fn alternatives(kinds: &[Kind]) -> String {
    kinds.iter().map(Kind::to_string).collect::<Vec<_>>().join(" or ")
}
