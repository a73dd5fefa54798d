//! What happens next to one order: who owes which event, who awaits which, since when, and how the order
//! can end. Derived from its events and the choreography, by no other knowledge.

use schemars::JsonSchema;
use serde::Serialize;

use super::runs::{Exploration, Situation, runs_on};
use super::{Choreography, NONE, Rule, State, Trigger};
use crate::{Cause, Event, Kind, Service, StoredEvent, Timestamp, Vector};

/// What happens next to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Next {
    /// The order's state, as its owner sees it.
    pub state: State,
    /// The events that have to come.
    pub owed: Vec<Owed>,
    /// Who waits for others, and for what.
    pub awaited: Vec<Awaited>,
    /// The ends that are still possible; the one that has come, once it has.
    pub ends: Vec<Kind>,
    /// Whether an end has come and nothing is owed any more.
    pub is_over: bool,
}

/// An event that a service has to publish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Owed {
    /// Who owes it.
    pub service: Service,
    /// One of these.
    pub emits: &'static [Kind],
    /// What calls for it: an event with its number, or a timer.
    pub on: String,
    /// Since when; for a timer, since when it runs.
    pub since: Timestamp,
    /// When a timer is due.
    pub due: Option<Timestamp>,
}

/// A service that is in a state in which something of others moves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Awaited {
    /// Who waits.
    pub service: Service,
    /// In which state.
    pub state: State,
    /// For one of these: what moves it in this state and can still come while it is in it.
    pub one_of: Vec<Kind>,
    /// Since when it is in this state.
    pub since: Timestamp,
}

/// One event of an order, as far as what comes next depends on it.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// What happened.
    pub kind: Kind,
    /// Its number in its stream.
    pub sequence: u64,
    /// When.
    pub time: Timestamp,
    /// What made it.
    pub cause: Cause,
    /// How far its service had read others. Empty if that is not known: the cause says some of it.
    pub vector: Vector,
    /// When the timer that it sets is due, if it sets one.
    pub due: Option<Timestamp>,
}

impl From<&StoredEvent> for Occurrence {
    fn from(event: &StoredEvent) -> Self {
        let headers = &event.headers;
        let due = if let Event::OrderPlaced(placed) = &event.event {
            Some(placed.deadline)
        } else if let Event::OrderPrepared(prepared) = &event.event {
            Some(prepared.until)
        } else {
            None
        };
        Self {
            kind: headers.kind,
            sequence: headers.sequence,
            time: headers.time,
            cause: headers.cause.clone(),
            vector: headers.vector.clone(),
            due,
        }
    }
}

/// What happens next after these events of one order. Those of one service come in its order.
#[must_use]
pub fn next(choreography: &Choreography<'_>, events: &[Occurrence]) -> Next {
    let now = situation(choreography, events);
    let state = now.state(choreography, Service::Order);
    let came = choreography.ends.iter().copied().filter(|end| now.has(*end));
    let mut ends: Vec<Kind> = came.collect();
    let owed = owed(choreography, events);
    let is_over = !ends.is_empty() && owed.is_empty();
    let runs = runs_on(choreography, now);
    if ends.is_empty() {
        let comes = |end: &Kind| runs.visited.iter().any(|visited| visited.situation.has(*end));
        ends.extend(choreography.ends.iter().copied().filter(comes));
    }
    let awaited = if is_over { Vec::new() } else { awaited(choreography, events, &runs) };
    Next { state, owed, awaited, ends, is_over }
}

/// The state of the order inside a service.
#[must_use]
pub fn state_of(choreography: &Choreography<'_>, service: Service, events: &[Occurrence]) -> State {
    let last = events.iter().rfind(is_of(service));
    last.and_then(|event| choreography.state_after(event.kind)).unwrap_or(NONE)
}

/// Everything that is owed after these events of one order.
///
/// An event is owed when the table has a reaction to an event that the service has not come to yet:
/// nothing it said about the order was caused by it, or names a position beyond it.
#[must_use]
pub fn owed(choreography: &Choreography<'_>, events: &[Occurrence]) -> Vec<Owed> {
    let mut owed = Vec::new();
    for service in Service::ALL {
        let state = state_of(choreography, service, events);
        let unread = events.iter().filter(|event| {
            choreography.decides(service, event.kind.service()) && !is_read(service, event, events)
        });
        owed.extend(unread.filter_map(|event| {
            let kind = event.kind;
            match choreography.rule(service, state, Trigger::Event(kind)) {
                Rule::Emit(emits) => Some(Owed {
                    service,
                    emits,
                    on: format!("{kind} #{}", event.sequence),
                    since: event.time,
                    due: None,
                }),
                Rule::Ignore | Rule::Unknown => None,
            }
        }));
        let last = events.iter().rfind(is_of(service));
        owed.extend(last.and_then(|event| timer(choreography, state, event)));
    }
    owed
}

fn is_of(service: Service) -> impl Fn(&&Occurrence) -> bool {
    move |event| event.kind.service() == service
}

/// Whether `service` has come to this event, as far as what it said of the order tells.
fn is_read(service: Service, event: &Occurrence, events: &[Occurrence]) -> bool {
    let (stream, sequence) = (event.kind.service(), event.sequence);
    events.iter().filter(is_of(service)).any(|own| {
        let caused = matches!(own.cause, Cause::Event { service, sequence: last }
            if service == stream && last >= sequence);
        caused || own.vector.of(stream).sequence >= sequence
    })
}

