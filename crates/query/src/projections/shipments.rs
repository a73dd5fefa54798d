//! What the SHIPPING stream says of one order.

use contracts::events::Address;
use contracts::events::shipping::CancelReason;
use contracts::{Event, StoredEvent};
use protocol::choreography::State;
use serde::{Deserialize, Serialize};

use crate::records::step::{Step, state_after};

/// An order's shipment, as the shipping service tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentRecord {
    /// The parcel, if one was made.
    pub parcel: Option<Parcel>,
    /// Why it will never leave.
    pub cancelled: Option<CancelReason>,
    pub steps: Vec<Step>,
}

/// What leaves the house, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// To whom.
    pub name: String,
    /// Where to.
    pub address: Address,
    pub units: u64,
}

impl ShipmentRecord {
    /// Folds one event of the SHIPPING stream about one order.
    pub fn fold(record: &mut Option<Self>, event: &StoredEvent) {
        let shipment = record.get_or_insert_default();
        if let Event::ShippingCreated(created) = &event.event {
            shipment.parcel = Some(Parcel {
                name: created.recipient.name.clone(),
                address: created.recipient.address.clone(),
                units: created.units,
            });
        }
        if let Event::ShippingCancelled(cancelled) = &event.event {
            shipment.cancelled = Some(cancelled.reason);
        }
        shipment.steps.push(Step::of(event));
    }

    /// Its state, by the choreography's name.
    #[must_use]
    pub fn state(&self) -> State {
        state_after(&self.steps)
    }
}
