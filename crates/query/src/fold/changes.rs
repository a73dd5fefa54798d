//! What a fold wants written. Names are those inside a generation.

use protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::Item;

/// What a batch writes, all of it absolute.
#[derive(Debug, Default)]
pub struct Changes {
    /// Records: their names and whole contents.
    pub records: Vec<(String, Vec<u8>)>,
    pub indexes: Vec<IndexChange>,
    /// Events that could not be folded.
    pub parked: Vec<Parked>,
}

/// One entry of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexChange {
    pub index: String,
    pub member: String,
    /// Its score; none to take it out.
    pub score: Option<i64>,
}

/// An event that could not be folded, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    pub stream: String,
    /// Its sequence there.
    pub sequence: u64,
    pub subject: String,
    /// Why it could not be folded.
    pub reason: String,
    /// How often that was tried.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub attempts: u32,
    /// When it was decided, if that much could be understood.
    pub time: Option<Timestamp>,
}

impl Parked {
    pub(super) fn of(item: &Item, reason: &str, attempts: u32) -> Self {
        Self {
            stream: item.service.stream().to_owned(),
            sequence: item.row.sequence,
            subject: item.row.subject.clone(),
            reason: reason.to_owned(),
            attempts,
            time: item.event.as_ref().ok().map(|event| event.headers.time),
        }
    }

    /// Its name among the parked: `STREAM/sequence`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.stream, self.sequence)
    }
}

const fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_once(attempts: &u32) -> bool {
    *attempts == once()
}
