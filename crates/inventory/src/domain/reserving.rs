//! Reservations: all lines of an order or none, from `order.placed` to the order's end.

use std::collections::BTreeMap;

use contracts::Event;
use contracts::events::Line;
use contracts::events::inventory::{Rejected, Reserved, Returned, Shortage, Units};
use contracts::events::order::{Ended, Placed};
use engine::{Read, StateError, Write};
use protocol::Id;
use protocol::choreography::NONE;

use super::Decision;
use super::state_of;
use crate::tables::{self, ReservationState, Stock};

pub(super) fn decide_placed(state: &Read<'_>, placed: &Placed) -> Result<Decision, StateError> {
    let known = tables::reservation(state, &placed.order_id)?;
    if known.is_some() {
        return Ok(Decision::nothing(state_of(known.as_ref())));
    }
    let shortages = shortages(state, &placed.lines)?;
    let event = if shortages.is_empty() { reserved(placed) } else { rejected(placed, shortages) };
    Ok(Decision::emit(NONE, event))
}

/// The order has ended: what is reserved for it is given back or has left, as `event` says.
pub(super) fn decide_ended(
    state: &Read<'_>,
    ended: &Ended,
    event: fn(Returned) -> Event,
) -> Result<Decision, StateError> {
    let known = tables::reservation(state, &ended.order_id)?;
    let from = state_of(known.as_ref());
    match known {
        Some(reservation) if reservation.state == ReservationState::Reserved => {
            let tables::Reservation { order_id, lines, .. } = reservation;
            Ok(Decision::emit(from, event(Returned { order_id, lines })))
        }
        _ => Ok(Decision::nothing(from)),
    }
}

pub(super) fn apply_reserved(write: &mut Write<'_>, event: &Reserved) -> Result<(), StateError> {
    let lines = units(&event.lines)?;
    for units in &lines {
        tables::set_aside(write, units)?;
    }
    tables::insert(write, &event.order_id, ReservationState::Reserved, &lines)
}

pub(super) fn apply_rejected(write: &mut Write<'_>, event: &Rejected) -> Result<(), StateError> {
    tables::insert(write, &event.order_id, ReservationState::Rejected, &[])
}

pub(super) fn apply_released(write: &mut Write<'_>, event: &Returned) -> Result<(), StateError> {
    for units in &event.lines {
        tables::give_back(write, units)?;
    }
    tables::end(write, &event.order_id, ReservationState::Released)
}

pub(super) fn apply_committed(write: &mut Write<'_>, event: &Returned) -> Result<(), StateError> {
    for units in &event.lines {
        tables::let_go(write, units)?;
    }
    tables::end(write, &event.order_id, ReservationState::Committed)
}

fn reserved(placed: &Placed) -> Event {
    let Placed { order_id, customer, lines, total, .. } = placed.clone();
    Event::InventoryReserved(Reserved { order_id, customer, lines, total })
}

fn rejected(placed: &Placed, shortages: Vec<Shortage>) -> Event {
    Event::InventoryRejected(Rejected { order_id: placed.order_id.clone(), shortages })
}

/// The products that cannot be reserved: fewer units are available than wanted, or more are wanted
/// than one reservation can count.
fn shortages(state: &Read<'_>, lines: &[Line]) -> Result<Vec<Shortage>, StateError> {
    let mut shortages = Vec::new();
    for (sku, wanted) in sums(lines) {
        let available = tables::stock(state, sku)?.as_ref().map_or(0, Stock::available);
        let counted = u32::try_from(wanted);
        if wanted > available || counted.is_err() {
            let wanted = counted.unwrap_or(u32::MAX);
            shortages.push(Shortage { sku: sku.clone(), wanted, available });
        }
    }
    Ok(shortages)
}

fn units(lines: &[Line]) -> Result<Vec<Units>, StateError> {
    let too_many =
        |sku: &Id| StateError::Contradiction(format!("too many units of {sku} are reserved"));
    let units = |(sku, sum): (&Id, u64)| {
        let quantity = u32::try_from(sum).map_err(|_| too_many(sku))?;
        Ok(Units { sku: sku.clone(), quantity })
    };
    sums(lines).into_iter().map(units).collect()
}

/// Units of each product: it may stand in several lines. A row's bounded size bounds the number of
/// lines, so that no sum comes near the largest that 64 bits hold.
fn sums(lines: &[Line]) -> BTreeMap<&Id, u64> {
    let mut sums = BTreeMap::new();
    for line in lines.iter().filter(|line| line.quantity > 0) {
        let sum: &mut u64 = sums.entry(&line.sku).or_default();
        *sum = sum.saturating_add(u64::from(line.quantity));
    }
    sums
}
