//! Bugs put in on purpose, one at a time, to show that the checks catch them.
//!
//! Without the feature `seeded-bugs` every bug is off and costs nothing: [`on`] is a constant. With
//! it, and only the simulator's own tests build with it, one bug can be switched on in a thread. The
//! hooks stand where the code makes the decision that the bug gets wrong. Bugs that a driver can put in from
//! outside, by dropping or doubling what goes in and out of a process, are the simulator's own.

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// "Wrong last sequence" is taken as proof that the row is stored.
    TrustWrongLastSequence,
    /// An acknowledgement of a duplicate is taken as proof that the row is stored.
    TrustDuplicate,
    /// A reader takes whatever number comes.
    NoContiguityCheck,
    /// Positions are written after the batch, in a transaction of their own.
    PositionOutsideTransaction,
    /// The projector adds to what it finds instead of writing absolute values.
    AddInProjector,
    /// `apply` sets an order's deadline by the clock and not by the event.
    ApplyReadsClock,
    /// Payment ignores that an order which it has not heard of was cancelled.
    ForgetTombstone,
    /// Payment notes the tombstone in its table and makes no event of it.
    TombstoneWithoutEvent,
    /// Each event carries the positions of the end of its batch.
    BatchEndVector,
    /// Shipping makes two events from one charge.
    TwoEventsFromOneInput,
    /// Payment reads what is outstanding from a cache.
    DecideReadsCache,
    /// A restored database takes its replicas as folded up to where decisions were made.
    ReplicasTakeDecided,
    /// Payment pays back once more when the goods are released.
    RefundTwice,
    /// Nobody compares outbox and stream.
    SkipForkCheck,
    /// A restored service goes on without a row that takes the end of the stream.
    NoRecoveredRow,
    /// A holed stream is deleted without proof that the outbox covers it.
    RebuildWithoutConditions,
    /// `messages == last - first + 1` is taken as proof that nothing is missing.
    CountersProveWhole,
    /// An answer waits for its own row only.
    AnswerWaitsForOwnRow,
    /// Deadlines fire before the good news is read.
    DeadlinesBeforeNews,
    /// Nobody asks what others have seen of the own stream.
    SkipWitnesses,
    /// Inventory keeps what it reserved for an order that was rejected.
    KeepRejectedReservation,
    /// Positions of ignored rows are stored ahead of a decision that is not committed.
    IgnoredAheadOfDecision,
    /// A lost or shorter database takes over what anybody has written into its stream.
    TakeForgedRows,
    /// What a claim or an event says of the own rows is believed without the owner's mark.
    BelieveUnmarked,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::TrustWrongLastSequence,
        Self::TrustDuplicate,
        Self::NoContiguityCheck,
        Self::PositionOutsideTransaction,
        Self::AddInProjector,
        Self::ApplyReadsClock,
        Self::ForgetTombstone,
        Self::TombstoneWithoutEvent,
        Self::BatchEndVector,
        Self::TwoEventsFromOneInput,
        Self::DecideReadsCache,
        Self::ReplicasTakeDecided,
        Self::RefundTwice,
        Self::SkipForkCheck,
        Self::NoRecoveredRow,
        Self::RebuildWithoutConditions,
        Self::CountersProveWhole,
        Self::AnswerWaitsForOwnRow,
        Self::DeadlinesBeforeNews,
        Self::SkipWitnesses,
        Self::KeepRejectedReservation,
        Self::IgnoredAheadOfDecision,
        Self::TakeForgedRows,
        Self::BelieveUnmarked,
    ];

    /// Whether the choreography would refuse what it does: the engine then looks away, so that it
    /// is left to the other checks.
    #[must_use]
    pub const fn breaks_the_table(self) -> bool {
        matches!(self, Self::ForgetTombstone | Self::RefundTwice | Self::KeepRejectedReservation)
    }
}

pub use switch::*;

#[cfg(not(feature = "seeded-bugs"))]
mod switch {
    use protocol::{Event, Kind, Timestamp};

    use super::Bug;

    /// Whether this bug is on.
    #[must_use]
    pub const fn on(_bug: Bug) -> bool {
        false
    }

    /// Whether a bug is on that the choreography would refuse.
    #[must_use]
    pub const fn breaks_the_table() -> bool {
        false
    }

    /// What a bug takes for the clock.
    #[must_use]
    pub const fn clock() -> Timestamp {
        Timestamp::from_micros(0)
    }

    /// Whether a bug takes this for a tombstone.
    #[must_use]
    pub const fn is_tombstone(_kind: Kind) -> bool {
        false
    }

    /// What a bug makes of the same input as well.
    #[must_use]
    pub const fn second_of<E: Event>(_appended: &E) -> Option<E> {
        None
    }

    /// What a cache holds: nothing, so that this is the value itself.
    #[must_use]
    pub const fn cached(_key: &str, value: i64) -> i64 {
        value
    }
}

#[cfg(feature = "seeded-bugs")]
mod switch {
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    use protocol::{Event, Kind, Timestamp};

    use super::Bug;

    thread_local! {
        static BUG: Cell<Option<Bug>> = const { Cell::new(None) };
        static CLOCK: Cell<Timestamp> = const { Cell::new(Timestamp::from_micros(0)) };
        static CACHE: RefCell<BTreeMap<String, i64>> = const { RefCell::new(BTreeMap::new()) };
    }

    /// Whether this bug is on in this thread.
    #[must_use]
    pub fn on(bug: Bug) -> bool {
        BUG.get() == Some(bug)
    }

    /// Whether a bug is on that the choreography would refuse.
    #[must_use]
    pub fn breaks_the_table() -> bool {
        BUG.get().is_some_and(Bug::breaks_the_table)
    }

    /// Switches one bug on in this thread, or all off. Forgets what the one before had cached.
    pub fn set(bug: Option<Bug>) {
        BUG.set(bug);
        CACHE.with_borrow_mut(BTreeMap::clear);
    }

    /// Sets what a bug takes for the clock.
    pub fn set_clock(now: Timestamp) {
        CLOCK.set(now);
    }

    /// What a bug takes for the clock.
    #[must_use]
    pub fn clock() -> Timestamp {
        CLOCK.get()
    }

    /// Whether a bug takes this for a tombstone.
    #[must_use]
    pub fn is_tombstone(kind: Kind) -> bool {
        kind.name() == "payment.voided"
    }

    /// What a bug makes of the same input as well.
    #[must_use]
    pub fn second_of<E: Event>(appended: &E) -> Option<E> {
        if !on(Bug::TwoEventsFromOneInput) || appended.kind().name() != "shipping.created" {
            return None;
        }
        let payload = format!(r#"{{"order_id":"{}","reason":"not_served"}}"#, appended.id());
        let kind = "shipping.cancelled".parse().ok()?;
        E::parse(kind, 1, payload.as_bytes()).ok()
    }

    /// What a cache holds that is always one look behind.
    #[must_use]
    pub fn cached(key: &str, value: i64) -> i64 {
        CACHE.with_borrow_mut(|cache| cache.insert(key.to_owned(), value).unwrap_or(value))
    }
}
