//! What each service publishes: the kinds, their versions and their JSON shapes.
//!
//! One table, at the end of this file's types, is the source of all of it: a kind that is not in the
//! table does not exist, and a payload that does not fit its kind does not parse.

pub mod customer;
pub mod inventory;
pub mod order;
pub mod payment;
pub mod product;
pub mod shipping;

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::{Id, Service};

pub use customer::{Address, Customer};
pub use order::{Line, Snapshot};
pub use product::Product;

/// Longest name, street, city and country that a client may give, in bytes: each order's event carries
/// some for each line, and a row has to fit the broker's largest message.
pub const TEXT_BYTES_MAX: usize = 200;

/// Why an event cannot be understood. Its raw row is still intact and can be kept.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// A type that this build does not know.
    #[error(
        "unknown event type {0:?}: this build is older than its producer, or the event is foreign"
    )]
    UnknownType(String),
    /// A known type in a version from the future.
    #[error("{kind} has version {version}, this build knows up to {known}: upgrade this service")]
    UnknownVersion {
        /// The kind.
        kind: Kind,
        /// The version on the wire.
        version: u16,
        /// The newest version that this build reads.
        known: u16,
    },
    /// The payload does not have the shape of its type.
    #[error("the payload of {kind} does not have its shape: {reason}")]
    Payload {
        /// The kind.
        kind: Kind,
        /// What the parser says.
        reason: String,
    },
}

/// A database that was lost or behind has been restored from the stream. The row takes the end of
/// the stream for the new owner, before it decides anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recovered {
    /// The service, as the id of the event.
    pub service: Id,
    /// How many rows were taken from the stream.
    pub rows: u64,
    /// The sequence of the last row that was restored.
    pub up_to: u64,
}

macro_rules! events {
    ($($kind:ident($payload:ty, $id:ident) = $service:ident $name:literal v $version:literal, $doc:literal;)*) => {
        /// The kind of an event: its type without the version.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $(#[doc = $doc] $kind,)* }

        /// An event, parsed: the kind and its payload.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event { $(#[doc = $doc] $kind($payload),)* }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The service that publishes it.
            #[must_use]
            pub const fn service(self) -> Service {
                match self { $(Self::$kind => Service::$service,)* }
            }

            /// Its name, such as `order.placed`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// The version that this build writes, and the newest that it reads.
            #[must_use]
            pub const fn version(self) -> u16 {
                match self { $(Self::$kind => $version,)* }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$kind => $doc,)* }
            }

            /// The field of its payload that says what it is about: the last token of its subject.
            #[must_use]
            pub const fn id_field(self) -> &'static str {
                match self { $(Self::$kind => stringify!($id),)* }
            }

            /// The JSON Schema of its payload. What that refers to is among the definitions of `generator`.
            pub fn schema(self, generator: &mut SchemaGenerator) -> Schema {
                match self { $(Self::$kind => generator.subschema_for::<$payload>(),)* }
            }
        }

        impl Event {
            /// Its kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }

            /// The id that it is about, and the last token of its subject: of an order, a
            /// customer, a product, or of the service itself.
            #[must_use]
            pub const fn id(&self) -> &Id {
                match self { $(Self::$kind(payload) => &payload.$id,)* }
            }

            /// Parses the JSON payload of a kind.
            ///
            /// # Errors
            /// When the payload does not have the shape of the kind. Unknown fields are accepted.
            pub fn parse(kind: Kind, payload: &[u8]) -> Result<Self, EventError> {
                let wrong = |error: serde_json::Error| EventError::Payload { kind, reason: error.to_string() };
                match kind {
                    $(Kind::$kind => serde_json::from_slice(payload).map(Self::$kind).map_err(wrong),)*
                }
            }

            /// The JSON payload.
            ///
            /// # Errors
            /// Never for these types; the serializer's signature asks for it.
            pub fn to_payload(&self) -> Result<Vec<u8>, serde_json::Error> {
                match self { $(Self::$kind(payload) => serde_json::to_vec(payload),)* }
            }
        }
    };
}

