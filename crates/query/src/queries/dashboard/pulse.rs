//! The last minutes and hours.

use protocol::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::keys;
use crate::projections::RingSlot;
use crate::projections::pulse::Ring;
use crate::queries::tally::TallyAnswer;
use crate::reader::{ReadError, record};

/// A minute or an hour in which anything happened.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Span {
    /// When it begins.
    pub at: Timestamp,
    /// Orders placed in it.
    pub placed: u64,
    /// Orders rejected in it.
    pub rejected: u64,
    /// Orders cancelled in it.
    pub cancelled: u64,
    /// Orders completed in it, and what they brought in.
    pub completed: Vec<TallyAnswer>,
}

/// The names of a ring's slots.
pub(super) fn names(ring: Ring) -> impl Iterator<Item = String> {
    (0..ring.slots).map(move |slot| keys::record(ring.family, &ring.slot(slot)))
}

/// The spans that end with the newest in which anything happened, oldest first. Those in which
/// nothing happened are left out.
pub(super) fn spans(ring: Ring, values: &[Option<Vec<u8>>]) -> Result<Vec<Span>, ReadError> {
    let slots = values.iter().map(|value| record::<RingSlot>(Some(value)));
    let slots = slots.collect::<Result<Vec<_>, _>>()?;
    let mut slots: Vec<RingSlot> = slots.into_iter().flatten().collect();
    let newest = slots.iter().map(|slot| slot.number).max().unwrap_or(0);
    slots.retain(|slot| slot.number > newest - ring.slots);
    slots.sort_by_key(|slot| slot.number);
    Ok(slots.iter().map(|slot| Span::of(ring, slot)).collect())
}

impl Span {
    fn of(ring: Ring, slot: &RingSlot) -> Self {
        Self {
            at: ring.begin(slot.number),
            placed: slot.placed,
            rejected: slot.rejected,
            cancelled: slot.cancelled,
            completed: TallyAnswer::list(&slot.completed),
        }
    }
}
