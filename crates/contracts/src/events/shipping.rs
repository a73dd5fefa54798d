//! Shipments: one for each order, known by the order's id.

use protocol::OlderVersion;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::Address;

use crate::{CustomerId, OrderId};

/// `shipping.created`: the shipment is ready; it waits for the order to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Created {
    /// The order.
    pub order_id: OrderId,
    /// To whom.
    pub recipient: Recipient,
    /// Units in the parcel.
    pub units: u64,
}

/// To whom a parcel goes: what a carrier is handed, as one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recipient {
    /// The customer.
    pub customer_id: CustomerId,
    /// To whom.
    pub name: String,
    /// Where to.
    pub address: Address,
    /// How new the view of the customer is that it was made by: a CUSTOMER sequence. Events from
    /// before it was told have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_version: Option<u64>,
}

/// `shipping.created` in version 1: the recipient's fields stand beside the order's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreatedV1 {
    /// The order.
    pub order_id: OrderId,
    /// The customer.
    pub customer_id: CustomerId,
    /// To whom.
    pub name: String,
    /// Where to.
    pub address: Address,
    /// Units in the parcel.
    pub units: u64,
    /// How new the view of the customer is that it was made by: a CUSTOMER sequence. Events from
    /// before it was told have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_version: Option<u64>,
}

impl OlderVersion for CreatedV1 {
    type Newest = Created;

    const IS_WRITTEN: bool = true;

    fn upcast(self) -> Created {
        let Self { order_id, customer_id, name, address, units, customer_version } = self;
        let recipient = Recipient { customer_id, name, address, customer_version };
        Created { order_id, recipient, units }
    }

    fn downcast(newest: &Created) -> Option<Self> {
        let Created { order_id, recipient, units } = newest.clone();
        let Recipient { customer_id, name, address, customer_version } = recipient;
        Some(Self { order_id, customer_id, name, address, units, customer_version })
    }
}

/// `shipping.dispatched`: the shipment has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dispatched {
    /// The order.
    pub order_id: OrderId,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancelled {
    /// The order.
    pub order_id: OrderId,
    /// Why.
    pub reason: CancelReason,
}
