//! Shipments: one for each order, known by the order's id.

use protocol::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::Address;

/// `shipping.created`: the shipment is ready; it waits for the order to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// How new the view of the customer is that it was made by: a CUSTOMER sequence. Events from
    /// before it was told have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_version: Option<u64>,
}

/// `shipping.dispatched`: the shipment has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancelled {
    /// The order.
    pub order_id: Id,
    /// Why.
    pub reason: CancelReason,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipment_from_before_versions_were_told_is_understood_and_told_as_it_was() {
        let old = r#"{"order_id":"o-1","customer_id":"c-1","name":"Ada","address":{"country":"GB"},"units":3}"#;
        let created: Created = serde_json::from_str(old).unwrap();
        assert_eq!(created.customer_version, None);
        assert!(!serde_json::to_string(&created).unwrap().contains("version"));
        let new = Created { customer_version: Some(7), ..created };
        let told = serde_json::to_string(&new).unwrap();
        assert_eq!(serde_json::from_str::<Created>(&told).unwrap(), new);
    }
}
