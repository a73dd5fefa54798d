//! What follows from goods that come in, and from orders' events.

mod reserve;
mod stock;

use contracts::events::inventory::Returned;
use contracts::{Event, OrderId};
use engine::seeded::{self, Bug};
use engine::{Read, StateError};
use protocol::choreography::NONE;

use super::state::{Reservation, ReservationState, state_of};
use super::{Decision, unexpected};
use crate::tables;

pub(super) use stock::decide as stock;

#[expect(clippy::wildcard_enum_match_arm, reason = "only orders' events are decided here")]
pub(super) fn to_event(state: &Read<'_>, event: &Event) -> Result<Decision, StateError> {
    match event {
        Event::OrderPlaced(placed) => match tables::reservation(state, &placed.order_id)? {
            None => Ok(Decision::emit(NONE, reserve::decide(state, placed)?)),
            known => Ok(Decision::nothing(state_of(known.as_ref()))),
        },
        Event::OrderRejected(ended) if seeded::on(Bug::KeepRejectedReservation) => {
            ignore(state, &ended.order_id)
        }
        Event::OrderCancelled(ended) | Event::OrderRejected(ended) => {
            end(state, &ended.order_id, Event::InventoryReleased)
        }
        Event::OrderCompleted(ended) => end(state, &ended.order_id, Event::InventoryCommitted),
        Event::OrderPrepared(prepared) => ignore(state, &prepared.order_id),
        Event::OrderConfirmed(confirmed) => ignore(state, &confirmed.order_id),
        Event::OrderRecovered(_) => Ok(Decision::nothing(NONE)),
        other => Err(unexpected(&format!("event {}", other.kind()))),
    }
}

/// The order has ended: what is reserved for it is given back or has left, as `event` says.
fn end(
    state: &Read<'_>,
    order_id: &OrderId,
    event: fn(Returned) -> Event,
) -> Result<Decision, StateError> {
    let known = tables::reservation(state, order_id)?;
    let from = state_of(known.as_ref());
    match known {
        Some(reservation) if reservation.state == ReservationState::Reserved => {
            let Reservation { order_id, lines, .. } = reservation;
            Ok(Decision::emit(from, event(Returned { order_id, lines })))
        }
        _ => Ok(Decision::nothing(from)),
    }
}

fn ignore(state: &Read<'_>, order_id: &OrderId) -> Result<Decision, StateError> {
    Ok(Decision::nothing(state_of(tables::reservation(state, order_id)?.as_ref())))
}
