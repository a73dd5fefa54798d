//! How what was found is shown, to people and as JSON.

use engine::healing::{Plan, Refusal};
use protocol::{Cause, Headers, Row, Service};
use runtime::healing::{Decision, Decisions, Ground, Intrusion, Stores};
use serde_json::{Value, json};
use supervisor::service_status::ServiceReport;
use terminal::table;
use terminal::{hint, line};

use super::foreign::Damage;
use crate::global::Global;

/// Foreign messages that a person is shown at most; all are kept, and all are in the JSON.
const MESSAGES_SHOWN: usize = 20;

/// Shows the plan, what the service is fenced for, and what somebody else has done.
pub(super) fn show(
    global: &Global,
    stores: &Stores<'_>,
    plan: &Plan,
    fence: Option<&ServiceReport>,
    damage: &Damage,
) -> anyhow::Result<()> {
    let rows = match plan {
        Plan::Discard { first, last } => stores.rows(*first, *last)?,
        Plan::Nothing | Plan::Refuse(_) => Vec::new(),
    };
    if global.json {
        line!("{}", as_json(plan, &rows, fence, damage));
        return Ok(());
    }
    match (plan, fence) {
        (Plan::Nothing, Some(fence)) => show_fence(stores.service, fence),
        (Plan::Nothing, None) => line!(
            "database and stream of {} tell one history: there is nothing to heal",
            stores.service
        ),
        (Plan::Discard { .. }, _) => show_rows(stores.service, &rows),
        (Plan::Refuse(refusal), _) => show_refusal(stores.service, refusal),
    }
    if let Some(intrusion) = &damage.intrusion {
        show_messages(stores.service, intrusion);
    }
    show_decisions(&damage.decisions, damage.intrusion.is_some());
    Ok(())
}

/// What the service says, where the comparison shows nothing: it knows of witnesses and claims, too.
fn show_fence(service: Service, fence: &ServiceReport) {
    let reason = fence.reason.as_deref().unwrap_or("it does not say why");
    line!("{service} is fenced: {reason}");
    for choice in &fence.choices {
        line!("choice: {}", hint::complete(&choice.replace("SERVICE", service.name())));
    }
}

fn show_rows(service: Service, rows: &[Row]) {
    line!("These rows are in {service}'s database only. No service has seen them, and whoever was");
    line!("answered was told `local`:");
    line!();
    let mut table = table::with_header(["row", "subject", "time", "made by", "answered"]);
    for row in rows {
        let (time, cause, answered) = description(row);
        table.add_row([row.sequence.to_string(), row.subject.clone(), time, cause, answered]);
    }
    line!("{table}");
    line!();
    let again = format!("`murmur heal {service} --discard-local --yes`");
    line!("{} sets the database aside (it is kept), and the service", hint::complete(&again));
    line!("restores itself from its stream. Nothing has been changed yet.");
}

fn show_refusal(service: Service, refusal: &Refusal) {
    line!("nothing can be discarded: {refusal}");
    for choice in refusal.choices() {
        line!("choice: {}", hint::complete(&choice.replace("SERVICE", service.name())));
    }
}

fn show_messages(service: Service, intrusion: &Intrusion) {
    line!();
    line!("Somebody else wrote these messages into the stream of {service}:");
    let mut table = table::with_header(["message", "subject", "readers"]);
    for message in intrusion.messages.iter().take(MESSAGES_SHOWN) {
        let can_fold = intrusion.rows.holds(message.position());
        let readers = if can_fold { "may have folded it" } else { "stop before it" };
        table.add_row([message.sequence.to_string(), message.subject.clone(), readers.to_owned()]);
    }
    line!("{table}");
    let more = intrusion.messages.len().saturating_sub(MESSAGES_SHOWN);
    if more > 0 || intrusion.has_more {
        let at_least = if intrusion.has_more { "at least " } else { "" };
        line!("and {at_least}{more} more");
    }
}