events! {
    CustomerRegistered(Customer, id) = Customer "customer.registered" v 1, "A customer was registered: the whole state.";
    CustomerChanged(Customer, id) = Customer "customer.changed" v 1, "A customer was changed: the whole new state.";
    CustomerClosed(Customer, id) = Customer "customer.closed" v 1, "A customer was closed and takes no more orders: the whole state.";
    CustomerRecovered(Recovered, service) = Customer "customer.recovered" v 1, "The customer service was restored from its stream.";
    ProductListed(Product, sku) = Product "product.listed" v 1, "A product was listed: the whole state.";
    ProductChanged(Product, sku) = Product "product.changed" v 1, "A product was changed: the whole new state.";
    ProductDiscontinued(Product, sku) = Product "product.discontinued" v 1, "A product is no longer sold: the whole state.";
    ProductRecovered(Recovered, service) = Product "product.recovered" v 1, "The product service was restored from its stream.";
    OrderPlaced(order::Placed, order_id) = Order "order.placed" v 1, "An order was accepted.";
    OrderPrepared(order::Prepared, order_id) = Order "order.prepared" v 1, "All is taken; the hand-over window is open.";
    OrderConfirmed(order::Confirmed, order_id) = Order "order.confirmed" v 1, "The order may leave the house.";
    OrderCompleted(order::Ended, order_id) = Order "order.completed" v 1, "The order was dispatched: an end.";
    OrderRejected(order::Ended, order_id) = Order "order.rejected" v 1, "Stock or credit was refused: an end.";
    OrderCancelled(order::Ended, order_id) = Order "order.cancelled" v 1, "Cancelled by a customer, a deadline or a failed shipment: an end.";
    OrderRecovered(Recovered, service) = Order "order.recovered" v 1, "The order service was restored from its stream.";
    InventoryStocked(inventory::Stocked, sku) = Inventory "inventory.stocked" v 1, "Goods came in.";
    InventoryReserved(inventory::Reserved, order_id) = Inventory "inventory.reserved" v 1, "All lines of an order are reserved.";
    InventoryRejected(inventory::Rejected, order_id) = Inventory "inventory.rejected" v 1, "At least one line cannot be reserved; none is.";
    InventoryReleased(inventory::Returned, order_id) = Inventory "inventory.released" v 1, "A reservation was undone.";
    InventoryCommitted(inventory::Returned, order_id) = Inventory "inventory.committed" v 1, "Reserved goods have left.";
    InventoryRecovered(Recovered, service) = Inventory "inventory.recovered" v 1, "The inventory service was restored from its stream.";
    PaymentCharged(payment::Charged, order_id) = Payment "payment.charged" v 1, "An order's total was charged.";
    PaymentDeclined(payment::Declined, order_id) = Payment "payment.declined" v 1, "A charge was declined.";
    PaymentRefunded(payment::Refunded, order_id) = Payment "payment.refunded" v 1, "A charge was paid back.";
    PaymentVoided(payment::Voided, order_id) = Payment "payment.voided" v 1, "A tombstone: this order is never to be charged.";
    PaymentSettled(payment::Settled, customer_id) = Payment "payment.settled" v 1, "A customer paid in.";
    PaymentRecovered(Recovered, service) = Payment "payment.recovered" v 1, "The payment service was restored from its stream.";
    ShippingCreated(shipping::Created, order_id) = Shipping "shipping.created" v 1, "A shipment is ready to leave.";
    ShippingDispatched(shipping::Dispatched, order_id) = Shipping "shipping.dispatched" v 1, "A shipment has left.";
    ShippingCancelled(shipping::Cancelled, order_id) = Shipping "shipping.cancelled" v 1, "A shipment will never leave; from no shipment, a tombstone.";
    ShippingRecovered(Recovered, service) = Shipping "shipping.recovered" v 1, "The shipping service was restored from its stream.";
}

impl Kind {
    /// The kind with which `service` says that it was restored.
    #[must_use]
    pub const fn recovered(service: Service) -> Self {
        match service {
            Service::Customer => Self::CustomerRecovered,
            Service::Product => Self::ProductRecovered,
            Service::Order => Self::OrderRecovered,
            Service::Inventory => Self::InventoryRecovered,
            Service::Payment => Self::PaymentRecovered,
            Service::Shipping => Self::ShippingRecovered,
        }
    }

    /// The type on the wire, such as `order.placed.v1`.
    #[must_use]
    pub fn event_type(self) -> String {
        format!("{}.v{}", self.name(), self.version())
    }

    /// The subject of an event of this kind about `id`, such as `order.placed.o-17`.
    #[must_use]
    pub fn subject(self, id: &Id) -> String {
        format!("{}.{id}", self.name())
    }

    /// Whether this is the subject of such an event about `id`.
    #[must_use]
    pub fn has_subject(self, id: &Id, subject: &str) -> bool {
        let rest = subject.strip_prefix(self.name()).and_then(|rest| rest.strip_prefix('.'));
        rest == Some(id.as_str())
    }

    /// The kind of a type on the wire.
    ///
    /// # Errors
    /// When the type is unknown, or its version is newer than this build.
    pub fn of_type(event_type: &str) -> Result<Self, EventError> {
        let unknown = || EventError::UnknownType(event_type.chars().take(128).collect());
        let (name, version) = event_type.rsplit_once(".v").ok_or_else(unknown)?;
        let version: u16 = version.parse().map_err(|_| unknown())?;
        let kind: Self = name.parse().map_err(|_| unknown())?;
        if version == 0 || version > kind.version() {
            return Err(EventError::UnknownVersion { kind, version, known: kind.version() });
        }
        Ok(kind)
    }
}

impl FromStr for Kind {
    type Err = EventError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|kind| kind.name() == name);
        found.ok_or_else(|| EventError::UnknownType(name.chars().take(128).collect()))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Event {
    /// The event with which `service` says that it was restored from its stream.
    #[must_use]
    pub fn recovered(service: Service, recovered: Recovered) -> Self {
        match service {
            Service::Customer => Self::CustomerRecovered(recovered),
            Service::Product => Self::ProductRecovered(recovered),
            Service::Order => Self::OrderRecovered(recovered),
            Service::Inventory => Self::InventoryRecovered(recovered),
            Service::Payment => Self::PaymentRecovered(recovered),
            Service::Shipping => Self::ShippingRecovered(recovered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_its_type() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_type(&kind.event_type()).unwrap(), *kind);
            assert!(kind.name().starts_with(kind.service().name()));
        }
    }

    #[test]
    fn unknown_types_and_versions_are_told_apart() {
        assert!(matches!(Kind::of_type("order.eaten.v1"), Err(EventError::UnknownType(_))));
        let newer = Kind::of_type("order.placed.v99");
        assert!(matches!(newer, Err(EventError::UnknownVersion { version: 99, .. })));
    }

    #[test]
    fn unknown_fields_are_accepted_and_wrong_shapes_are_not() {
        let payload = br#"{"order_id":"o-1","until":"2026-01-01T00:00:00Z","new":1}"#;
        assert!(Event::parse(Kind::OrderPrepared, payload).is_ok());
        assert!(Event::parse(Kind::OrderPrepared, b"{}").is_err());
    }
}
