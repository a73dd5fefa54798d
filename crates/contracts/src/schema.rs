//! JSON Schemas of the types that are written as text. All others derive theirs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::ids::ID_LENGTH_MAX;
use crate::money::{AMOUNT_MINOR_MAX, NewMoney, iso4217};
use crate::{Currency, Id, Kind, Timestamp};

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = format!("^[A-Za-z0-9_-]{{1,{ID_LENGTH_MAX}}}$");
        json_schema!({ "type": "string", "pattern": pattern })
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$", "examples": ["GBP"] })
    }
}

impl JsonSchema for NewMoney {
    fn schema_name() -> Cow<'static, str> {
        "NewMoney".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<_> = iso4217::active().into_iter().map(|(code, _)| code).collect();
        let minor = json_schema!({
            "description": "Minor units: as many decimals as ISO 4217 gives the currency. What \
                            stands already, beyond the maximum too, may be named again.",
            "type": "integer",
            "format": "int64",
            "minimum": 0,
            "maximum": AMOUNT_MINOR_MAX,
        });
        json_schema!({
            "description": "An amount in minor units (pence, cents) of one currency.",
            "type": "object",
            "properties": {
                "minor": minor,
                "currency": { "type": "string", "enum": codes, "examples": ["GBP"] },
            },
            "required": ["minor", "currency"],
            "additionalProperties": false,
        })
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

impl JsonSchema for Kind {
    fn schema_name() -> Cow<'static, str> {
        "Kind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Self::ALL.iter().map(|kind| kind.to_string()).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}