fn show_decisions(decisions: &Decisions, is_there: bool) {
    if !decisions.known.is_empty() {
        line!();
        line!("Other services have decided on these messages; people have to make that good:");
        let mut table =
            table::with_header(["about", "decided by", "its row", "what it says", "on"]);
        for Decision { about, by, row, subject, on } in &decisions.known {
            let (by, row, on) = (by.to_string(), row.to_string(), in_words(*on));
            table.add_row([about.clone(), by, row, subject.clone(), on]);
        }
        line!("{table}");
    } else if is_there {
        line!();
        line!("No service whose database is here has decided on them.");
    }
    for service in &decisions.unknown {
        line!(
            "{service} reads this stream, and its database is not here: what it decided is not known"
        );
    }
    if is_there {
        line!(
            "Services that were admitted from outside are not looked at: ask those who run them."
        );
    }
}

fn in_words(on: Ground) -> String {
    match on {
        Ground::Message(message) => format!("message {message}"),
        Ground::Row(service, row) => format!("{service}'s row {row}"),
        Ground::Replica(message) => format!("perhaps: its replica held message {message}"),
    }
}

/// When, by what, and what its client was told. A row that the stream never held was not answered as
/// replicated.
fn description(row: &Row) -> (String, String, String) {
    let Ok(headers) = Headers::parse(&row.headers) else {
        return ("?".to_owned(), "?".to_owned(), "?".to_owned());
    };
    let (cause, answered) = match &headers.cause {
        Cause::Command(name) => (format!("command {name}"), "local, or not at all"),
        Cause::Event { service, sequence } => {
            (format!("{} {sequence}", service.stream()), "nobody waited")
        }
        Cause::Timer(name) => (format!("timer {name}"), "nobody waited"),
        Cause::Recovery => ("recovery".to_owned(), "nobody waited"),
    };
    (headers.time.to_string(), cause, answered.to_owned())
}

fn as_json(plan: &Plan, rows: &[Row], fence: Option<&ServiceReport>, damage: &Damage) -> Value {
    let mut all = match plan {
        Plan::Nothing => json!({ "plan": "nothing" }),
        Plan::Refuse(refusal) => json!({
            "plan": "refuse", "reason": refusal.to_string(), "choices": refusal.choices(),
        }),
        Plan::Discard { .. } => {
            let row = |row: &Row| {
                let (time, cause, answered) = description(row);
                let (number, subject) = (row.sequence, &row.subject);
                json!({
                    "row": number, "subject": subject, "time": time, "made_by": cause,
                    "answered": answered,
                })
            };
            json!({ "plan": "discard", "rows": rows.iter().map(row).collect::<Vec<_>>() })
        }
    };
    if let Some(fence) = fence {
        all["fenced"] = json!({ "reason": fence.reason, "choices": fence.choices });
    }
    if let Some(Intrusion { messages, rows, has_more }) = &damage.intrusion {
        let one = |row: &Row| {
            let can_fold = rows.holds(row.position());
            json!({ "message": row.sequence, "subject": row.subject, "follows": can_fold })
        };
        let first = messages.first().map(|row| row.position().to_string());
        let shown: Vec<_> = messages.iter().map(one).collect();
        all["foreign"] = json!({ "first": first, "messages": shown, "has_more": has_more });
    }
    all["decisions"] = damage.decisions.known.iter().map(decision_as_json).collect();
    all["decisions_unknown_of"] = json!(damage.decisions.unknown);
    all
}

fn decision_as_json(decision: &Decision) -> Value {
    let Decision { about, by, row, subject, on } = decision;
    let on = match on {
        Ground::Message(message) => json!({ "message": message }),
        Ground::Row(service, row) => json!({ "by": service, "row": row }),
        Ground::Replica(message) => json!({ "replica_up_to": message }),
    };
    json!({ "about": about, "by": by, "row": row, "subject": subject, "on": on })
}
