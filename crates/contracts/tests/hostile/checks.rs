//! What must be true of whatever payload comes in: for tests at random, and for the fuzz target.

use contracts::Event;
use protocol::{Event as _, Kind};

/// A payload is understood in one way, or not at all.
pub(crate) fn payload(kind: Kind, version: u16, bytes: &[u8]) {
    let Ok(event) = Event::parse(kind, version, bytes) else { return };
    assert_eq!(event.kind(), kind);
    let written = event.to_payload().unwrap();
    assert_eq!(Event::parse(kind, event.version(), &written).unwrap(), event);
}
