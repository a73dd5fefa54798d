//! Shipments: one for each order, known by the order's id.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Id;
use crate::events::Address;

/// `shipping.created`: the shipment is ready; it waits for the order to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The order.
    pub order_id: Id,
    /// The customer.
    pub customer_id: Id,
    /// To whom.
    pub name: String,
    /// Where to.
    pub address: Address,
    /// Units in the parcel.
    pub units: u64,
}

/// `shipping.dispatched`: the shipment has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatched {
    /// The order.
    pub order_id: Id,
}

/// Why a shipment will never leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The order was cancelled.
    OrderCancelled,
    /// Nobody delivers to the customer's country.
    NotServed,
    /// The customer is closed.
    CustomerClosed,
}

/// `shipping.cancelled`: the shipment will never leave. From no shipment, a tombstone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// The order.
    pub order_id: Id,
    /// Why.
    pub reason: CancelReason,
}
