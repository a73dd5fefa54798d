//! The ids of this shop, so that none is taken for another. Each is an id, and is used as one wherever any
//! will do: in a subject, as the key of a replica, for a timer.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use protocol::Id;
use protocol::ids::InvalidId;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Id);

        impl From<Id> for $name {
            fn from(id: Id) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Id {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        // Equal, ordered and hashed as the id in it, which finds it in a map.
        impl Borrow<Id> for $name {
            fn borrow(&self) -> &Id {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = Id;

            fn deref(&self) -> &Id {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.parse().map(Self)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                Id::schema_name()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                Id::json_schema(generator)
            }
        }
    )*};
}

ids! {
    /// The id of an order.
    OrderId;
    /// The id of a customer.
    CustomerId;
    /// The id of a product: its stock keeping unit.
    Sku;
}
