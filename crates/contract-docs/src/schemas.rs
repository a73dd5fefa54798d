//! The JSON Schema of each event's payload, of the version that this build writes.

use protocol::choreography::{Choreography, Publication};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{Document, json};

/// A file for each event, which refers to no other.
#[must_use]
pub fn documents(choreography: &Choreography) -> Vec<Document> {
    let publications = choreography.publications.iter();
    publications.map(|one| Document::new(path(one), json::text(&schema(one)))).collect()
}

/// Where the schema of an event stands.
#[must_use]
pub fn path(publication: &Publication) -> String {
    format!("schemas/{}.json", publication.event_type())
}

/// The payloads' schemas for a document that keeps them below `/components/schemas`: for each kind a
/// reference, and what they refer to.
pub(crate) fn components(
    choreography: &Choreography,
) -> (Vec<(&Publication, Value)>, Map<String, Value>) {
    // AsyncAPI's own schemas are a superset of this draft.
    let mut settings = SchemaSettings::draft07();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let payloads = choreography.publications.iter();
    let payloads = payloads.map(|one| (one, (one.schema)(&mut generator).to_value())).collect();
    (payloads, generator.take_definitions(true))
}

fn schema(publication: &Publication) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let payload = (publication.schema)(&mut generator).to_value();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": publication.event_type(),
        "description": publication.meaning,
        "$defs": generator.take_definitions(true),
    });
    if let (Value::Object(schema), Value::Object(payload)) = (&mut schema, payload) {
        schema.extend(payload);
    }
    schema
}
