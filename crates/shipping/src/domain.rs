//! What shipping does on the events of payment and order.

mod served;

use std::convert::Infallible;

use contracts::choreography::MURMURATION;
use contracts::events::Customer;
use contracts::events::payment::Charged;
use contracts::events::shipping::{CancelReason, Cancelled, Created, Dispatched, Recipient};
use contracts::{Event, StoredEvent, service};
use engine::{Domain, Input, Read, StateError, Validators, Write};
use protocol::choreography::{Choreography, NONE, State};
use protocol::{Id, Service, Timestamp};

use crate::tables::{self, Parcel, Shipment, ShipmentState};

pub use served::NotServed;

/// The logic of the shipping service.
#[derive(Clone, Debug, Default)]
pub struct ShippingDomain {
    not_served: NotServed,
}

impl ShippingDomain {
    /// Shipping to everywhere but these countries.
    #[must_use]
    pub const fn new(not_served: NotServed) -> Self {
        Self { not_served }
    }
}

/// What follows from an input.
pub(crate) type Decision = engine::Decision<Infallible, Event>;

impl Domain for ShippingDomain {
    type Command = Infallible;
    type Refusal = Infallible;
    type Event = Event;

    const SERVICE: Service = service::SHIPPING;
    const MIGRATIONS: &'static [&'static str] = tables::MIGRATIONS;

    fn choreography() -> &'static Choreography {
        &MURMURATION
    }

    fn command_name(command: &Infallible) -> &'static str {
        match *command {}
    }

    fn validators(
        &self,
        _: &Read<'_>,
        command: &Infallible,
    ) -> Result<Option<Validators>, StateError> {
        match *command {}
    }

    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Infallible, Event>,
        _now: Timestamp,
    ) -> Result<Decision, StateError> {
        match input {
            Input::Command(command) => match *command {},
            Input::Event(event) => self.react(state, event),
            Input::Timer { name, .. } => Err(unexpected(&format!("timer {name}"))),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events are other services'")]
    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        match &event.event {
            Event::ShippingCreated(created) => {
                // Events that tell no version were made by a view no newer than all that was read.
                let customers_seen = event.headers.vector.of(service::CUSTOMER).sequence;
                let version = created.recipient.customer_version.unwrap_or(customers_seen);
                tables::create(state, created, version)
            }
            Event::ShippingDispatched(dispatched) => tables::dispatch(state, &dispatched.order_id),
            Event::ShippingCancelled(cancelled) => tables::cancel(state, cancelled),
            other => Err(unexpected(&format!("own event {}", other.kind()))),
        }
    }
}

impl ShippingDomain {
    #[expect(clippy::wildcard_enum_match_arm, reason = "customers' events are only replicated")]
    fn react(&self, state: &Read<'_>, event: &StoredEvent) -> Result<Decision, StateError> {
        match &event.event {
            Event::PaymentCharged(charged) => self.on_charged(state, charged),
            Event::OrderConfirmed(confirmed) => self.on_confirmed(state, &confirmed.order_id),
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
                let shipment = tables::find(state, &event.headers.id)?;
                Ok(Decision::nothing(state_of(shipment.as_ref())))
            }
            other => Err(unexpected(&format!("event {}", other.kind()))),
        }
    }

    fn on_charged(&self, state: &Read<'_>, charged: &Charged) -> Result<Decision, StateError> {
        let known = tables::find(state, &charged.order_id)?;
        if known.is_some() {
            return Ok(Decision::nothing(state_of(known.as_ref())));
        }
        let (version, customer) = newest_customer(state, charged)?;
        let event = match self.obstacle(customer.closed, [customer.address.country.as_str()]) {
            Some(reason) => cancelled(&charged.order_id, reason),
            None => created(charged, version, customer),
        };
        Ok(Decision::emit(NONE, event))
    }

    /// The last look before the parcel leaves. It goes where `created` said: a customer who has
    /// moved since does not redirect it, but stops it by having moved where nobody delivers.
    fn on_confirmed(&self, state: &Read<'_>, order_id: &Id) -> Result<Decision, StateError> {
        let known = tables::find(state, order_id)?;
        let from = state_of(known.as_ref());
        let Some(Shipment { state: ShipmentState::Created, parcel: Some(parcel), .. }) = known
        else {
            return Ok(Decision::nothing(from));
        };
        let known = state.replica::<Customer>(&parcel.customer_id)?;
        // Nobody opens a closed customer again: however old a replica is, it is right about that.
        let closed = known.as_ref().is_some_and(|(_, customer)| customer.closed);
        let moved_to = known.as_ref().and_then(|known| country_since(&parcel, known));
        let countries = [parcel.address.country.as_str()].into_iter().chain(moved_to);
        let event = match self.obstacle(closed, countries) {
            Some(reason) => cancelled(order_id, reason),
            None => Event::ShippingDispatched(Dispatched { order_id: order_id.clone() }),
        };
        Ok(Decision::emit(from, event))
    }

    /// Why nothing can be delivered, if so.
    fn obstacle<'a>(
        &self,
        closed: bool,
        countries: impl IntoIterator<Item = &'a str>,
    ) -> Option<CancelReason> {
        if closed {
            return Some(CancelReason::CustomerClosed);
        }
        let not_served = countries.into_iter().any(|country| self.not_served.contains(country));
        not_served.then_some(CancelReason::NotServed)
    }
}

fn on_cancelled(state: &Read<'_>, order_id: &Id) -> Result<Decision, StateError> {
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
    let told = &charged.customer;
    Ok(match state.replica::<Customer>(&told.customer.id)? {
        Some((version, customer)) if version > told.version => (version, customer),
        _ => (told.version, told.customer.clone()),
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

fn cancelled(order_id: &Id, reason: CancelReason) -> Event {
    Event::ShippingCancelled(Cancelled { order_id: order_id.clone(), reason })
}

fn state_of(shipment: Option<&Shipment>) -> State {
    shipment.map_or(NONE, |shipment| shipment.state.name())
}

fn unexpected(what: &str) -> StateError {
    StateError::Contradiction(format!("shipping does not know what to do with {what}"))
}

#[cfg(test)]
mod tests;
