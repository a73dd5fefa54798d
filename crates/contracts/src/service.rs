//! The services that own a stream.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A service that owns a stream. Each owns exactly one, and is the only one that publishes to it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Customers, their addresses and credit limits. State-stored.
    Customer,
    /// The catalogue and its prices. State-stored.
    Product,
    /// Orders, from placed to their one end. Event-sourced.
    Order,
    /// Stock and reservations.
    Inventory,
    /// Charges, refunds, and what each customer owes. Event-sourced.
    Payment,
    /// Shipments.
    Shipping,
}

impl Service {
    /// All services, in the order in which an order meets them.
    pub const ALL: [Self; 6] = [
        Self::Customer,
        Self::Product,
        Self::Order,
        Self::Inventory,
        Self::Payment,
        Self::Shipping,
    ];

    /// The name: first token of its subjects, name of its process, `ce-source` of its events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Product => "product",
            Self::Order => "order",
            Self::Inventory => "inventory",
            Self::Payment => "payment",
            Self::Shipping => "shipping",
        }
    }

    /// The name of its stream.
    #[must_use]
    pub const fn stream(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Product => "PRODUCT",
            Self::Order => "ORDER",
            Self::Inventory => "INVENTORY",
            Self::Payment => "PAYMENT",
            Self::Shipping => "SHIPPING",
        }
    }

    /// The service that owns the stream of that name.
    #[must_use]
    pub fn of_stream(stream: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.stream() == stream)
    }

    /// The request subject on which a consumer asks the owner to look at its stream.
    #[must_use]
    pub fn verify_subject(self) -> String {
        format!("{}.verify", self.name())
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No service has that name.
#[derive(Debug, thiserror::Error)]
#[error(
    "no service is called {0:?}; there are customer, product, order, inventory, payment and shipping"
)]
pub struct UnknownService(String);

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|service| service.name() == name)
            .ok_or_else(|| UnknownService(name.to_owned()))
    }
}
