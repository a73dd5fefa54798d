//! Charging an order whose stock is reserved, or declining it.

use contracts::events::inventory::Reserved;
use contracts::events::payment::{Charged, DeclineReason, Declined};
use contracts::events::{Customer, Snapshot};
use contracts::{Event, Money};
use engine::seeded::{self, Bug};
use engine::{Read, StateError};

use crate::tables;

pub(super) fn decide(state: &Read<'_>, reserved: &Reserved) -> Result<Event, StateError> {
    let customer = newest(state, &reserved.customer)?;
    let mut account = tables::account(state, &customer.customer.id, reserved.total.currency)?;
    if seeded::on(Bug::DecideReadsCache) {
        let key = customer.customer.id.as_str();
        account.outstanding.minor = seeded::cached(key, account.outstanding.minor);
    }
    Ok(match afterwards(&customer.customer, account.outstanding, reserved.total) {
        Ok(outstanding) => Event::PaymentCharged(Charged {
            order_id: reserved.order_id.clone(),
            customer,
            lines: reserved.lines.clone(),
            amount: reserved.total,
            outstanding,
        }),
        Err(reason) => Event::PaymentDeclined(Declined {
            order_id: reserved.order_id.clone(),
            customer_id: customer.customer.id,
            reason,
            amount: reserved.total,
            outstanding: account.outstanding,
            limit: customer.customer.credit_limit,
            customer_version: customer.version,
        }),
    })
}

/// The newer of what the order knew of its customer and what is known here. Streams are not ordered
/// against each other: the customer may not have been heard of here.
fn newest(state: &Read<'_>, carried: &Snapshot) -> Result<Snapshot, StateError> {
    let known = state.replica::<Customer>(&carried.customer.id)?;
    Ok(match known {
        Some((version, customer)) if version > carried.version => Snapshot { version, customer },
        _ => carried.clone(),
    })
}

/// What the customer owes after the charge, or why there is none.
fn afterwards(
    customer: &Customer,
    outstanding: Money,
    total: Money,
) -> Result<Money, DeclineReason> {
    let limit = customer.credit_limit;
    if customer.closed {
        return Err(DeclineReason::CustomerClosed);
    }
    if total.currency != limit.currency {
        return Err(DeclineReason::Currency);
    }
    // What does not fit 64 bits exceeds every limit.
    let afterwards = outstanding.plus(total).map_err(|_| DeclineReason::OverLimit)?;
    if afterwards.minor > limit.minor {
        return Err(DeclineReason::OverLimit);
    }
    Ok(afterwards)
}
