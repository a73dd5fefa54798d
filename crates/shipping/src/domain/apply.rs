//! What each own event changes: the shipment of its order.

use contracts::{Event, StoredEvent, service};
use engine::{StateError, Write};

use super::unexpected;
use crate::tables;

#[expect(clippy::wildcard_enum_match_arm, reason = "all other events are other services'")]
pub(super) fn apply(state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
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
