//! Goods that come in.

use contracts::events::Product;
use contracts::events::inventory::Stocked;
use contracts::{Event, Sku};
use engine::{Read, StateError};
use protocol::choreography::NONE;

use crate::domain::Decision;
use crate::domain::state::Stock;
use crate::refusal::{Refusal, STOCKED_MAX};
use crate::tables;

pub(in crate::domain) fn decide(
    state: &Read<'_>,
    sku: &Sku,
    quantity: u32,
) -> Result<Decision, StateError> {
    if quantity == 0 {
        return Ok(Decision::Refuse(Refusal::NoQuantity));
    }
    let Some((_, product)) = state.replica::<Product>(sku)? else {
        return Ok(Decision::Refuse(Refusal::UnknownProduct(sku.clone())));
    };
    if product.discontinued {
        return Ok(Decision::Refuse(Refusal::ProductDiscontinued(sku.clone())));
    }
    let before = tables::stock(state, sku)?;
    Ok(match take_in(sku, before.as_ref(), quantity) {
        Ok(stocked) => Decision::emit(NONE, Event::InventoryStocked(stocked)),
        Err(refusal) => Decision::Refuse(refusal),
    })
}

fn take_in(sku: &Sku, before: Option<&Stock>, quantity: u32) -> Result<Stocked, Refusal> {
    let (stocked, on_hand) = before.map_or((0, 0), |stock| (stock.stocked, stock.on_hand));
    let too_much = || Refusal::TooMuch { sku: sku.clone(), stocked };
    let units = u64::from(quantity);
    stocked.checked_add(units).filter(|sum| *sum <= STOCKED_MAX).ok_or_else(too_much)?;
    let on_hand = on_hand.checked_add(units).ok_or_else(too_much)?;
    Ok(Stocked { sku: sku.clone(), quantity, on_hand })
}