/// The durable timer that the last event of a service has set.
fn timer(choreography: &Choreography<'_>, state: State, last: &Occurrence) -> Option<Owed> {
    let (due, service) = (last.due?, last.kind.service());
    let reaction = choreography.reactions.iter().find(|reaction| {
        let is_timed = matches!(reaction.on, Trigger::Timer(_));
        is_timed && reaction.service == service && reaction.states.contains(&state)
    })?;
    let (emits, on) = (reaction.emits, reaction.on.to_string());
    Some(Owed { service, emits, on, since: last.time, due: Some(due) })
}

fn situation(choreography: &Choreography<'_>, events: &[Occurrence]) -> Situation {
    let mut situation = Situation::after(events.iter().map(|event| event.kind));
    for reader in Service::ALL {
        for stream in choreography.streams_read_by(reader) {
            let said = events.iter().filter(is_of(stream));
            let read = said.filter(|event| is_read(reader, event, events)).count();
            situation = situation.with_read(reader, stream, read);
        }
    }
    situation
}

fn awaited(
    choreography: &Choreography<'_>,
    events: &[Occurrence],
    runs: &Exploration,
) -> Vec<Awaited> {
    let mut awaited = Vec::new();
    for service in Service::ALL {
        let Some(last) = events.iter().rfind(is_of(service)) else { continue };
        let state = state_of(choreography, service, events);
        let moves = |kind: &Kind| {
            let reaction = choreography.emits(service, state, Trigger::Event(*kind));
            reaction.is_some()
                && runs.visited.iter().any(|visited| {
                    visited.situation.state(choreography, service) == state
                        && visited.situation.unread(service, kind.service()) == Some(*kind)
                })
        };
        let one_of: Vec<Kind> = Kind::ALL.iter().copied().filter(moves).collect();
        if !one_of.is_empty() {
            awaited.push(Awaited { service, state, one_of, since: last.time });
        }
    }
    awaited
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choreography::MURMURATION;

    fn occurrence(kind: Kind, sequence: u64, cause: &str) -> Occurrence {
        Occurrence {
            kind,
            sequence,
            time: Timestamp::from_micros(i64::try_from(sequence).unwrap()),
            cause: cause.parse().unwrap(),
            vector: Vector::default(),
            due: (kind == Kind::OrderPlaced).then(|| Timestamp::from_micros(30_000_000)),
        }
    }

    fn awaiting(next: &Next, service: Service) -> &[Kind] {
        let awaited = next.awaited.iter().find(|awaited| awaited.service == service);
        awaited.map_or(&[], |awaited| &awaited.one_of)
    }

    #[test]
    fn of_an_order_that_was_just_placed_everything_is_open() {
        let next = next(&MURMURATION, &[occurrence(Kind::OrderPlaced, 4, "command/place")]);
        assert_eq!((next.state, next.is_over), ("placed", false));
        assert_eq!(next.ends, MURMURATION.ends);
        let owed: Vec<_> = next.owed.iter().map(|owed| (owed.service, owed.on.as_str())).collect();
        let timer = (Service::Order, "timer deadline");
        assert_eq!(owed, [timer, (Service::Inventory, "order.placed #4")]);
        assert_eq!(
            awaiting(&next, Service::Order),
            [
                Kind::InventoryRejected,
                Kind::PaymentDeclined,
                Kind::ShippingCreated,
                Kind::ShippingCancelled
            ]
        );
        assert_eq!(next.awaited[0].since, Timestamp::from_micros(4));
    }

    #[test]
    fn what_has_become_impossible_is_not_awaited_any_more() {
        let events = [
            occurrence(Kind::OrderPlaced, 4, "command/place"),
            occurrence(Kind::InventoryReserved, 9, "ORDER/4"),
            occurrence(Kind::PaymentCharged, 2, "INVENTORY/9"),
        ];
        let next = next(&MURMURATION, &events);
        assert_eq!(next.ends, [Kind::OrderCompleted, Kind::OrderCancelled]);
        let order = awaiting(&next, Service::Order);
        assert_eq!(order, [Kind::ShippingCreated, Kind::ShippingCancelled]);
        assert_eq!(awaiting(&next, Service::Payment), [Kind::OrderCancelled]);
        let held = awaiting(&next, Service::Inventory);
        assert_eq!(held, [Kind::OrderCompleted, Kind::OrderCancelled]);
    }

    #[test]
    fn an_end_with_something_to_undo_is_not_over_and_once_undone_nothing_is_awaited() {
        let mut events = vec![
            occurrence(Kind::OrderPlaced, 4, "command/place"),
            occurrence(Kind::InventoryReserved, 9, "ORDER/4"),
            occurrence(Kind::PaymentDeclined, 2, "INVENTORY/9"),
            occurrence(Kind::OrderRejected, 5, "PAYMENT/2"),
        ];
        let before = next(&MURMURATION, &events);
        assert_eq!((before.ends.as_slice(), before.is_over), (&[Kind::OrderRejected][..], false));
        assert_eq!(awaiting(&before, Service::Inventory), [Kind::OrderRejected]);
        events.push(occurrence(Kind::InventoryReleased, 10, "ORDER/5"));
        let after = next(&MURMURATION, &events);
        assert!(after.is_over && after.awaited.is_empty() && after.owed.is_empty());
    }
}
