//! What follows from a command, from the events of inventory, payment and shipping, and from a timer.

pub mod place;

mod cancel;

use contracts::events::inventory::Rejected;
use contracts::events::order::{Confirmed, EndReason, Ended, Prepared};
use contracts::events::payment::{DeclineReason, Declined};
use contracts::events::shipping::CancelReason;
use contracts::{Event, OrderId, kind};
use engine::{Read, StateError};
use protocol::{Id, Timestamp};

use super::state::OrderState;
use super::{DEADLINE, Decision, OrderDomain, WINDOW};
use crate::tables;
use place::PlaceOrder;

pub(super) use cancel::cancel;

/// Shortages that the detail of a rejection names; the event of inventory names them all.
const SHORTAGES_NAMED_MAX: usize = 3;

pub(super) fn place(
    domain: &OrderDomain,
    state: &Read<'_>,
    place: &PlaceOrder,
    now: Timestamp,
) -> Result<Decision, StateError> {
    let placed = place::decide(domain, state, place, now)?;
    Ok(placed.map_or_else(Decision::Refuse, |placed| {
        Decision::emit(OrderState::None.name(), Event::OrderPlaced(placed))
    }))
}

pub(super) fn to_event(
    state: &Read<'_>,
    event: &Event,
    now: Timestamp,
) -> Result<Decision, StateError> {
    let Some(id) = &order_of(event) else {
        return Ok(Decision::nothing(OrderState::None.name()));
    };
    let stage = tables::stage(state, id)?;
    let next = match (event, stage) {
        (Event::ShippingCreated(_), OrderState::Placed) => Some(all_is_taken(state, id, now)?),
        (Event::InventoryRejected(rejected), OrderState::Placed) => Some(out_of_stock(rejected)),
        (Event::PaymentDeclined(declined), OrderState::Placed) => Some(payment_declined(declined)),
        (
            Event::ShippingCancelled(cancelled),
            OrderState::Placed | OrderState::Prepared | OrderState::Confirmed,
        ) => Some(shipment_failed(id, cancelled.reason)),
        (Event::ShippingDispatched(_), OrderState::Confirmed) => Some(dispatched(id)),
        // The engine holds the stream if the choreography does not list the pair as ignorable.
        _ => None,
    };
    Ok(match next {
        Some(next) => Decision::emit(stage.name(), next),
        None => Decision::nothing(stage.name()),
    })
}

pub(super) fn to_timer(state: &Read<'_>, name: &str, id: &Id) -> Result<Decision, StateError> {
    let id = &OrderId::from(id.clone());
    let stage = tables::stage(state, id)?;
    Ok(match (name, stage) {
        (DEADLINE, OrderState::Placed) => {
            let detail = "it was not confirmed before its deadline";
            let ended = ended(id, EndReason::DeadlinePassed, detail.to_owned());
            Decision::emit(stage.name(), Event::OrderCancelled(ended))
        }
        (WINDOW, OrderState::Prepared) => {
            Decision::emit(stage.name(), Event::OrderConfirmed(Confirmed { order_id: id.clone() }))
        }
        _ => Decision::nothing(stage.name()),
    })
}

/// The order that it is about, if it is about one. Ids of products, customers and services could be the same
/// text as an order's.
fn order_of(event: &Event) -> Option<OrderId> {
    match event.kind() {
        kind::INVENTORY_STOCKED
        | kind::INVENTORY_RECOVERED
        | kind::PAYMENT_SETTLED
        | kind::PAYMENT_RECOVERED
        | kind::SHIPPING_RECOVERED => None,
        _ => Some(event.id().clone().into()),
    }
}

fn all_is_taken(state: &Read<'_>, id: &OrderId, now: Timestamp) -> Result<Event, StateError> {
    let order_id = id.clone();
    Ok(match tables::hand_over_ms(state, id)? {
        0 => Event::OrderConfirmed(Confirmed { order_id }),
        millis => Event::OrderPrepared(Prepared { order_id, until: now.plus_millis(millis) }),
    })
}

fn out_of_stock(rejected: &Rejected) -> Event {
    let named = rejected.shortages.iter().take(SHORTAGES_NAMED_MAX);
    let mut parts: Vec<_> = named
        .map(|short| format!("{}: {} wanted, {} there", short.sku, short.wanted, short.available))
        .collect();
    let more = rejected.shortages.len().saturating_sub(SHORTAGES_NAMED_MAX);
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    let detail = format!("not enough in stock ({})", parts.join("; "));
    Event::OrderRejected(ended(&rejected.order_id, EndReason::OutOfStock, detail))
}

fn payment_declined(declined: &Declined) -> Event {
    let detail = match declined.reason {
        DeclineReason::OverLimit => format!(
            "{} more would exceed the credit limit of {}: {} is owed already",
            declined.amount, declined.limit, declined.outstanding
        ),
        DeclineReason::CustomerClosed => "the customer is closed".to_owned(),
        DeclineReason::Currency => format!(
            "{} cannot be charged against a limit in {}",
            declined.amount, declined.limit.currency
        ),
    };
    Event::OrderRejected(ended(&declined.order_id, EndReason::PaymentDeclined, detail))
}

fn shipment_failed(id: &OrderId, reason: CancelReason) -> Event {
    let detail = match reason {
        CancelReason::OrderCancelled => "the shipment was cancelled",
        CancelReason::NotServed => "nobody delivers to the customer's country",
        CancelReason::CustomerClosed => "nothing is delivered to a closed customer",
    };
    Event::OrderCancelled(ended(id, EndReason::ShipmentFailed, detail.to_owned()))
}

fn dispatched(id: &OrderId) -> Event {
    Event::OrderCompleted(ended(id, EndReason::Dispatched, "the goods have left".to_owned()))
}

fn ended(order_id: &OrderId, reason: EndReason, detail: String) -> Ended {
    Ended { order_id: order_id.clone(), reason, detail }
}
