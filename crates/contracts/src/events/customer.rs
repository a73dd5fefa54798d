//! Customers, as their owner publishes them: always the whole new state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CustomerId, Money};

/// Where a customer's shipments go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// Street and number, or whatever the carrier needs.
    #[serde(default)]
    pub street: String,
    /// The town.
    #[serde(default)]
    pub city: String,
    /// The country, as its name or code; never empty.
    pub country: String,
}

/// The state of a customer. Its version is the sequence of the event that carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// The customer's id.
    pub id: CustomerId,
    /// The name; never empty.
    pub name: String,
    /// Where shipments go.
    pub address: Address,
    /// What the customer may owe at most, and the currency of all the customer's orders.
    pub credit_limit: Money,
    /// Closed customers place no orders, are not charged and get no shipments.
    pub closed: bool,
}
