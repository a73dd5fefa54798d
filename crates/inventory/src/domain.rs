//! What inventory does on commands and on orders' events.
//!
//! In reading order: [`stocking`] takes goods in, [`reserving`] sets them aside for an order and
//! gives them back or lets them go when the order ends.

mod reserving;
mod stocking;

use contracts::choreography::MURMURATION;
use contracts::{Event, StoredEvent, service};
use engine::seeded::{self, Bug};
use engine::{Domain, Input, Read, StateError, Validators, Write};
use protocol::choreography::{Choreography, NONE, State};
use protocol::{Id, Service, Timestamp};

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
        sku: Id,
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
                stocking::decide(state, sku, *quantity)
            }
            Input::Event(event) => react(state, event),
            Input::Timer { name, .. } => Err(unexpected(&format!("timer {name}"))),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events are other services'")]
    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        match &event.event {
            Event::InventoryStocked(stocked) => stocking::apply(state, stocked),
            Event::InventoryReserved(reserved) => reserving::apply_reserved(state, reserved),
            Event::InventoryRejected(rejected) => reserving::apply_rejected(state, rejected),
            Event::InventoryReleased(returned) => reserving::apply_released(state, returned),
            Event::InventoryCommitted(returned) => reserving::apply_committed(state, returned),
            other => Err(unexpected(&format!("own event {}", other.kind()))),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only orders' events are decided here")]
fn react(state: &Read<'_>, event: &StoredEvent) -> Result<Decision, StateError> {
    match &event.event {
        Event::OrderPlaced(placed) => reserving::decide_placed(state, placed),
        Event::OrderRejected(ended) if seeded::on(Bug::KeepRejectedReservation) => {
            ignore(state, &ended.order_id)
        }
        Event::OrderCancelled(ended) | Event::OrderRejected(ended) => {
            reserving::decide_ended(state, ended, Event::InventoryReleased)
        }
        Event::OrderCompleted(ended) => {
            reserving::decide_ended(state, ended, Event::InventoryCommitted)
        }
        Event::OrderPrepared(prepared) => ignore(state, &prepared.order_id),
        Event::OrderConfirmed(confirmed) => ignore(state, &confirmed.order_id),
        Event::OrderRecovered(_) => Ok(Decision::nothing(NONE)),
        other => Err(unexpected(&format!("event {}", other.kind()))),
    }
}

fn ignore(state: &Read<'_>, order_id: &Id) -> Result<Decision, StateError> {
    Ok(Decision::nothing(state_of(tables::reservation(state, order_id)?.as_ref())))
}

fn state_of(reservation: Option<&tables::Reservation>) -> State {
    reservation.map_or(NONE, |reservation| reservation.state.name())
}

fn unexpected(what: &str) -> StateError {
    StateError::Contradiction(format!("inventory does not know what to do with {what}"))
}

#[cfg(test)]
mod tests;
