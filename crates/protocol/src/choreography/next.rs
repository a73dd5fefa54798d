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

impl<E: Event> From<&StoredEvent<E>> for Occurrence {
    fn from(event: &StoredEvent<E>) -> Self {
        let headers = &event.headers;
        Self {
            kind: headers.kind,
            sequence: headers.sequence,
            time: headers.time,
            cause: headers.cause.clone(),
            vector: headers.vector.clone(),
            due: event.event.due(),
        }
    }
}

/// What happens next after these events of one order. Those of one service come in its order.
#[must_use]
pub fn next(choreography: &Choreography, events: &[Occurrence]) -> Next {
    let now = situation(choreography, events);
    let state = now.state(choreography, choreography.start.service());
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
pub fn state_of(choreography: &Choreography, service: Service, events: &[Occurrence]) -> State {
    let last = events.iter().rfind(is_of(service));
    last.and_then(|event| choreography.state_after(event.kind)).unwrap_or(NONE)
}

/// Everything that is owed after these events of one order.
///
/// An event is owed when the table has a reaction to an event that the service has not come to yet:
/// nothing it said about the order was caused by it, or names a position beyond it.
#[must_use]
pub fn owed(choreography: &Choreography, events: &[Occurrence]) -> Vec<Owed> {
    let mut owed = Vec::new();
    for service in choreography.services() {
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
fn timer(choreography: &Choreography, state: State, last: &Occurrence) -> Option<Owed> {
    let (due, service) = (last.due?, last.kind.service());
    let reaction = choreography.reactions.iter().find(|reaction| {
        let is_timed = matches!(reaction.on, Trigger::Timer(_));
        is_timed && reaction.service == service && reaction.states.contains(&state)
    })?;
    let (emits, on) = (reaction.emits, reaction.on.to_string());
    Some(Owed { service, emits, on, since: last.time, due: Some(due) })
}

fn situation(choreography: &Choreography, events: &[Occurrence]) -> Situation {
    let mut situation = Situation::after(events.iter().map(|event| event.kind));
    for reader in choreography.services() {
        for stream in choreography.streams_read_by(reader) {
            let said = events.iter().filter(is_of(stream));
            let read = said.filter(|event| is_read(reader, event, events)).count();
            situation = situation.with_read(reader, stream, read);
        }
    }
    situation
}

fn awaited(choreography: &Choreography, events: &[Occurrence], runs: &Exploration) -> Vec<Awaited> {
    let mut awaited = Vec::new();
    for service in choreography.services() {
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
        let one_of: Vec<Kind> = choreography.kinds().filter(moves).collect();
        if !one_of.is_empty() {
            awaited.push(Awaited { service, state, one_of, since: last.time });
        }
    }
    awaited
}
