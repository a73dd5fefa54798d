//! The choreography as data: who is in which state, reacts to what, and with which event. It is put
//! together from what each service declares of itself.
//!
//! The engine refuses what this table does not allow, [`check`](check::check) walks it as a graph, and pictures
//! of it are generated. It holds no code that decides anything.

pub mod check;
pub mod declaration;
pub mod declared;
pub mod examples;
pub mod next;
pub mod runs;

use std::fmt;

use crate::{Kind, Service};

pub use check::{Finding, Problem, check};
pub use declaration::{Declaration, Publication, Saga, Shape};
pub use declared::Declared;

/// The state of whatever an event is about, inside one service: of an order, a reservation, a
/// charge, a shipment, a customer, a product.
pub type State = &'static str;

/// The state of what a service has not heard of.
pub const NONE: State = "none";

/// What a service reacts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// An event of another service.
    Event(Kind),
    /// A command of that name.
    Command(&'static str),
    /// A durable timer of that name.
    Timer(&'static str),
}

/// In one of `states`, on `on`, `service` emits one of `emits`. An input that changes nothing
/// emits nothing, and only its position moves, where `may_ignore` allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Who reacts.
    pub service: Service,
    /// In which states.
    pub states: &'static [State],
    /// To what.
    pub on: Trigger,
    /// With one of which events.
    pub emits: &'static [Kind],
}

/// In one of `states`, `service` reads an event of this kind and does nothing but move its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Who reads it.
    pub service: Service,
    /// In which states.
    pub states: &'static [State],
    /// What is read.
    pub on: Kind,
}

/// A forward step, and the event that undoes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compensation {
    /// The step.
    pub step: Kind,
    /// What undoes it.
    pub undone_by: Kind,
}

/// Something that a check would report, exempted by name and with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exempt<T> {
    /// What is exempted.
    pub what: T,
    /// Why that is right.
    pub because: &'static str,
}

/// What a service reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// Who reads.
    pub service: Service,
    /// The streams that it reacts to.
    pub decides: &'static [Service],
    /// The streams of which it keeps a replica.
    pub replicas: &'static [Service],
}

/// The whole of it. The order of everything is the order in which the services were put together.
#[derive(Clone, Debug)]
pub struct Choreography {
    /// What is published.
    pub publications: Vec<Publication>,
    /// Who reads what.
    pub reads: Vec<Reads>,
    /// Every state, with the service that it is a state in.
    pub states: Vec<(Service, &'static [State])>,
    /// What the state is after an event.
    pub after: Vec<(Kind, State)>,
    /// The reactions.
    pub reactions: Vec<Reaction>,
    /// What is read and changes nothing.
    pub ignored: Vec<Ignored>,
    /// What undoes what.
    pub compensations: Vec<Compensation>,
    /// Kinds that no service has to consume, and that are no ends.
    pub facts: Vec<Exempt<Kind>>,
    /// States that wait for others without a deadline of their own.
    pub waits: Vec<Exempt<(Service, State)>>,
    /// The event with which a saga starts.
    pub start: Kind,
    /// The end with which it succeeds.
    pub success: Kind,
    /// All ends.
    pub ends: Vec<Kind>,
}

/// What the table says of an input in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// One of these events is due.
    Emit(&'static [Kind]),
    /// Nothing happens but that the position moves.
    Ignore,
    /// The table does not know this pair: the input must not be handled.
    Unknown,
}

impl Choreography {
    /// All services.
    pub fn services(&self) -> impl DoubleEndedIterator<Item = Service> + use<'_> {
        self.reads.iter().map(|reads| reads.service)
    }

