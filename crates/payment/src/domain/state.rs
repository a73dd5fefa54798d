//! Where the charge of an order stands. Each stage has its name in the choreography.

use engine::rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use protocol::choreography::{NONE, State};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// Where the charge of an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeState {
    /// Nothing has been heard of the order.
    None,
    /// The order's total is charged.
    Charged,
    /// Nothing was charged: an end.
    Declined,
    /// The charge was paid back: an end.
    Refunded,
    /// Never to be charged: an end.
    Voided,
}

impl ChargeState {
    /// Every stage of a charge that there is.
    pub const ALL: [Self; 4] = [Self::Charged, Self::Declined, Self::Refunded, Self::Voided];

    /// Its name in the choreography.
    #[must_use]
    pub const fn name(self) -> State {
        match self {
            Self::None => NONE,
            Self::Charged => "charged",
            Self::Declined => "declined",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
        }
    }

    /// The stage of that name, of a charge that there is.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

impl FromSql for ChargeState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::of_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl Serialize for ChargeState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl JsonSchema for ChargeState {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ChargeState".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::ALL.map(Self::name) })
    }
}
