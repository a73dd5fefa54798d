//! What follows from each input, and what each event changes.

pub mod state;

mod apply;
mod decide;

use contracts::choreography::MURMURATION;
use contracts::{Event, Sku, StoredEvent, service};
use engine::{Domain, Input, Read, StateError, Validators, Write};
use protocol::choreography::Choreography;
use protocol::{Service, Timestamp};

use crate::refusal::Refusal;
use crate::tables;

pub use crate::refusal::STOCKED_MAX;

/// The logic of the inventory service.
#[derive(Clone, Copy, Debug, Default)]
pub struct InventoryDomain;

/// What clients may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Goods came in.
    Stock {
        /// The product.
        sku: Sku,
        /// Units; at least 1.
        quantity: u32,
    },
}

/// What follows from an input.
pub(crate) type Decision = engine::Decision<Refusal, Event>;

impl Domain for InventoryDomain {
    type Command = Command;
    type Refusal = Refusal;
    type Event = Event;

    const SERVICE: Service = service::INVENTORY;
    const MIGRATIONS: &'static [&'static str] = tables::MIGRATIONS;

    fn choreography() -> &'static Choreography {
        &MURMURATION
    }

    fn command_name(command: &Command) -> &'static str {
        match command {
            Command::Stock { .. } => "stock",
        }
    }

    fn validators(
        &self,
        state: &Read<'_>,
        command: &Command,
    ) -> Result<Option<Validators>, StateError> {
        let Command::Stock { sku, .. } = command;
        Ok(tables::stock(state, sku)?.map(|stock| stock.validators()))
    }

    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Command, Event>,
        _now: Timestamp,
    ) -> Result<Decision, StateError> {
        match input {
            Input::Command(Command::Stock { sku, quantity }) => {
                decide::stock(state, sku, *quantity)
            }
            Input::Event(event) => decide::to_event(state, &event.event),
            Input::Timer { name, .. } => Err(unexpected(&format!("timer {name}"))),
        }
    }

    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        apply::apply(state, event)
    }
}

fn unexpected(what: &str) -> StateError {
    StateError::Contradiction(format!("inventory does not know what to do with {what}"))
}

#[cfg(test)]
mod tests;
