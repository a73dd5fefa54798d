//! The JSON Schema of each event's payload, in each version that this build reads.

use protocol::choreography::{Choreography, Publication, Shape};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{Document, json};

/// A version of an event, with the schema of its payload.
type Payload<'a> = (&'a Publication, &'a Shape, Value);

/// A file for each version of each event, which refers to no other.
#[must_use]
pub fn documents(choreography: &Choreography) -> Vec<Document> {
    let document = |(one, shape): (&Publication, &Shape)| {
        Document::new(path(one, shape), json::text(&schema(one, shape)))
    };
    shapes(choreography).map(document).collect()
}

/// Where the schema of a version of an event stands.
#[must_use]
pub fn path(publication: &Publication, shape: &Shape) -> String {
    format!("schemas/{}.json", publication.kind.event_type(shape.version))
}

/// Every version of every event, the older ones of an event before its newest.
pub(crate) fn shapes(choreography: &Choreography) -> impl Iterator<Item = (&Publication, &Shape)> {
    let publications = choreography.publications.iter();
    publications.flat_map(|one| one.shapes().map(move |shape| (one, shape)))
}

/// The payloads' schemas for a document that keeps them below `/components/schemas`: for each version of each
/// kind a reference, and what they refer to.
pub(crate) fn components(choreography: &Choreography) -> (Vec<Payload<'_>>, Map<String, Value>) {
    // AsyncAPI's own schemas are a superset of this draft.
    let mut settings = SchemaSettings::draft07();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let payloads = shapes(choreography)
        .map(|(one, shape)| (one, shape, (shape.schema)(&mut generator).to_value()))
        .collect();
    (payloads, generator.take_definitions(true))
}

fn schema(publication: &Publication, shape: &Shape) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let payload = (shape.schema)(&mut generator).to_value();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": publication.kind.event_type(shape.version),
        "description": publication.meaning,
        "$defs": generator.take_definitions(true),
    });
    if let (Value::Object(schema), Value::Object(payload)) = (&mut schema, payload) {
        schema.extend(payload);
    }
    schema
}
