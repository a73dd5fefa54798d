//! How far the shipment of an order has come. Each state has its name in the choreography.

use contracts::events::Address;
use contracts::events::shipping::CancelReason;
use contracts::{CustomerId, OrderId};
use protocol::choreography::{NONE, State};

/// How far a shipment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShipmentState {
    /// Ready, and waiting for the order to be confirmed.
    Created,
    /// It has left.
    Dispatched,
    /// It will never leave.
    Cancelled(CancelReason),
}

/// The shipment of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// The order.
    pub order_id: OrderId,
    /// How far it has come.
    pub state: ShipmentState,
    /// What leaves, and where to; none for a tombstone.
    pub parcel: Option<Parcel>,
}

/// What leaves, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The customer.
    pub customer_id: CustomerId,
    /// To whom.
    pub name: String,
    /// Where to.
    pub address: Address,
    /// Units in it.
    pub units: u64,
    /// How new the view of the customer is that it was made by; what is newer is news.
    pub customer_version: u64,
}

impl ShipmentState {
    /// Its name in the choreography.
    #[must_use]
    pub const fn name(self) -> State {
        match self {
            Self::Created => "created",
            Self::Dispatched => "dispatched",
            Self::Cancelled(_) => "cancelled",
        }
    }

    /// The state of that name, and that reason.
    #[must_use]
    pub fn of(name: &str, reason: Option<&str>) -> Option<Self> {
        match (name, reason) {
            ("created", None) => Some(Self::Created),
            ("dispatched", None) => Some(Self::Dispatched),
            ("cancelled", Some(reason)) => reason_of(reason).map(Self::Cancelled),
            _ => None,
        }
    }
}

/// The name of a reason, as events spell it.
#[must_use]
pub const fn reason_name(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::OrderCancelled => "order_cancelled",
        CancelReason::NotServed => "not_served",
        CancelReason::CustomerClosed => "customer_closed",
    }
}

fn reason_of(name: &str) -> Option<CancelReason> {
    use CancelReason::{CustomerClosed, NotServed, OrderCancelled};
    [OrderCancelled, NotServed, CustomerClosed].into_iter().find(|r| reason_name(*r) == name)
}

/// The state of what may not be there, by its name in the choreography.
pub(super) fn state_of(shipment: Option<&Shipment>) -> State {
    shipment.map_or(NONE, |shipment| shipment.state.name())
}
