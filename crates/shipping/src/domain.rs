//! What follows from each input, and what each event changes.

pub mod state;

mod apply;
mod decide;
mod served;

use std::convert::Infallible;

use contracts::choreography::MURMURATION;
use contracts::{Event, StoredEvent, service};
use engine::{Domain, Input, Read, StateError, Validators, Write};
use protocol::choreography::Choreography;
use protocol::{Service, Timestamp};

use crate::tables;

pub use served::NotServed;

/// The logic of the shipping service.
#[derive(Clone, Debug, Default)]
pub struct ShippingDomain {
    not_served: NotServed,
}

impl ShippingDomain {
    /// Shipping to everywhere but these countries.
    #[must_use]
    pub const fn new(not_served: NotServed) -> Self {
        Self { not_served }
    }
}

/// What follows from an input.
pub(crate) type Decision = engine::Decision<Infallible, Event>;

impl Domain for ShippingDomain {
    type Command = Infallible;
    type Refusal = Infallible;
    type Event = Event;

    const SERVICE: Service = service::SHIPPING;
    const MIGRATIONS: &'static [&'static str] = tables::MIGRATIONS;

    fn choreography() -> &'static Choreography {
        &MURMURATION
    }

    fn command_name(command: &Infallible) -> &'static str {
        match *command {}
    }

    fn validators(
        &self,
        _: &Read<'_>,
        command: &Infallible,
    ) -> Result<Option<Validators>, StateError> {
        match *command {}
    }

    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Infallible, Event>,
        _now: Timestamp,
    ) -> Result<Decision, StateError> {
        match input {
            Input::Command(command) => match *command {},
            Input::Event(event) => decide::to_event(state, event, &self.not_served),
            Input::Timer { name, .. } => Err(unexpected(&format!("timer {name}"))),
        }
    }

    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        apply::apply(state, event)
    }
}

fn unexpected(what: &str) -> StateError {
    StateError::Contradiction(format!("shipping does not know what to do with {what}"))
}

#[cfg(test)]
mod tests;
