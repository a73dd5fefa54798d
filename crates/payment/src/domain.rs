//! What follows from each input, and what each event changes.

pub mod state;

mod apply;
mod charge;
mod settle;

use contracts::choreography::MURMURATION;
use contracts::events::order::Ended;
use contracts::events::payment::{Refunded, Voided};
use contracts::{Event, Money, StoredEvent, kind, service};
use engine::seeded::{self, Bug};
use engine::{Domain, Input, Read, StateError, Validators, Write};
use protocol::choreography::Choreography;
use protocol::{Id, Kind, Service, Timestamp};

use crate::domain::state::ChargeState;
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
        customer_id: Id,
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
                let settled = settle::decide(state, customer_id, *amount)?;
                Ok(settled.map_or_else(Decision::Refuse, |settled| {
                    Decision::emit(ChargeState::None.name(), Event::PaymentSettled(settled))
                }))
            }
            Input::Event(event) => to_event(state, &event.event),
            Input::Timer { name, id } => {
                Err(StateError::Contradiction(format!("payment has no timer {name} of {id}")))
            }
        }
    }

    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        apply::apply(state, event)
    }
}

fn to_event(state: &Read<'_>, event: &Event) -> Result<Decision, StateError> {
    let about_an_order = is_about_an_order(event.kind());
    let stage = if about_an_order { tables::stage(state, event.id())? } else { ChargeState::None };
    let next = match (event, stage) {
        (Event::InventoryReserved(reserved), ChargeState::None) => {
            Some(charge::decide(state, reserved)?)
        }
        (Event::OrderCancelled(cancelled), ChargeState::Charged) => {
            Some(refund(state, &cancelled.order_id)?)
        }
        (Event::OrderCancelled(_), ChargeState::None) if seeded::on(Bug::ForgetTombstone) => None,
        (Event::OrderCancelled(cancelled), ChargeState::None) => Some(void(cancelled)),
        (Event::InventoryReleased(back), ChargeState::Charged) if seeded::on(Bug::RefundTwice) => {
            Some(refund(state, &back.order_id)?)
        }
        // The engine holds the stream if the choreography does not list the pair as ignorable.
        _ => None,
    };
    Ok(match next {
        Some(next) => Decision::emit(stage.name(), next),
        None => Decision::nothing(stage.name()),
    })
}

/// Ids of products and services could be the same text as an order's.
const fn is_about_an_order(kind: Kind) -> bool {
    !matches!(kind, kind::INVENTORY_STOCKED | kind::INVENTORY_RECOVERED | kind::ORDER_RECOVERED)
}

fn refund(state: &Read<'_>, order_id: &Id) -> Result<Event, StateError> {
    let order_id = order_id.clone();
    let (customer_id, amount) = tables::charged(state, &order_id)?;
    let account = tables::account(state, &customer_id, amount.currency)?;
    let outstanding = tables::less(account.outstanding, amount)?;
    Ok(Event::PaymentRefunded(Refunded { order_id, customer_id, amount, outstanding }))
}

fn void(cancelled: &Ended) -> Event {
    Event::PaymentVoided(Voided { order_id: cancelled.order_id.clone() })
}

#[cfg(test)]
mod tests;
