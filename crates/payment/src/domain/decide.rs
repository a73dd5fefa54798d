//! What follows from a payment, and from the events of inventory and order.

mod charge;
mod settle;

use contracts::events::order::Ended;
use contracts::events::payment::{Refunded, Voided};
use contracts::{CustomerId, Event, Money, OrderId, kind};
use engine::seeded::{self, Bug};
use engine::{Read, StateError};

use super::Decision;
use super::state::ChargeState;
use crate::tables;

pub(super) fn settle(
    state: &Read<'_>,
    customer_id: &CustomerId,
    amount: Money,
) -> Result<Decision, StateError> {
    let settled = settle::decide(state, customer_id, amount)?;
    Ok(settled.map_or_else(Decision::Refuse, |settled| {
        Decision::emit(ChargeState::None.name(), Event::PaymentSettled(settled))
    }))
}

pub(super) fn to_event(state: &Read<'_>, event: &Event) -> Result<Decision, StateError> {
    let Some(id) = &order_of(event) else {
        return Ok(Decision::nothing(ChargeState::None.name()));
    };
    let stage = tables::stage(state, id)?;
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

/// The order that it is about, if it is about one. Ids of products and services could be the same text as an
/// order's.
fn order_of(event: &Event) -> Option<OrderId> {
    match event.kind() {
        kind::INVENTORY_STOCKED | kind::INVENTORY_RECOVERED | kind::ORDER_RECOVERED => None,
        _ => Some(event.id().clone().into()),
    }
}

fn refund(state: &Read<'_>, order_id: &OrderId) -> Result<Event, StateError> {
    let order_id = order_id.clone();
    let (customer_id, amount) = tables::charged(state, &order_id)?;
    let account = tables::account(state, &customer_id, amount.currency)?;
    let outstanding = tables::less(account.outstanding, amount)?;
    Ok(Event::PaymentRefunded(Refunded { order_id, customer_id, amount, outstanding }))
}

fn void(cancelled: &Ended) -> Event {
    Event::PaymentVoided(Voided { order_id: cancelled.order_id.clone() })
}
