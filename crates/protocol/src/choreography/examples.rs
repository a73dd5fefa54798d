//! Whether each version of each event is still read, and written as it was: by an example of each, stored
//! when that version was new.
//!
//! Rows are kept for ever, and chain and seal cover their bytes. So an example is added with a version, and
//! never changed.

use super::{Publication, Shape};
use crate::Event;

/// What is wrong with how the examples are read and written; nothing if all is well.
#[must_use]
pub fn findings<E: Event>(publications: &[Publication]) -> Vec<String> {
    publications.iter().flat_map(of_publication::<E>).collect()
}

fn of_publication<E: Event>(publication: &Publication) -> Vec<String> {
    let mut findings = Vec::new();
    let versions: Vec<_> = publication.shapes().map(|shape| shape.version).collect();
    if !(1..=publication.newest.version).eq(versions.iter().copied()) {
        let kind = publication.kind;
        findings.push(format!("{kind} has versions {versions:?}: none may be missing, from 1 on"));
    }
    if !publication.shape(publication.writes).is_some_and(|shape| shape.is_written) {
        findings.push(format!("{} cannot be written as it is", publication.kind));
    }
    let wrong = publication.shapes().filter_map(|shape| of_shape::<E>(publication, shape).err());
    findings.extend(wrong);
    findings
}

fn of_shape<E: Event>(publication: &Publication, shape: &Shape) -> Result<(), String> {
    let (kind, version, payload) = (publication.kind, shape.version, shape.payload());
    let wrong = |what: String| format!("the example of {}: {what}", kind.event_type(version));
    let event = E::parse(kind, version, payload.as_bytes());
    let event = event.map_err(|error| wrong(error.to_string()))?;
    if (event.kind(), event.version()) != (kind, publication.newest.version) {
        return Err(wrong(format!("it is read as {}", event.kind().event_type(event.version()))));
    }
    if event.written() != publication.writes {
        return Err(wrong(format!("version {} would be written", event.written())));
    }
    if !payload.contains(&format!("\"{}\":\"{}\"", publication.id_field, event.id())) {
        return Err(wrong(format!("{} is not its {}", event.id(), publication.id_field)));
    }
    if !shape.is_written {
        return Ok(());
    }
    let again = event.payload_in(version).map_err(|error| wrong(error.to_string()))?;
    if again == payload.as_bytes() {
        return Ok(());
    }
    Err(wrong(format!("it is written otherwise: {}", String::from_utf8_lossy(&again))))
}
