//! How a service starts: from what was seen of database, stream and witnesses to the next step.
//!
//! The shell gathers an [`Observation`], asks [`next`], carries the step out, and gathers again,
//! until the step is [`Step::Publish`]. Nothing is decided before that.

use protocol::{Chain, HistoryId, Position, Service, Timestamp};

use crate::reading::Extent;
use crate::seeded::{self, Bug};

pub mod claim;
pub mod ends;
pub mod fence;
pub mod removal;
pub mod stale_write;

pub use claim::{Claim, Claimed};
pub use fence::Fence;
pub use removal::{RemovalProof, may_remove};

/// All that the next step depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The end of the outbox.
    pub head: Position,
    /// The history that the database tells; none if it is empty.
    pub history: Option<HistoryId>,
    /// The own stream.
    pub stream: Stream,
    /// What others have seen of the own stream.
    pub witnesses: Vec<Witness>,
    /// Whose last event names a row of this service that it never had, as the mark says: no witnesses.
    pub disbelieved: Vec<Service>,
    /// Who has last deleted the stream to publish it anew, if anybody has.
    pub claim: Option<Claimed>,
    /// Whether this is an explicit first start.
    pub first_start: bool,
    /// Whether rows were restored, and the `recovered` row that has to follow them is still owed.
    pub restoring: bool,
    /// Whether the stream was rebuilt already in this start.
    pub rebuilt: bool,
}

/// The own stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stream {
    /// There is none.
    Missing,
    /// Its configuration is not as wanted.
    Misconfigured {
        /// Where it differs.
        difference: String,
        /// Whether it was set right already in this start, in vain.
        update_tried: bool,
    },
    /// It is there, configured as wanted.
    There {
        /// When it was created: tells it from another one of its name.
        created: Timestamp,
        /// Its extent by the broker's counters.
        extent: Extent,
        /// The number of its last readable message; 0 for none.
        tail: u64,
        /// The history that its messages name; none if none is readable.
        history: Option<HistoryId>,
        /// The highest readable sequence that outbox and stream both hold, if any.
        common: Option<Common>,
        /// That sequence, if the two differ there and somebody else has written the message.
        forged: Option<u64>,
    },
}

/// One number in both stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Common {
    /// The number.
    pub sequence: u64,
    /// The chain of the outbox's row.
    pub own: Chain,
    /// The chain of the stream's message.
    pub stream: Chain,
}

/// What the last event of a foreign stream says of the own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Whose event it is.
    pub of: Service,
    /// How far it had read the own stream.
    pub seen: Position,
    /// The chain of the own row there, if there is such a row.
    pub own: Option<Chain>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Begin a history in the empty database, with a fresh random id.
    BeginHistory,
    /// Verify the outbox from row 1, then create the stream.
    CreateStream,
    /// Set the stream's configuration right.
    Configure,
    /// Take over the stream's rows after `after`, up to `up_to`; then append `recovered` and wait
    /// for its acknowledgement.
    Restore {
        /// The outbox's end.
        after: u64,
        /// The stream's end.
        up_to: u64,
    },
    /// Gather the [`Proof`], and if [`may_rebuild`] allows it, delete the stream and create it.
    Rebuild,
    /// Outbox and stream tell one history: go on publishing after the stream's end.
    Publish(Found),
    /// Refuse commands, say what was seen and what the choices are, touch nothing.
    Fence(Fence),
}

/// The own stream, as a start leaves it to the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// When it was created, see [`crate::verification::judge`].
    pub created: Timestamp,
    /// The number of its last message; 0 for none.
    pub ends_at: u64,
}

/// What has to be proved before a damaged stream may be deleted: it might be the last copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The outbox verified from row 1: its end, or what is wrong with it.
    pub outbox: Result<Position, String>,
    /// The number of the stream's last readable message.
    pub tail: u64,
    /// The first readable message that does not equal its row.
    pub unequal: Option<u64>,
    /// Whether a copy of the database was written, or why not.
    pub copied: Result<(), String>,
}

