//! What goes wrong on the read side, and how often it really did.

use std::collections::BTreeMap;
use std::fmt;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadFault {
    /// Everything is gone, and nothing tells so.
    Flush,
    /// Redis starts from an older snapshot: views and position together.
    OlderSnapshot,
    /// The end of its log is cut off.
    LogCut,
    /// A replica takes over that lacks the last writes.
    FailedOver,
    /// A projector is killed amid a batch, and another starts.
    ProjectorKilled,
    /// One more projector folds at the same time.
    SecondProjector,
    /// A hand sets the position back to zero.
    PositionSetBack,
    /// A hand writes nonsense over the position.
    PositionDamaged,
    /// A hand changes a record.
    RecordEdited,
    /// Redis hangs: what is written meanwhile is done later, or never.
    Hung,
    /// Redis is full: it refuses to write.
    Full,
}

impl ReadFault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Flush,
        Self::OlderSnapshot,
        Self::LogCut,
        Self::FailedOver,
        Self::ProjectorKilled,
        Self::SecondProjector,
        Self::PositionSetBack,
        Self::PositionDamaged,
        Self::RecordEdited,
        Self::Hung,
        Self::Full,
    ];

    /// Its name, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flush => "redis: flushed without a trace",
            Self::OlderSnapshot => "redis: started from an older snapshot",
            Self::LogCut => "redis: the end of its log cut off",
            Self::FailedOver => "redis: failed over to a lagging replica",
            Self::ProjectorKilled => "projector: killed amid a batch",
            Self::SecondProjector => "projector: a second one beside it",
            Self::PositionSetBack => "redis: the position set back by hand",
            Self::PositionDamaged => "redis: the position overwritten by hand",
            Self::RecordEdited => "redis: a record edited by hand",
            Self::Hung => "redis: hung, writes done later or never",
            Self::Full => "redis: memory full",
        }
    }
}

impl fmt::Display for ReadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How often each fault has really happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<ReadFault, u64>);

impl Counts {
    pub(super) fn fire(&mut self, fault: ReadFault) {
        *self.0.entry(fault).or_default() += 1;
    }

    /// Adds what another read side counted.
    pub fn add(&mut self, other: &Self) {
        for (fault, count) in &other.0 {
            *self.0.entry(*fault).or_default() += count;
        }
    }

    /// How often that one has happened.
    #[must_use]
    pub fn of(&self, fault: ReadFault) -> u64 {
        self.0.get(&fault).copied().unwrap_or_default()
    }
}
