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
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// The field of its payload that says what it is about, in every version: the last token of its subject.
    pub id_field: &'static str,
    /// The version that is written unless the service is told otherwise.
    pub writes: u16,
    /// The newest version: what all others are read as.
    pub newest: Shape,
    /// The versions before that are read, the oldest first.
    pub older: &'static [Shape],
}

/// What the payload of an event looks like in one version.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The version.
    pub version: u16,
    /// Whether it can be written.
    pub is_written: bool,
    /// The JSON Schema of the payload. What that refers to is among the definitions of the generator.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// A payload, byte for byte as it is stored, and a line break. It is never changed: there are rows like it.
    pub example: &'static str,
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
    /// Its versions, the oldest first.
    pub fn shapes(&self) -> impl DoubleEndedIterator<Item = &Shape> + Clone {
        self.older.iter().chain([&self.newest])
    }

    /// What it looks like in that version, if that is read.
    #[must_use]
    pub fn shape(&self, version: u16) -> Option<&Shape> {
        self.shapes().find(|shape| shape.version == version)
    }
}

impl Shape {
    /// The only version of an event, which is the first.
    #[must_use]
    pub const fn first(schema: fn(&mut SchemaGenerator) -> Schema, example: &'static str) -> Self {
        Self { version: 1, is_written: true, schema, example }
    }

    /// The example without the line break at the end of its file.
    #[must_use]
    pub fn payload(&self) -> &'static str {
        self.example.trim_end_matches('\n')
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
