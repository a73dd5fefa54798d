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
}

impl DriverBug {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::PublishBeforeCommit,
        Self::AcknowledgeUnstored,
        Self::CompareWithItself,
        Self::LoseQueued,
    ];
}
