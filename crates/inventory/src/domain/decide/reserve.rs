//! Reserving all lines of an order or none.

use contracts::Event;
use contracts::events::Line;
use contracts::events::inventory::{Rejected, Reserved, Shortage};
use contracts::events::order::Placed;
use engine::{Read, StateError};

use crate::domain::state::{Stock, sums};
use crate::tables;

pub(super) fn decide(state: &Read<'_>, placed: &Placed) -> Result<Event, StateError> {
    let shortages = shortages(state, &placed.lines)?;
    Ok(if shortages.is_empty() { reserved(placed) } else { rejected(placed, shortages) })
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
