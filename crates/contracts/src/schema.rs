//! JSON Schemas of the types that are written as text. All others derive theirs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::Currency;
use crate::money::{AMOUNT_MINOR_MAX, NewMoney, iso4217};

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
