//! What follows from the events of payment and order.

use contracts::events::Customer;
use contracts::events::payment::Charged;
use contracts::events::shipping::{CancelReason, Cancelled, Created, Dispatched, Recipient};
use contracts::{Event, OrderId, StoredEvent};
use engine::{Read, StateError};
use protocol::choreography::NONE;

use super::state::{Parcel, Shipment, ShipmentState, state_of};
use super::{Decision, NotServed, unexpected};
use crate::tables;

#[expect(clippy::wildcard_enum_match_arm, reason = "customers' events are only replicated")]
pub(super) fn to_event(
    state: &Read<'_>,
    event: &StoredEvent,
    not_served: &NotServed,
) -> Result<Decision, StateError> {
    match &event.event {
        Event::PaymentCharged(charged) => on_charged(state, charged, not_served),
        Event::OrderConfirmed(confirmed) => on_confirmed(state, &confirmed.order_id, not_served),
        Event::OrderCancelled(ended) => on_cancelled(state, &ended.order_id),
        Event::PaymentSettled(_) | Event::PaymentRecovered(_) | Event::OrderRecovered(_) => {
            Ok(Decision::nothing(NONE))
        }
        Event::PaymentDeclined(_)
        | Event::PaymentRefunded(_)
        | Event::PaymentVoided(_)
        | Event::OrderPlaced(_)
        | Event::OrderPrepared(_)
        | Event::OrderCompleted(_)
        | Event::OrderRejected(_) => {
            let shipment = tables::find(state, &event.headers.id.clone().into())?;
            Ok(Decision::nothing(state_of(shipment.as_ref())))
        }
        other => Err(unexpected(&format!("event {}", other.kind()))),
    }
}

fn on_charged(
    state: &Read<'_>,
    charged: &Charged,
    not_served: &NotServed,
) -> Result<Decision, StateError> {
    let known = tables::find(state, &charged.order_id)?;
    if known.is_some() {
        return Ok(Decision::nothing(state_of(known.as_ref())));
    }
    let (version, customer) = newest_customer(state, charged)?;
    let event = match obstacle(not_served, customer.closed, [customer.address.country.as_str()]) {
        Some(reason) => cancelled(&charged.order_id, reason),
        None => created(charged, version, customer),
    };
    Ok(Decision::emit(NONE, event))
}

/// The last look before the parcel leaves. It goes where `created` said: a customer who has
/// moved since does not redirect it, but stops it by having moved where nobody delivers.
fn on_confirmed(
    state: &Read<'_>,
    order_id: &OrderId,
    not_served: &NotServed,
) -> Result<Decision, StateError> {
    let known = tables::find(state, order_id)?;
    let from = state_of(known.as_ref());
    let Some(Shipment { state: ShipmentState::Created, parcel: Some(parcel), .. }) = known else {
        return Ok(Decision::nothing(from));
    };
    let known = state.replica::<Customer>(&parcel.customer_id)?;
    // Nobody opens a closed customer again: however old a replica is, it is right about that.
    let closed = known.as_ref().is_some_and(|(_, customer)| customer.closed);
    let moved_to = known.as_ref().and_then(|known| country_since(&parcel, known));
    let countries = [parcel.address.country.as_str()].into_iter().chain(moved_to);
    let event = match obstacle(not_served, closed, countries) {
        Some(reason) => cancelled(order_id, reason),
        None => Event::ShippingDispatched(Dispatched { order_id: order_id.clone() }),
    };
    Ok(Decision::emit(from, event))
}

/// Why nothing can be delivered, if so.
fn obstacle<'a>(
    not_served: &NotServed,
    closed: bool,
    countries: impl IntoIterator<Item = &'a str>,
) -> Option<CancelReason> {
    if closed {
        return Some(CancelReason::CustomerClosed);
    }
    let is_not_served = countries.into_iter().any(|country| not_served.contains(country));
    is_not_served.then_some(CancelReason::NotServed)
}

fn on_cancelled(state: &Read<'_>, order_id: &OrderId) -> Result<Decision, StateError> {
    let known = tables::find(state, order_id)?;
    let from = state_of(known.as_ref());
    Ok(match known.map(|shipment| shipment.state) {
        None | Some(ShipmentState::Created) => {
            Decision::emit(from, cancelled(order_id, CancelReason::OrderCancelled))
        }
        Some(ShipmentState::Dispatched | ShipmentState::Cancelled(_)) => Decision::nothing(from),
    })
}

/// The newer of what the charge and what the own replica know of the customer.
fn newest_customer(state: &Read<'_>, charged: &Charged) -> Result<(u64, Customer), StateError> {
    let charged_to = &charged.customer;
    Ok(match state.replica::<Customer>(&charged_to.customer.id)? {
        Some((version, customer)) if version > charged_to.version => (version, customer),
        _ => (charged_to.version, charged_to.customer.clone()),
    })
}

/// The customer's country, if the replica's view is newer than the one that the parcel was made by.
/// The replica may be behind: the charge told of a customer that it had not heard of.
fn country_since<'a>(parcel: &Parcel, (version, customer): &'a (u64, Customer)) -> Option<&'a str> {
    (*version > parcel.customer_version).then_some(customer.address.country.as_str())
}

fn created(charged: &Charged, version: u64, customer: Customer) -> Event {
    let Customer { id: customer_id, name, address, .. } = customer;
    let units = charged.lines.iter().map(|line| u64::from(line.quantity)).sum();
    let order_id = charged.order_id.clone();
    let customer_version = Some(version);
    let recipient = Recipient { customer_id, name, address, customer_version };
    Event::ShippingCreated(Created { order_id, recipient, units })
}

fn cancelled(order_id: &OrderId, reason: CancelReason) -> Event {
    Event::ShippingCancelled(Cancelled { order_id: order_id.clone(), reason })
}
