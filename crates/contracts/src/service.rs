//! The services of this shop that own a stream.

use protocol::Service;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

/// Customers, their addresses and credit limits. State-stored.
pub const CUSTOMER: Service = Service::named("customer");
/// The catalogue and its prices. State-stored.
pub const PRODUCT: Service = Service::named("product");
/// Orders, from placed to their one end. Event-sourced.
pub const ORDER: Service = Service::named("order");
/// Stock and reservations.
pub const INVENTORY: Service = Service::named("inventory");
/// Charges, refunds, and what each customer owes. Event-sourced.
pub const PAYMENT: Service = Service::named("payment");
/// Shipments.
pub const SHIPPING: Service = Service::named("shipping");

/// All of them, in the order in which an order meets them.
pub const ALL: [Service; 6] = [CUSTOMER, PRODUCT, ORDER, INVENTORY, PAYMENT, SHIPPING];

/// The service of this shop that has that name.
///
/// # Errors
/// When none has.
pub fn named(name: &str) -> Result<Service, UnknownService> {
    let found = ALL.into_iter().find(|service| service.name() == name);
    found.ok_or_else(|| UnknownService(name.to_owned()))
}

/// For serde: a service of this shop, by its name.
///
/// # Errors
/// When there is no text, or no service has that name.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Service, D::Error> {
    named(&String::deserialize(from)?).map_err(D::Error::custom)
}

/// No service has that name.
#[derive(Debug, thiserror::Error)]
#[error(
    "no service is called {0:?}; there are customer, product, order, inventory, payment and shipping"
)]
pub struct UnknownService(String);
