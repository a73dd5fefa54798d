//! Where an order stands. Each stage has its name in the choreography.

use engine::rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use protocol::choreography::{NONE, State};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// There is no such order.
    None,
    /// Accepted; stock, money and shipment are being taken.
    Placed,
    /// All is taken; the hand-over window is open.
    Prepared,
    /// It may leave the house: too late to cancel.
    Confirmed,
    /// It has left: an end.
    Completed,
    /// Stock or credit was refused: an end.
    Rejected,
    /// Cancelled by a customer, a deadline or a failed shipment: an end.
    Cancelled,
}

impl OrderState {
    /// Every stage of an order that there is.
    pub const ALL: [Self; 6] = [
        Self::Placed,
        Self::Prepared,
        Self::Confirmed,
        Self::Completed,
        Self::Rejected,
        Self::Cancelled,
    ];

    /// Its name in the choreography.
    #[must_use]
    pub const fn name(self) -> State {
        match self {
            Self::None => NONE,
            Self::Placed => "placed",
            Self::Prepared => "prepared",
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// The stage of that name, of an order that there is.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

impl FromSql for OrderState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::of_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl Serialize for OrderState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl JsonSchema for OrderState {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OrderState".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::ALL.map(Self::name) })
    }
}
