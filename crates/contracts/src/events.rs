//! What each service publishes: the kinds, their versions and their JSON shapes.
//!
//! One table, at the end of this file's types, is the source of all of it: a kind that is not in the
//! table does not exist, and a payload that does not fit its kind does not parse.
//!
//! An event that has changed names its older versions there, and which one is written. Whichever a row is
//! in, its content is that of the newest. Each version has an example in the folder `stored`, without
//! which this does not compile.

pub mod customer;
pub mod inventory;
pub mod order;
pub mod payment;
pub mod product;
pub mod shipping;

use protocol::choreography::{Publication, Shape};
use protocol::{EventError, Id, Kind, OlderVersion, Recovered, Replicated, Service, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::service;

pub use customer::{Address, Customer};
pub use order::{Line, Snapshot};
pub use product::Product;

/// Longest name, street, city and country that a client may give, in bytes: each order's event carries
/// some for each line, and a row has to fit the broker's largest message.
pub const TEXT_BYTES_MAX: usize = 200;

/// The last of one or two: what is written instead of the newest version, if anything is.
macro_rules! last {
    ($one:literal) => {
        $one
    };
    ($one:literal $two:literal) => {
        $two
    };
}

/// The stored example of an event in a version.
macro_rules! stored {
    ($name:literal, $version:literal) => {
        include_str!(concat!("../stored/", $name, ".v", $version, ".json"))
    };
}

macro_rules! events {
    ($($service:ident => $publishes:ident {
        $($constant:ident = $event:ident($payload:ty, $id:ident) $name:literal v $version:literal
            $(after { $($old:literal: $older:ty),* } writes $writes:literal)?, $doc:literal;)*
    })*) => {
        /// An event, parsed: the kind and its payload.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event { $($(#[doc = $doc] $event($payload),)*)* }

        /// The kinds of this shop's events.
        pub mod kind {
            use protocol::Kind;

            $($(#[doc = $doc] pub const $constant: Kind = Kind::named(crate::service::$service, $name);)*)*

            /// Every kind there is.
            pub const ALL: &[Kind] = &[$($($constant,)*)*];

            /// The kind of this shop's events that has that name.
            ///
            /// # Errors
            /// When none has.
            pub fn named(name: &str) -> Result<Kind, protocol::kind::InvalidKind> {
                let kind: Kind = name.parse()?;
                if ALL.contains(&kind) { Ok(kind) } else { Err(protocol::kind::InvalidKind::of(name)) }
            }
        }

        $(
            /// What the service publishes.
            pub(crate) const $publishes: &[Publication] = &[$(Publication {
                kind: kind::$constant,
                meaning: $doc,
                id_field: stringify!($id),
                writes: last!($version $($writes)?),
                newest: Shape {
                    version: $version,
                    is_written: true,
                    schema: |generator| generator.subschema_for::<$payload>(),
                    example: stored!($name, $version),
                },
                older: &[$($(Shape {
                    version: $old,
                    is_written: <$older>::IS_WRITTEN,
                    schema: |generator| generator.subschema_for::<$older>(),
                    example: stored!($name, $old),
                },)*)?],
            },)*];
        )*

        impl Event {
            /// Its kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $($(Self::$event(_) => kind::$constant,)*)* }
            }

            /// The id that it is about, and the last token of its subject: of an order, a
            /// customer, a product, or of the service itself.
            #[must_use]
            pub fn id(&self) -> &Id {
                match self { $($(Self::$event(payload) => &payload.$id,)*)* }
            }
        }

        impl protocol::Event for Event {
            fn kind(&self) -> Kind {
                self.kind()
            }

            fn version(&self) -> u16 {
                match self { $($(Self::$event(_) => $version,)*)* }
            }

            fn written(&self) -> u16 {
                match self { $($(Self::$event(_) => last!($version $($writes)?),)*)* }
            }

            fn id(&self) -> &Id {
                self.id()
            }

            fn due(&self) -> Option<Timestamp> {
                timer_of(self)
            }

            fn parse(kind: Kind, version: u16, payload: &[u8]) -> Result<Self, EventError> {
                match kind {
                    $($(kind::$constant => match version {
                        $version => read(kind, payload).map(Self::$event),
                        $($($old => {
                            read::<$older>(kind, payload).map(|old| Self::$event(old.upcast()))
                        })*)?
                        _ => Err(EventError::newer(kind, version, $version)),
                    },)*)*
                    _ => Err(EventError::UnknownType(kind.event_type(version))),
                }
            }

            fn to_payload(&self) -> Result<Vec<u8>, serde_json::Error> {
                match self { $($(Self::$event(payload) => serde_json::to_vec(payload),)*)* }
            }

            fn payload_in(&self, version: u16) -> Result<Vec<u8>, EventError> {
                match self {
                    $($(Self::$event(payload) => match version {
                        $version => write(self.kind(), payload),
                        $($($old => write_older::<$older>(self.kind(), version, payload),)*)?
                        _ => Err(not_written(self.kind(), version)),
                    },)*)*
                }
            }
        }
    };
}

events! {
    CUSTOMER => CUSTOMER_PUBLISHES {
        CUSTOMER_REGISTERED = CustomerRegistered(Customer, id) "customer.registered" v 1, "A customer was registered: the whole state.";
        CUSTOMER_CHANGED = CustomerChanged(Customer, id) "customer.changed" v 1, "A customer was changed: the whole new state.";
        CUSTOMER_CLOSED = CustomerClosed(Customer, id) "customer.closed" v 1, "A customer was closed and takes no more orders: the whole state.";
        CUSTOMER_RECOVERED = CustomerRecovered(Recovered, service) "customer.recovered" v 1, "The customer service was restored from its stream.";
    }
    PRODUCT => PRODUCT_PUBLISHES {
        PRODUCT_LISTED = ProductListed(Product, sku) "product.listed" v 1, "A product was listed: the whole state.";
        PRODUCT_CHANGED = ProductChanged(Product, sku) "product.changed" v 1, "A product was changed: the whole new state.";
        PRODUCT_DISCONTINUED = ProductDiscontinued(Product, sku) "product.discontinued" v 1, "A product is no longer sold: the whole state.";
        PRODUCT_RECOVERED = ProductRecovered(Recovered, service) "product.recovered" v 1, "The product service was restored from its stream.";
    }
    ORDER => ORDER_PUBLISHES {
        ORDER_PLACED = OrderPlaced(order::Placed, order_id) "order.placed" v 1, "An order was accepted.";
        ORDER_PREPARED = OrderPrepared(order::Prepared, order_id) "order.prepared" v 1, "All is taken; the hand-over window is open.";
        ORDER_CONFIRMED = OrderConfirmed(order::Confirmed, order_id) "order.confirmed" v 1, "The order may leave the house.";
        ORDER_COMPLETED = OrderCompleted(order::Ended, order_id) "order.completed" v 1, "The order was dispatched: an end.";
        ORDER_REJECTED = OrderRejected(order::Ended, order_id) "order.rejected" v 1, "Stock or credit was refused: an end.";
        ORDER_CANCELLED = OrderCancelled(order::Ended, order_id) "order.cancelled" v 1, "Cancelled by a customer, a deadline or a failed shipment: an end.";
        ORDER_RECOVERED = OrderRecovered(Recovered, service) "order.recovered" v 1, "The order service was restored from its stream.";
    }
    INVENTORY => INVENTORY_PUBLISHES {
        INVENTORY_STOCKED = InventoryStocked(inventory::Stocked, sku) "inventory.stocked" v 1, "Goods came in.";
        INVENTORY_RESERVED = InventoryReserved(inventory::Reserved, order_id) "inventory.reserved" v 1, "All lines of an order are reserved.";
        INVENTORY_REJECTED = InventoryRejected(inventory::Rejected, order_id) "inventory.rejected" v 1, "At least one line cannot be reserved; none is.";
        INVENTORY_RELEASED = InventoryReleased(inventory::Returned, order_id) "inventory.released" v 1, "A reservation was undone.";
        INVENTORY_COMMITTED = InventoryCommitted(inventory::Returned, order_id) "inventory.committed" v 1, "Reserved goods have left.";
        INVENTORY_RECOVERED = InventoryRecovered(Recovered, service) "inventory.recovered" v 1, "The inventory service was restored from its stream.";
    }
    PAYMENT => PAYMENT_PUBLISHES {
        PAYMENT_CHARGED = PaymentCharged(payment::Charged, order_id) "payment.charged" v 1, "An order's total was charged.";
        PAYMENT_DECLINED = PaymentDeclined(payment::Declined, order_id) "payment.declined" v 1, "A charge was declined.";
        PAYMENT_REFUNDED = PaymentRefunded(payment::Refunded, order_id) "payment.refunded" v 1, "A charge was paid back.";
        PAYMENT_VOIDED = PaymentVoided(payment::Voided, order_id) "payment.voided" v 1, "A tombstone: this order is never to be charged.";
        PAYMENT_SETTLED = PaymentSettled(payment::Settled, customer_id) "payment.settled" v 1, "A customer paid in.";
        PAYMENT_RECOVERED = PaymentRecovered(Recovered, service) "payment.recovered" v 1, "The payment service was restored from its stream.";
    }
    SHIPPING => SHIPPING_PUBLISHES {
        SHIPPING_CREATED = ShippingCreated(shipping::Created, order_id) "shipping.created" v 2 after { 1: shipping::CreatedV1 } writes 1, "A shipment is ready to leave.";
        SHIPPING_DISPATCHED = ShippingDispatched(shipping::Dispatched, order_id) "shipping.dispatched" v 1, "A shipment has left.";
        SHIPPING_CANCELLED = ShippingCancelled(shipping::Cancelled, order_id) "shipping.cancelled" v 1, "A shipment will never leave; from no shipment, a tombstone.";
        SHIPPING_RECOVERED = ShippingRecovered(Recovered, service) "shipping.recovered" v 1, "The shipping service was restored from its stream.";
    }
}

impl Replicated for Customer {
    const OWNER: Service = service::CUSTOMER;
}

impl Replicated for Product {
    const OWNER: Service = service::PRODUCT;
}

fn read<P: DeserializeOwned>(kind: Kind, payload: &[u8]) -> Result<P, EventError> {
    serde_json::from_slice(payload).map_err(|error| EventError::payload(kind, &error))
}

fn write<P: Serialize>(kind: Kind, payload: &P) -> Result<Vec<u8>, EventError> {
    serde_json::to_vec(payload).map_err(|error| EventError::payload(kind, &error))
}

fn write_older<V: OlderVersion>(
    kind: Kind,
    version: u16,
    newest: &V::Newest,
) -> Result<Vec<u8>, EventError> {
    let older = V::downcast(newest).ok_or_else(|| not_written(kind, version))?;
    write(kind, &older)
}

fn not_written(kind: Kind, version: u16) -> EventError {
    EventError::NotWritten { kind: kind.to_string(), version }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few events set a timer")]
fn timer_of(event: &Event) -> Option<Timestamp> {
    match event {
        Event::OrderPlaced(placed) => Some(placed.deadline),
        Event::OrderPrepared(prepared) => Some(prepared.until),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
