//! What one service says of itself. A choreography is put together from these and from nothing else, so that
//! a service is added without a change to any other.

use schemars::{Schema, SchemaGenerator};

use super::{Choreography, Compensation, Exempt, Ignored, Reaction, Reads, State};
use crate::{Kind, Service};

/// What one service says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// Which one it is.
    pub service: Service,
    /// What it publishes.
    pub publishes: &'static [Publication],
    /// The streams that it reacts to.
    pub decides: &'static [Service],
    /// The streams of which it keeps a replica.
    pub replicas: &'static [Service],
    /// The states that whatever its events are about can be in, inside of it.
    pub states: &'static [State],
    /// What the state is after its events.
    pub after: &'static [(Kind, State)],
    /// Its reactions, to commands, timers and the events of others.
    pub reactions: &'static [Reaction],
    /// What it reads and does nothing on.
    pub ignored: &'static [Ignored],
    /// What undoes its forward steps.
    pub compensations: &'static [Compensation],
    /// Its events that nobody has to consume.
    pub facts: &'static [Exempt<Kind>],
    /// Its states that wait for others without a deadline of their own.
    pub waits: &'static [Exempt<State>],
}

/// An event that a service publishes.
#[derive(Clone, Copy, Debug)]
pub struct Publication {
    /// Its kind.
    pub kind: Kind,
    /// The version that is written, and the newest that is read.
    pub version: u16,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// The field of its payload that says what it is about: the last token of its subject.
    pub id_field: &'static str,
    /// The JSON Schema of its payload. What that refers to is among the definitions of the generator.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// What all of it is for: from which event to which ends.
#[derive(Clone, Copy, Debug)]
pub struct Saga {
    /// The event with which one starts.
    pub start: Kind,
    /// The end with which it succeeds.
    pub success: Kind,
    /// All ends.
    pub ends: &'static [Kind],
}

impl Publication {
    /// Its type on the wire, such as `order.placed.v1`.
    #[must_use]
    pub fn event_type(&self) -> String {
        self.kind.event_type(self.version)
    }
}

impl Choreography {
    /// The choreography of these services.
    #[must_use]
    pub fn of(saga: Saga, declarations: &[&Declaration]) -> Self {
        let empty = Self {
            publications: Vec::new(),
            reads: Vec::new(),
            states: Vec::new(),
            after: Vec::new(),
            reactions: Vec::new(),
            ignored: Vec::new(),
            compensations: Vec::new(),
            facts: Vec::new(),
            waits: Vec::new(),
            start: saga.start,
            success: saga.success,
            ends: saga.ends.to_vec(),
        };
        declarations.iter().fold(empty, |all, one| all.with(one))
    }

    /// The same with one service more.
    #[must_use]
    pub fn with(mut self, declaration: &Declaration) -> Self {
        let Declaration { service, decides, replicas, .. } = *declaration;
        self.publications.extend(declaration.publishes);
        self.reads.push(Reads { service, decides, replicas });
        self.states.push((service, declaration.states));
        self.after.extend(declaration.after);
        self.reactions.extend(declaration.reactions);
        self.ignored.extend(declaration.ignored);
        self.compensations.extend(declaration.compensations);
        self.facts.extend(declaration.facts);
        let waits = declaration.waits.iter();
        self.waits.extend(waits.map(|wait| Exempt::of((service, wait.what), wait.because)));
        self
    }
}
