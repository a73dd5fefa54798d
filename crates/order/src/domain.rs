//! What follows from each input, and what each event changes.

pub mod decide;
pub mod state;

mod apply;

use contracts::choreography::MURMURATION;
use contracts::{Event, OrderId, StoredEvent, service};
use engine::{Domain, Input, Read, StateError, Validators, Write};
use protocol::choreography::Choreography;
use protocol::{Service, Timestamp};

use crate::{Refusal, tables};

pub use decide::place::{NewLine, PlaceOrder};

/// The timer that cancels an order which is still placed.
pub const DEADLINE: &str = "deadline";

/// The timer that confirms an order when its hand-over window closes.
pub const WINDOW: &str = "window";

/// Shortest time that an order may be given to be confirmed, in milliseconds. Less than a healthy
/// saga takes would cancel every order.
pub const DEADLINE_MS_MIN: u32 = 100;

/// Longest time that an order may be given to be confirmed, in milliseconds: a week. Until then it
/// may hold stock and credit.
pub const DEADLINE_MS_MAX: u32 = 7 * 24 * 60 * 60 * 1_000;

/// Longest hand-over window, in milliseconds: a week. Until then a parcel waits.
pub const HAND_OVER_MS_MAX: u32 = 7 * 24 * 60 * 60 * 1_000;

/// What applies to orders that do not say otherwise.
#[derive(Clone, Copy, Debug)]
pub struct OrderDomain {
    /// How long an order may stay placed, in milliseconds.
    pub deadline_ms: u32,
    /// How long it stays prepared before it is confirmed, in milliseconds; 0 for not at all.
    pub hand_over_ms: u32,
}

/// What clients may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Place an order.
    Place(PlaceOrder),
    /// Cancel the order.
    Cancel(OrderId),
}

/// What follows from an input.
pub(crate) type Decision = engine::Decision<Refusal, Event>;

impl Domain for OrderDomain {
    type Command = Command;
    type Refusal = Refusal;
    type Event = Event;

    const SERVICE: Service = service::ORDER;
    const MIGRATIONS: &'static [&'static str] = tables::MIGRATIONS;

    fn choreography() -> &'static Choreography {
        &MURMURATION
    }

    fn command_name(command: &Command) -> &'static str {
        match command {
            Command::Place(_) => "place",
            Command::Cancel(_) => "cancel",
        }
    }

    fn validators(
        &self,
        state: &Read<'_>,
        command: &Command,
    ) -> Result<Option<Validators>, StateError> {
        let id = match command {
            Command::Place(PlaceOrder { id, .. }) | Command::Cancel(id) => id,
        };
        Ok(tables::order(state, id)?.map(|order| order.validators()))
    }

    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Command, Event>,
        now: Timestamp,
    ) -> Result<Decision, StateError> {
        match input {
            Input::Command(Command::Place(place)) => decide::place(self, state, place, now),
            Input::Command(Command::Cancel(id)) => decide::cancel(state, id),
            Input::Event(event) => decide::to_event(state, &event.event, now),
            Input::Timer { name, id } => decide::to_timer(state, name, id),
        }
    }

    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        apply::apply(state, event)
    }
}

#[cfg(test)]
mod tests;
