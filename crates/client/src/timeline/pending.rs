//! What is pending in an order's saga: derived from its events and the choreography, by no other
//! knowledge.

use contracts::choreography::{Choreography, NONE, Rule, State, Trigger};
use contracts::{Cause, Event, Kind, Service, StoredEvent, Timestamp};
use serde::Serialize;

/// An event that has to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PendingEvent {
    pub service: Service,
    pub emits: &'static [Kind],
    pub on: String,
    /// Since when; for a timer, since when it runs.
    pub since: Timestamp,
    /// When a timer is due.
    pub due: Option<Timestamp>,
}

/// Everything that is pending after these events of one order, ordered by time.
///
/// An event is pending when the table has a reaction to an event that the service has not come to yet:
/// nothing it said about the order was caused by it, or names a position beyond it.
pub(super) fn pending(
    choreography: &Choreography<'_>,
    events: &[StoredEvent],
) -> Vec<PendingEvent> {
    let mut pending = Vec::new();
    for service in Service::ALL {
        let state = state_of(choreography, service, events);
        let unread = events.iter().filter(|event| is_unread(choreography, service, event, events));
        pending.extend(unread.filter_map(|event| {
            let kind = event.headers.kind;
            match choreography.rule(service, state, Trigger::Event(kind)) {
                Rule::Emit(emits) => Some(PendingEvent {
                    service,
                    emits,
                    on: format!("{kind} #{}", event.headers.sequence),
                    since: event.headers.time,
                    due: None,
                }),
                Rule::Ignore | Rule::Unknown => None,
            }
        }));
        pending.extend(
            events.iter().rfind(is_of(service)).and_then(|e| timer(choreography, state, e)),
        );
    }
    pending
}

/// The state of the order inside a service.
pub(super) fn state_of(
    choreography: &Choreography<'_>,
    service: Service,
    events: &[StoredEvent],
) -> State {
    let last = events.iter().rfind(is_of(service));
    last.and_then(|event| choreography.state_after(event.headers.kind)).unwrap_or(NONE)
}

fn is_of(service: Service) -> impl Fn(&&StoredEvent) -> bool {
    move |event| event.headers.kind.service() == service
}

fn is_unread(
    choreography: &Choreography<'_>,
    service: Service,
    event: &StoredEvent,
    events: &[StoredEvent],
) -> bool {
    let (stream, sequence) = (event.headers.kind.service(), event.headers.sequence);
    let caused = Cause::Event { service: stream, sequence };
    choreography.decides(service, stream)
        && !events.iter().filter(is_of(service)).any(|own| {
            own.headers.cause == caused || own.headers.vector.of(stream).sequence >= sequence
        })
}

/// The durable timer that the last event of a service has set.
fn timer(
    choreography: &Choreography<'_>,
    state: State,
    last: &StoredEvent,
) -> Option<PendingEvent> {
    let due = if let Event::OrderPlaced(placed) = &last.event {
        placed.deadline
    } else if let Event::OrderPrepared(prepared) = &last.event {
        prepared.until
    } else {
        return None;
    };
    let service = last.headers.kind.service();
    let reaction = choreography.reactions.iter().find(|reaction| {
        let timed = matches!(reaction.on, Trigger::Timer(_));
        timed && reaction.service == service && reaction.states.contains(&state)
    })?;
    let (emits, on) = (reaction.emits, reaction.on.to_string());
    Some(PendingEvent { service, emits, on, since: last.headers.time, due: Some(due) })
}
