//! Who reads an event, and what it does: the choreography, seen from one event.

use protocol::choreography::{Choreography, Reaction, State, Trigger};
use protocol::{Kind, Service};

/// The read side, which reads every stream and publishes nothing about orders.
pub(crate) const QUERY: &str = protocol::heartbeat::QUERY;

/// One service that reads an event.
pub(crate) struct Reader<'a> {
    pub(crate) service: Service,
    /// What it does on it.
    pub(crate) reactions: Vec<&'a Reaction>,
    /// In which states it does nothing but to move its position.
    pub(crate) ignored_in: Vec<State>,
    /// Whether it keeps a replica that the event is a part of.
    pub(crate) replicates: bool,
}

impl Reader<'_> {
    /// Whether the event changes anything for it.
    pub(crate) fn is_moved(&self) -> bool {
        !self.reactions.is_empty() || self.replicates
    }
}

/// Every service that reads the stream of an event of this kind.
pub(crate) fn of<'a>(choreography: &'a Choreography, kind: Kind) -> Vec<Reader<'a>> {
    let publisher = kind.service();
    let reading = choreography.services().filter(|service| {
        choreography.decides(*service, publisher) || choreography.replicates(*service, publisher)
    });
    let reader = |service| {
        let of_service = |reaction: &&Reaction| reaction.service == service;
        let reactions = choreography.reactions.iter().filter(of_service);
        let ignored = choreography.ignored.iter();
        let ignored = ignored.filter(|ignored| ignored.service == service && ignored.on == kind);
        Reader {
            service,
            reactions: reactions.filter(|reaction| reaction.on == Trigger::Event(kind)).collect(),
            ignored_in: ignored.flat_map(|ignored| ignored.states.iter().copied()).collect(),
            replicates: choreography.replicates(service, publisher) && !kind.is_recovered(),
        }
    };
    reading.map(reader).collect()
}

/// What makes its service publish an event of this kind.
pub(crate) fn causes(choreography: &Choreography, kind: Kind) -> Vec<&Reaction> {
    let reactions = choreography.reactions.iter();
    reactions.filter(|reaction| reaction.emits.contains(&kind)).collect()
}

/// Names in a sentence: `one`, `one or two`, `one, two or three`.
pub(crate) fn alternatives<T: ToString>(all: &[T]) -> String {
    let names: Vec<String> = all.iter().map(|one| format!("`{}`", one.to_string())).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}
