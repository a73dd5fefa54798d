//! JSON Schemas of the types that are written as text. All others derive theirs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::ids::ID_LENGTH_MAX;
use crate::service::SERVICE_NAME_BYTES_MAX;
use crate::{Id, Kind, Service, Timestamp};

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = format!("^[A-Za-z0-9_-]{{1,{ID_LENGTH_MAX}}}$");
        json_schema!({ "type": "string", "pattern": pattern })
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

impl JsonSchema for Service {
    fn schema_name() -> Cow<'static, str> {
        "Service".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let rest = SERVICE_NAME_BYTES_MAX - 1;
        json_schema!({ "type": "string", "pattern": format!("^[a-z][a-z0-9-]{{0,{rest}}}$") })
    }
}

impl JsonSchema for Kind {
    fn schema_name() -> Cow<'static, str> {
        "Kind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The type of an event without its version: SERVICE.EVENT.",
            "type": "string",
            "pattern": "^[a-z][a-z0-9-]*\\.[A-Za-z0-9_-]+$",
        })
    }
}
