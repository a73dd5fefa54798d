//! What follows from each input, and what each event changes.

pub mod state;

mod apply;
mod decide;

use contracts::choreography::MURMURATION;
use contracts::{CustomerId, Event, Money, StoredEvent, service};
use engine::{Domain, Input, Read, StateError, Validators, Write};
use protocol::choreography::Choreography;
use protocol::{Service, Timestamp};

use crate::{Refusal, tables};

/// Payment, which has nothing to configure.
#[derive(Clone, Copy, Debug, Default)]
pub struct PaymentDomain;

/// What clients may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A customer pays in.
    Settle {
        /// Who.
        customer_id: CustomerId,
        /// How much.
        amount: Money,
    },
}

/// What follows from an input.
pub(crate) type Decision = engine::Decision<Refusal, Event>;

impl Domain for PaymentDomain {
    type Command = Command;
    type Refusal = Refusal;
    type Event = Event;

    const SERVICE: Service = service::PAYMENT;
    const MIGRATIONS: &'static [&'static str] = tables::MIGRATIONS;

    fn choreography() -> &'static Choreography {
        &MURMURATION
    }

    fn command_name(command: &Command) -> &'static str {
        match command {
            Command::Settle { .. } => "settle",
        }
    }

    fn validators(
        &self,
        state: &Read<'_>,
        command: &Command,
    ) -> Result<Option<Validators>, StateError> {
        let Command::Settle { customer_id, .. } = command;
        tables::account_validators(state, customer_id)
    }

    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Command, Event>,
        _now: Timestamp,
    ) -> Result<Decision, StateError> {
        match input {
            Input::Command(Command::Settle { customer_id, amount }) => {
                decide::settle(state, customer_id, *amount)
            }
            Input::Event(event) => decide::to_event(state, &event.event),
            Input::Timer { name, id } => {
                Err(StateError::Contradiction(format!("payment has no timer {name} of {id}")))
            }
        }
    }

    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        apply::apply(state, event)
    }
}

#[cfg(test)]
mod tests;
