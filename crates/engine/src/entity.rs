//! What an owner of plain entities needs: customers, products, whatever is created, changed and ended, and
//! whose events carry its whole new state, so that others keep replicas by remembering the newest.
//!
//! A service says what its entity is ([`Entity`]); [`Owner`] is its domain, and [`table`] the one table.

pub mod table;

use std::fmt::Debug;
use std::marker::PhantomData;

use protocol::choreography::{Choreography, NONE, State};
use protocol::{Event, Id, Service, StoredEvent, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{Decision, Domain, Input};
use crate::outbox;
use crate::precondition::Validators;
use crate::state::{Read, StateError, Write};
use table::Table;

/// A kind of entity, and the words that its service has for what happens to one.
pub trait Entity: Send + 'static {
    /// All of one, as its events carry it.
    type State: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + 'static;
    /// What clients say of one: all but its id and whether it has ended.
    type Details: Clone + Debug + PartialEq + Send + 'static;
    /// The events that its service understands.
    type Event: Event;
    /// Why a command is refused.
    type Refusal: Send + 'static;

    /// Its owner.
    const SERVICE: Service;
    /// Where the states are kept.
    const TABLE: Table;
    /// The steps that make that table.
    const MIGRATIONS: &'static [&'static str];
    /// What the choreography calls one that was created, and one that has ended.
    const STATES: [State; 2];

    /// The choreography that its owner is a part of.
    fn choreography() -> &'static Choreography;

    /// The name of the command that leads to that change.
    fn command_name(change: Change) -> &'static str;

    /// Of all that can be said of one, its id.
    fn id(state: &Self::State) -> &Id;

    /// Whether it has ended.
    fn has_ended(state: &Self::State) -> bool;

    /// One with these details.
    fn with(id: &Id, details: &Self::Details) -> Self::State;

    /// The same, ended.
    fn ended(state: Self::State) -> Self::State;

    /// The event that says so.
    fn event(change: Change, state: Self::State) -> Self::Event;

    /// What an event says of one; nothing if it is another's.
    fn in_event(event: &Self::Event) -> Option<(Change, &Self::State)>;

    /// Whether one may have these details, which has had `standing`.
    ///
    /// # Errors
    /// Why not.
    fn check(details: &Self::Details, standing: Option<&Self::State>) -> Result<(), Self::Refusal>;

    /// The refusal of a command that does not fit what there is.
    fn refuse(conflict: Conflict, id: &Id) -> Self::Refusal;
}

/// What happens to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// There was none of that id.
    Created,
    /// It has new details.
    Changed,
    /// It stays known, and changes no more.
    Ended,
}

/// Why a command does not fit what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The id is taken, if only by one that has ended.
    Exists,
    /// There is none of that id.
    Unknown,
    /// It has ended.
    Ended,
}

/// What clients may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<D> {
    /// A new one.
    Create {
        /// The id that it will have.
        id: Id,
        /// All else.
        details: D,
    },
    /// New details, all of them.
    Change {
        /// Which one.
        id: Id,
        /// The details from now on.
        details: D,
    },
    /// Its end.
    End {
        /// Which one.
        id: Id,
    },
}

/// The domain of the service that owns them.
#[derive(Debug)]
pub struct Owner<E>(PhantomData<fn() -> E>);

impl<D> Command<D> {
    /// What it is about.
    pub const fn id(&self) -> &Id {
        match self {
            Self::Create { id, .. } | Self::Change { id, .. } | Self::End { id } => id,
        }
    }

    const fn change(&self) -> Change {
        match self {
            Self::Create { .. } => Change::Created,
            Self::Change { .. } => Change::Changed,
            Self::End { .. } => Change::Ended,
        }
    }
}

impl<E> Default for Owner<E> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E> Clone for Owner<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Owner<E> {}

impl<E: Entity> Domain for Owner<E> {
    type Command = Command<E::Details>;
    type Refusal = E::Refusal;
    type Event = E::Event;

    const SERVICE: Service = E::SERVICE;
    const MIGRATIONS: &'static [&'static str] = E::MIGRATIONS;

    fn choreography() -> &'static Choreography {
        E::choreography()
    }

    fn command_name(command: &Self::Command) -> &'static str {
        E::command_name(command.change())
    }

    fn validators(
        &self,
        state: &Read<'_>,
        command: &Self::Command,
    ) -> Result<Option<Validators>, StateError> {
        let found = table::find::<E>(state, command.id())?;
        found.map(|(version, _)| outbox::validators(state, version)).transpose()
    }

    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Self::Command, E::Event>,
        _now: Timestamp,
    ) -> Result<Decision<E::Refusal, E::Event>, StateError> {
        match input {
            Input::Command(command) => decide::<E>(state, command),
            Input::Event(event) => Err(unexpected::<E>(&format!("event {}", event.headers.kind))),
            Input::Timer { name, .. } => Err(unexpected::<E>(&format!("timer {name}"))),
        }
    }

    fn apply(
        &self,
        state: &mut Write<'_>,
        event: &StoredEvent<E::Event>,
    ) -> Result<(), StateError> {
        let version = event.headers.sequence;
        match E::in_event(&event.event) {
            Some((Change::Created, entity)) => table::insert::<E>(state, version, entity),
            Some((Change::Changed | Change::Ended, entity)) => {
                table::update::<E>(state, version, entity)
            }
            None => Err(unexpected::<E>(&format!("own event {}", event.headers.kind))),
        }
    }
}

fn decide<E: Entity>(
    state: &Read<'_>,
    command: &Command<E::Details>,
) -> Result<Decision<E::Refusal, E::Event>, StateError> {
    let found = table::find::<E>(state, command.id())?.map(|(_, found)| found);
    Ok(match command {
        Command::Create { id, details } => create::<E>(found.as_ref(), id, details),
        Command::Change { id, details } => change::<E>(found.as_ref(), id, details),
        Command::End { id } => end::<E>(found, id),
    })
}

fn create<E: Entity>(
    found: Option<&E::State>,
    id: &Id,
    details: &E::Details,
) -> Decision<E::Refusal, E::Event> {
    if let Err(refusal) = E::check(details, None) {
        return Decision::Refuse(refusal);
    }
    if found.is_some() {
        return Decision::Refuse(E::refuse(Conflict::Exists, id));
    }
    Decision::emit(NONE, E::event(Change::Created, E::with(id, details)))
}

fn change<E: Entity>(
    found: Option<&E::State>,
    id: &Id,
    details: &E::Details,
) -> Decision<E::Refusal, E::Event> {
    if let Err(refusal) = E::check(details, found) {
        return Decision::Refuse(refusal);
    }
    let [open, _] = E::STATES;
    match found {
        None => Decision::Refuse(E::refuse(Conflict::Unknown, id)),
        Some(found) if E::has_ended(found) => Decision::Refuse(E::refuse(Conflict::Ended, id)),
        Some(found) => {
            let changed = E::with(id, details);
            if changed == *found {
                return Decision::nothing(open);
            }
            Decision::emit(open, E::event(Change::Changed, changed))
        }
    }
}

fn end<E: Entity>(found: Option<E::State>, id: &Id) -> Decision<E::Refusal, E::Event> {
    let [open, ended] = E::STATES;
    match found {
        None => Decision::Refuse(E::refuse(Conflict::Unknown, id)),
        Some(found) if E::has_ended(&found) => Decision::nothing(ended),
        Some(found) => Decision::emit(open, E::event(Change::Ended, E::ended(found))),
    }
}

fn unexpected<E: Entity>(what: &str) -> StateError {
    StateError::Contradiction(format!("{} does not know what to do with {what}", E::SERVICE))
}