    /// All kinds of events.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + use<'_> {
        self.publications.iter().map(|publication| publication.kind)
    }

    /// What is said of a kind, if it is published.
    #[must_use]
    pub fn publication(&self, kind: Kind) -> Option<&Publication> {
        self.publications.iter().find(|publication| publication.kind == kind)
    }

    /// What `service`, being in `state`, does on `on`.
    #[must_use]
    pub fn rule(&self, service: Service, state: &str, on: Trigger) -> Rule {
        if let Some(kinds) = self.emits(service, state, on) {
            return Rule::Emit(kinds);
        }
        let Trigger::Event(kind) = on else { return Rule::Unknown };
        let ignored = self.ignored.iter().any(|ignored| {
            ignored.service == service && ignored.on == kind && ignored.states.contains(&state)
        });
        if ignored { Rule::Ignore } else { Rule::Unknown }
    }

    /// What `service`, being in `state`, may emit on `on`, if it reacts to it at all. For those who only
    /// look on: to them, what is ignored and what is unknown are one.
    #[must_use]
    pub fn emits(&self, service: Service, state: &str, on: Trigger) -> Option<&'static [Kind]> {
        let reaction = self.reactions.iter().find(|reaction| {
            reaction.service == service && reaction.on == on && reaction.states.contains(&state)
        });
        reaction.map(|reaction| reaction.emits)
    }

    /// Whether anything but a replica of `service` is moved by events of `stream`.
    #[must_use]
    pub fn decides(&self, service: Service, stream: Service) -> bool {
        self.reads_of(service).is_some_and(|reads| reads.decides.contains(&stream))
    }

    /// Every stream that `service` reads, in order.
    #[must_use]
    pub fn streams_read_by(&self, service: Service) -> Vec<Service> {
        let Some(reads) = self.reads_of(service) else { return Vec::new() };
        let mut streams: Vec<_> = reads.decides.iter().chain(reads.replicas).copied().collect();
        streams.sort_unstable();
        streams.dedup();
        streams
    }

    /// Every service that reads the stream of `service`, in order.
    pub fn readers_of(&self, service: Service) -> impl Iterator<Item = Service> + use<'_> {
        let reads = self.reads.iter();
        let reads =
            reads.filter(move |r| r.decides.contains(&service) || r.replicas.contains(&service));
        reads.map(|reads| reads.service)
    }

    /// Whether `service` keeps a replica of `stream`.
    #[must_use]
    pub fn replicates(&self, service: Service, stream: Service) -> bool {
        self.reads_of(service).is_some_and(|reads| reads.replicas.contains(&stream))
    }

    /// Whether `service`, in whatever state, does nothing on an event of this kind but to move its
    /// position.
    #[must_use]
    pub fn ignores_always(&self, service: Service, kind: Kind) -> bool {
        let states = self.states.iter().find(|(of, _)| *of == service).map(|(_, states)| states);
        let on = Trigger::Event(kind);
        states.is_some_and(|states| {
            states.iter().all(|state| self.rule(service, state, on) == Rule::Ignore)
        })
    }

    /// Whether `service` has timers.
    #[must_use]
    pub fn has_timers(&self, service: Service) -> bool {
        let mut reactions = self.reactions.iter().filter(|reaction| reaction.service == service);
        reactions.any(|reaction| matches!(reaction.on, Trigger::Timer(_)))
    }

    /// The state after an event of this kind.
    #[must_use]
    pub fn state_after(&self, kind: Kind) -> Option<State> {
        self.after.iter().find(|(of, _)| *of == kind).map(|(_, state)| *state)
    }

    fn reads_of(&self, service: Service) -> Option<&Reads> {
        self.reads.iter().find(|reads| reads.service == service)
    }
}

impl Reaction {
    /// In one of `states`, on `on`, `service` emits one of `emits`.
    #[must_use]
    pub const fn of(
        service: Service,
        states: &'static [State],
        on: Trigger,
        emits: &'static [Kind],
    ) -> Self {
        Self { service, states, on, emits }
    }
}

impl Ignored {
    /// In one of `states`, `service` reads `on` and does nothing but move its position.
    #[must_use]
    pub const fn of(service: Service, states: &'static [State], on: Kind) -> Self {
        Self { service, states, on }
    }
}

impl Compensation {
    /// `step` is undone by `undone_by`.
    #[must_use]
    pub const fn of(step: Kind, undone_by: Kind) -> Self {
        Self { step, undone_by }
    }
}

impl<T> Exempt<T> {
    /// `what` is exempted, and why.
    #[must_use]
    pub const fn of(what: T, because: &'static str) -> Self {
        Self { what, because }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(kind) => write!(f, "{kind}"),
            Self::Command(name) => write!(f, "command {name}"),
            Self::Timer(name) => write!(f, "timer {name}"),
        }
    }
}
