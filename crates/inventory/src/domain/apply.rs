//! What each own event changes: the stock of its products, and the reservation of its order.

use contracts::events::Line;
use contracts::events::inventory::{Rejected, Reserved, Returned, Stocked, Units};
use contracts::{Event, Sku, StoredEvent};
use engine::{StateError, Write};

use super::state::{ReservationState, sums};
use super::unexpected;
use crate::tables;

#[expect(clippy::wildcard_enum_match_arm, reason = "all other events are other services'")]
pub(super) fn apply(state: &mut Write<'_>, stored: &StoredEvent) -> Result<(), StateError> {
    match &stored.event {
        Event::InventoryStocked(stocked) => apply_stocked(state, stocked),
        Event::InventoryReserved(reserved) => apply_reserved(state, reserved),
        Event::InventoryRejected(rejected) => apply_rejected(state, rejected),
        Event::InventoryReleased(returned) => apply_released(state, returned),
        Event::InventoryCommitted(returned) => apply_committed(state, returned),
        other => Err(unexpected(&format!("own event {}", other.kind()))),
    }
}

/// Changes the stock, which must then be what the event says it is.
fn apply_stocked(write: &mut Write<'_>, event: &Stocked) -> Result<(), StateError> {
    tables::take_in(write, event)?;
    let on_hand = tables::stock(&write.read(), &event.sku)?.map_or(0, |stock| stock.on_hand);
    if on_hand != event.on_hand {
        let Stocked { sku, on_hand: said, .. } = event;
        let text = format!("{on_hand} units of {sku} are on hand, the event says {said}");
        return Err(StateError::Contradiction(text));
    }
    Ok(())
}

fn apply_reserved(write: &mut Write<'_>, event: &Reserved) -> Result<(), StateError> {
    let lines = units(&event.lines)?;
    for units in &lines {
        tables::set_aside(write, units)?;
    }
    tables::insert(write, &event.order_id, ReservationState::Reserved, &lines)
}

fn apply_rejected(write: &mut Write<'_>, event: &Rejected) -> Result<(), StateError> {
    tables::insert(write, &event.order_id, ReservationState::Rejected, &[])
}

fn apply_released(write: &mut Write<'_>, event: &Returned) -> Result<(), StateError> {
    for units in &event.lines {
        tables::give_back(write, units)?;
    }
    tables::end(write, &event.order_id, ReservationState::Released)
}

fn apply_committed(write: &mut Write<'_>, event: &Returned) -> Result<(), StateError> {
    for units in &event.lines {
        tables::let_go(write, units)?;
    }
    tables::end(write, &event.order_id, ReservationState::Committed)
}

fn units(lines: &[Line]) -> Result<Vec<Units>, StateError> {
    let too_many =
        |sku: &Sku| StateError::Contradiction(format!("too many units of {sku} are reserved"));
    let units = |(sku, sum): (&Sku, u64)| {
        let quantity = u32::try_from(sum).map_err(|_| too_many(sku))?;
        Ok(Units { sku: sku.clone(), quantity })
    };
    sums(lines).into_iter().map(units).collect()
}
