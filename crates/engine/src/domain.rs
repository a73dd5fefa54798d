//! What a service implements: decide, then apply.

use protocol::choreography::{Choreography, State};
use protocol::{Event, Id, Service, StoredEvent, Timestamp};

use crate::precondition::Validators;
use crate::state::{Read, StateError, Write};

/// The logic of one service. Nothing here knows of streams, positions or answers.
pub trait Domain: Send + 'static {
    /// What clients may ask for.
    type Command: Send + 'static;
    /// Why a command is refused: data, for the client.
    type Refusal: Send + 'static;

    /// The events that it understands: its own, and those that it reads.
    type Event: Event;

    /// Which service this is.
    const SERVICE: Service;

    /// The service's own tables, as numbered steps: step `n` brings version `n` to `n + 1`. Steps
    /// are only ever added.
    const MIGRATIONS: &'static [&'static str];

    /// The choreography that it is a part of: what it does beside it is refused.
    fn choreography() -> &'static Choreography;

    /// The name of a command in the choreography.
    fn command_name(command: &Self::Command) -> &'static str;

    /// What a command would change, as it stands; none if there is no such thing. A client's
    /// preconditions are held against it.
    ///
    /// # Errors
    /// When the state cannot be read or contradicts itself.
    fn validators(
        &self,
        state: &Read<'_>,
        command: &Self::Command,
    ) -> Result<Option<Validators>, StateError>;

    /// Turns one input into at most one own event. Reads, and changes nothing.
    ///
    /// # Errors
    /// Only when the state cannot be read or contradicts itself. A refusal is no error.
    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Self::Command, Self::Event>,
        now: Timestamp,
    ) -> Result<Decision<Self::Refusal, Self::Event>, StateError>;

    /// Changes the state by one own event: the same event in the same state always makes the same
    /// change.
    ///
    /// # Errors
    /// When the state cannot be written or contradicts the event.
    fn apply(
        &self,
        state: &mut Write<'_>,
        event: &StoredEvent<Self::Event>,
    ) -> Result<(), StateError>;
}

/// One input of a decision.
#[derive(Debug)]
pub enum Input<'a, C, E> {
    /// Somebody asks for something.
    Command(&'a C),
    /// Another service said something.
    Event(&'a StoredEvent<E>),
    /// A durable timer is due.
    Timer {
        /// Its name.
        name: &'a str,
        /// What it is about.
        id: &'a Id,
    },
}

/// What follows from an input.
#[derive(Debug)]
pub enum Decision<R, E> {
    /// Being in the state `from`, this happens.
    Emit {
        /// The state that the input met, by its name in the choreography.
        from: State,
        /// What happens.
        event: E,
    },
    /// Being in the state `from`, nothing changes.
    Nothing {
        /// The state that the input met, by its name in the choreography.
        from: State,
    },
    /// The command is refused, and nothing changes.
    Refuse(R),
}

impl<R, E> Decision<R, E> {
    /// In the state `from`, `event` happens.
    #[must_use]
    pub const fn emit(from: State, event: E) -> Self {
        Self::Emit { from, event }
    }

    /// In the state `from`, nothing changes.
    #[must_use]
    pub const fn nothing(from: State) -> Self {
        Self::Nothing { from }
    }
}