/// The next step.
#[must_use]
pub fn next(seen: &Observation) -> Step {
    match &seen.stream {
        Stream::Missing => without_stream(seen),
        Stream::Misconfigured { update_tried: false, .. } => Step::Configure,
        Stream::Misconfigured { difference, .. } => {
            Step::Fence(Fence::Configuration(difference.clone()))
        }
        Stream::There { created, extent, tail, history, common, forged } => {
            let fence = forged.map(|message| Fence::Forged { message });
            let fence = fence.or_else(|| compare(seen, *history, *common));
            let fence = fence.or_else(|| ask_claim(seen, *tail));
            let fence = fence.or_else(|| ask_witnesses(seen, *tail));
            let found = Found { created: *created, ends_at: *tail };
            fence.map_or_else(|| with_stream(seen, extent, found), Step::Fence)
        }
    }
}

/// Whether a damaged stream may be deleted and published anew.
///
/// # Errors
/// The fence, when one of the conditions does not hold.
pub fn may_rebuild(proof: &Proof) -> Result<(), Fence> {
    if seeded::on(Bug::RebuildWithoutConditions) {
        return Ok(());
    }
    let refused = |why: String| Err(Fence::CannotRebuild(why));
    let end = match &proof.outbox {
        Ok(end) => end.sequence,
        Err(damage) => return refused(format!("the outbox is damaged, too: {damage}")),
    };
    if proof.tail > end {
        return refused(format!("the stream reaches {}, the outbox only {end}", proof.tail));
    }
    if let Some(unequal) = proof.unequal {
        return refused(format!("message {unequal} does not equal row {unequal}"));
    }
    match &proof.copied {
        Ok(()) => Ok(()),
        Err(why) => refused(format!("no copy of the database could be written first: {why}")),
    }
}

/// What a claim or a witness says against it that this is all there ever was: the outbox, and the stream
/// up to that message.
pub(crate) fn missing_beyond(seen: &Observation, tail: u64) -> Option<Fence> {
    ask_claim(seen, tail).or_else(|| ask_witnesses(seen, tail))
}

fn without_stream(seen: &Observation) -> Step {
    if let Some(fence) = missing_beyond(seen, 0) {
        return Step::Fence(fence);
    }
    match (seen.history, seen.first_start) {
        (Some(_), _) => Step::CreateStream,
        (None, true) => Step::BeginHistory,
        (None, false) => Step::Fence(Fence::FirstStartNeeded),
    }
}

fn with_stream(seen: &Observation, extent: &Extent, found: Found) -> Step {
    let (head, tail) = (seen.head.sequence, found.ends_at);
    if tail > head || (seen.restoring && tail == head) {
        return Step::Restore { after: head, up_to: tail };
    }
    // A counter that no readable message reaches is no proof that the data is there.
    if !extent.is_whole() || tail < extent.last {
        if seen.rebuilt {
            let why = "it was rebuilt in this start already".to_owned();
            return Step::Fence(Fence::CannotRebuild(why));
        }
        return Step::Rebuild;
    }
    match seen.history {
        Some(_) => Step::Publish(found),
        // The stream is there, nothing was ever in it, and nobody has seen a row: nothing is lost.
        None => Step::BeginHistory,
    }
}

fn compare(
    seen: &Observation,
    history: Option<HistoryId>,
    common: Option<Common>,
) -> Option<Fence> {
    if let (Some(own), Some(stream)) = (seen.history, history)
        && own != stream
    {
        return Some(Fence::OtherHistory { own, stream });
    }
    let forked =
        common.filter(|common| common.own != common.stream && !seeded::on(Bug::SkipForkCheck))?;
    Some(Fence::Fork { sequence: forked.sequence })
}

fn ask_claim(seen: &Observation, tail: u64) -> Option<Fence> {
    let held = seen.head.sequence.max(tail);
    let claim = seen.claim.filter(|claim| claim.is_of_another(held))?;
    Some(Fence::Replaced { sequence: claim.head.sequence, held })
}

fn ask_witnesses(seen: &Observation, tail: u64) -> Option<Fence> {
    let held = seen.head.sequence.max(tail);
    if seeded::on(Bug::SkipWitnesses) {
        return None;
    }
    for witness in &seen.witnesses {
        let at = witness.seen.sequence;
        if at > held {
            return Some(Fence::TwoStoresLost { witness: witness.of, seen: at, held });
        }
        if witness.own.is_some_and(|own| own != witness.seen.chain) {
            return Some(Fence::WitnessDisagrees { witness: witness.of, sequence: at });
        }
    }
    None
}

#[cfg(test)]
mod tests;
