//! One order's saga as a timeline: what happened when, because of what, and how long it took.

pub mod text;

use contracts::events::{order, payment};
use contracts::{Event, StoredEvent};
use protocol::choreography::next::{Awaited, Next, Occurrence, Owed, next, state_of};
use protocol::choreography::{Choreography, State};
use protocol::{Cause, Kind, Service, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// The timeline of one order.
#[derive(Debug, Serialize)]
pub struct Timeline {
    /// The order's state, as its owner sees it.
    pub state: State,
    /// Whether the order has reached its end and nothing is pending any more.
    pub is_over: bool,
    pub steps: Vec<Step>,
    /// What has to happen.
    #[serde(rename = "owed")]
    pub pending: Vec<Owed>,
    /// Who waits for others, and for what of them; nobody once it is over.
    pub awaited: Vec<Awaited>,
    /// The ends that are still possible; the one that has come, once it has.
    pub ends: Vec<Kind>,
}

#[derive(Debug, Serialize)]
pub struct Step {
    pub service: Service,
    /// Its number in that stream.
    pub sequence: u64,
    pub kind: Kind,
    pub time: Timestamp,
    /// Milliseconds since the first event.
    pub at_ms: f64,
    /// Milliseconds since its cause, if that is in the timeline.
    pub step_ms: Option<f64>,
    pub cause: String,
    /// The state of the order inside the service, afterwards.
    pub state: State,
    /// The essence of its content.
    pub detail: String,
}

impl Timeline {
    /// Of all the events of one order, ordered by time.
    pub fn of(choreography: &Choreography, events: &[StoredEvent]) -> Self {
        let occurrences: Vec<Occurrence> = events.iter().map(Occurrence::from).collect();
        let step = |(nth, event): (usize, &StoredEvent)| {
            let state = state_of(choreography, event.headers.kind.service(), &occurrences[..=nth]);
            step(&events[..=nth], event, state)
        };
        let steps = events.iter().enumerate().map(step).collect();
        let Next { state, owed, awaited, ends, is_over } = next(choreography, &occurrences);
        Self { state, is_over, steps, pending: owed, awaited, ends }
    }
}

fn step(so_far: &[StoredEvent], event: &StoredEvent, state: State) -> Step {
    let headers = &event.headers;
    let service = headers.kind.service();
    let begun = so_far.first().map_or(headers.time, |first| first.headers.time);
    let cause = so_far.iter().find(|other| {
        let (service, sequence) = (other.headers.kind.service(), other.headers.sequence);
        headers.cause == Cause::Event { service, sequence }
    });
    Step {
        service,
        sequence: headers.sequence,
        kind: headers.kind,
        time: headers.time,
        at_ms: millis(begun, headers.time),
        step_ms: cause.map(|cause| millis(cause.headers.time, headers.time)),
        cause: cause.map_or_else(|| headers.cause.to_string(), name),
        state,
        detail: detail(&event.event),
    }
}

fn name(event: &StoredEvent) -> String {
    format!("{} #{}", event.headers.kind, event.headers.sequence)
}

/// To the microsecond, which is what a timestamp holds. An hour is far from where a float rounds.
fn millis(from: Timestamp, to: Timestamp) -> f64 {
    let micros = to.micros().saturating_sub(from.micros());
    #[allow(clippy::cast_precision_loss, reason = "microseconds of an age are far below 2^52")]
    let millis = micros as f64 / 1_000.0;
    millis
}

/// The essence of an event's content, in a few words; empty if its kind says everything.
#[allow(clippy::wildcard_enum_match_arm, reason = "the kinds of all others say everything")]
pub fn detail(event: &Event) -> String {
    match event {
        Event::OrderPlaced(placed) => {
            format!("{} for {} ({})", placed.total, customer(placed), lines(placed))
        }
        Event::OrderPrepared(prepared) => format!("until {}", prepared.until),
        Event::OrderCompleted(end) | Event::OrderRejected(end) | Event::OrderCancelled(end) => {
            if end.detail.is_empty() {
                word(&end.reason)
            } else {
                end.detail.clone()
            }
        }
        Event::InventoryRejected(rejected) => {
            let short = rejected.shortages.iter();
            let short = short.map(|s| format!("{}: {} of {}", s.sku, s.available, s.wanted));
            short.collect::<Vec<_>>().join(", ")
        }
        Event::PaymentCharged(charged) => format!("{}", charged.amount),
        Event::PaymentDeclined(declined) => declined_text(declined),
        Event::PaymentRefunded(refunded) => format!("{}", refunded.amount),
        Event::ShippingCreated(created) => format!("to {}", created.recipient.address.country),
        Event::ShippingCancelled(cancelled) => word(&cancelled.reason),
        _ => String::new(),
    }
}

fn customer(placed: &order::Placed) -> &str {
    placed.customer.customer.id.as_str()
}

fn lines(placed: &order::Placed) -> String {
    match placed.lines.len() {
        1 => "1 line".to_owned(),
        several => format!("{several} lines"),
    }
}

fn declined_text(declined: &payment::Declined) -> String {
    let payment::Declined { amount, outstanding, limit, .. } = declined;
    format!("{}: {amount} on top of {outstanding}, limit {limit}", word(&declined.reason))
}

/// A reason as it is spelled on the wire.
fn word(reason: &impl Serialize) -> String {
    match serde_json::to_value(reason) {
        Ok(Value::String(word)) => word.replace('_', " "),
        Ok(_) | Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests;
