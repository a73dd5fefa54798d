//! Bugs that are put in from outside of a process: what it wants done is dropped, done too early, or
//! answered wrongly. One of them at most is on in a world. What is shipped knows nothing of them.

/// A bug of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriverBug {
    /// Rows are published before their batch is committed.
    PublishBeforeCommit,
    /// A row counts as acknowledged before it is stored.
    AcknowledgeUnstored,
    /// In doubt, the outbox is compared with itself and not with the stream.
    CompareWithItself,
    /// What was read and not yet committed is lost at a disconnect, and reading goes on behind it.
    LoseQueued,
    /// Who waits is answered although the process had to end.
    ReplyAfterEnd,
    /// A start that has found no stream does not ask what others have seen of it.
    SkipWitnessesOfMissing,
    /// A start that finds no row in its stream does not ask who has claimed it.
    SkipClaim,
    /// A rebuild deletes its stream without having claimed it.
    DropClaim,
    /// An outbox counts as verified and was not.
    SkipVerification,
    /// The `recovered` row counts as stored before it is sent.
    RecoveredUnstored,
    /// The ends of foreign streams are not asked for: they are taken to be where the process stands.
    EndsWhereItStands,
}

impl DriverBug {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::PublishBeforeCommit,
        Self::AcknowledgeUnstored,
        Self::CompareWithItself,
        Self::LoseQueued,
        Self::ReplyAfterEnd,
        Self::SkipWitnessesOfMissing,
        Self::SkipClaim,
        Self::DropClaim,
        Self::SkipVerification,
        Self::RecoveredUnstored,
        Self::EndsWhereItStands,
    ];
}
