//! The JSON Schema of each event's payload, of the version that this build writes.

use contracts::Kind;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{Document, json};

/// A file for each event, which refers to no other.
#[must_use]
pub fn documents() -> Vec<Document> {
    Kind::ALL.iter().map(|kind| Document::new(path(*kind), json::text(&schema(*kind)))).collect()
}

/// Where the schema of an event stands.
#[must_use]
pub fn path(kind: Kind) -> String {
    format!("schemas/{}.json", kind.event_type())
}

/// The payloads' schemas for a document that keeps them below `/components/schemas`: for each kind a
/// reference, and what they refer to.
pub(crate) fn components() -> (Vec<(Kind, Value)>, Map<String, Value>) {
    // AsyncAPI's own schemas are a superset of this draft.
    let mut settings = SchemaSettings::draft07();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let payloads = Kind::ALL.iter().map(|kind| (*kind, kind.schema(&mut generator).to_value()));
    let payloads = payloads.collect();
    (payloads, generator.take_definitions(true))
}

fn schema(kind: Kind) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let payload = kind.schema(&mut generator).to_value();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.event_type(),
        "description": kind.meaning(),
        "$defs": generator.take_definitions(true),
    });
    if let (Value::Object(schema), Value::Object(payload)) = (&mut schema, payload) {
        schema.extend(payload);
    }
    schema
}
