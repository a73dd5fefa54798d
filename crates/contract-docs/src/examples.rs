//! What the payload of each event looks like: one customer, one product, one order, as they are stored
//! beside the events' types.

use protocol::choreography::{Publication, Shape};
use serde_json::Value;

/// The payload of an event in a version. A test of the contract holds it against the type.
#[must_use]
pub fn payload(shape: &Shape) -> Value {
    serde_json::from_str(shape.payload()).unwrap_or_default()
}

/// What the event is about, as the last token of its subject.
#[must_use]
pub fn id(publication: &Publication) -> String {
    payload(&publication.newest)[publication.id_field].as_str().unwrap_or_default().to_owned()
}
