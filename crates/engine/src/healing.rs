//! What an operator may discard when a database and its stream tell two histories: from what was seen
//! to what may be done.
//!
//! Only the database can be discarded, and only rows of which nobody can have been promised anything.
//! Deliberately absent: discarding a stream. Others have applied its rows; what it has lost beside
//! them is a double loss, and is told as one.

use std::fmt;

use protocol::{Chain, HistoryId, Position, Service};

use crate::reading::Extent;

/// All that the plan depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The outbox's end.
    pub head: u64,
    /// The rows that outbox and stream hold alike, from the first.
    pub agree_up_to: u64,
    /// The histories of outbox and stream, where they are not one.
    pub histories: Option<(HistoryId, HistoryId)>,
    /// The own stream.
    pub stream: StreamState,
    /// The first message that no key of the service has sealed, among those that the outbox does not hold
    /// alike.
    pub forged: Option<u64>,
    /// What others have seen of it.
    pub witnesses: Vec<WitnessedRow>,
}

/// The own stream, read from its first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// There is none.
    Missing,
    /// It does not hold every message from 1 to its last.
    Holed(Extent),
    /// A message follows from nothing before it: somebody else wrote it, or it is damaged.
    Foreign {
        /// Its number.
        message: u64,
    },
    /// Every message follows the one before.
    Whole {
        /// The last one.
        last: u64,
    },
}

/// How far another service has read the own stream, and what either store holds there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessedRow {
    /// Who.
    pub of: Service,
    /// How far, and the chain there.
    pub seen: Position,
    /// The chain of the outbox's row there, if there is one.
    pub own: Option<Chain>,
    /// The chain of the stream's message there, if there is one.
    pub stream: Option<Chain>,
}

/// What may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// One is the beginning of the other: a start brings both together by itself.
    Nothing,
    /// These rows are in this database only, and nobody has seen them. The database may be set aside,
    /// and restored from the stream.
    Discard {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// It would break a promise, or there is nothing to restore from.
    Refuse(Refusal),
}

/// Why nothing may be discarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no stream.
    NoStream,
    /// The stream is not whole.
    Holed(Extent),
    /// Outbox and stream were never one history: what this database promised, this stream cannot tell.
    OtherHistory {
        /// The database's.
        own: HistoryId,
        /// The stream's.
        stream: HistoryId,
    },
    /// The stream holds a message that is nobody's event.
    Foreign {
        /// Its number.
        message: u64,
        /// Whether the outbox holds all that came before it, so that the stream can be published anew.
        covered: bool,
    },
    /// The stream holds messages that follow the chain, and that somebody else has written.
    Forged {
        /// The number of the first of them.
        message: u64,
        /// The last message of the stream.
        last: u64,
    },
    /// A row of this database, not of the stream, was seen by another service.
    Promised {
        /// By whom.
        witness: Service,
        /// The last that it has seen.
        row: u64,
    },
    /// Another service has seen a row that neither store holds.
    TwoStoresLost {
        /// Who.
        witness: Service,
        /// Which.
        row: u64,
    },
}

/// The plan.
#[must_use]
pub fn plan(seen: &Comparison) -> Plan {
    let last = match &seen.stream {
        StreamState::Missing => return Plan::Refuse(Refusal::NoStream),
        StreamState::Holed(extent) => return Plan::Refuse(Refusal::Holed(*extent)),
        StreamState::Foreign { message } => {
            let covered = seen.agree_up_to + 1 == *message;
            return Plan::Refuse(Refusal::Foreign { message: *message, covered });
        }
        StreamState::Whole { last } => *last,
    };
    if let Some(message) = seen.forged {
        return Plan::Refuse(Refusal::Forged { message, last });
    }
    if let Some((own, stream)) = seen.histories {
        return Plan::Refuse(Refusal::OtherHistory { own, stream });
    }
    if let Some(refusal) = seen.witnesses.iter().find_map(|witness| objection(seen, witness)) {
        return Plan::Refuse(refusal);
    }
    if seen.agree_up_to >= seen.head.min(last) {
        return Plan::Nothing;
    }
    Plan::Discard { first: seen.agree_up_to + 1, last: seen.head }
}

fn objection(seen: &Comparison, witness: &WitnessedRow) -> Option<Refusal> {
    let (of, row, chain) = (witness.of, witness.seen.sequence, Some(witness.seen.chain));
    if row == 0 || witness.stream == chain {
        return None;
    }
    if witness.own == chain {
        // Behind the end of a stream that only lacks its tail, a start publishes it again.
        let forked = matches!(seen.stream, StreamState::Whole { last } if last > seen.agree_up_to);
        return forked.then_some(Refusal::Promised { witness: of, row });
    }
    Some(Refusal::TwoStoresLost { witness: of, row })
}

impl Refusal {
    /// What a person can do, in full sentences.
    #[must_use]
    pub const fn choices(&self) -> &'static [&'static str] {
        match self {
            Self::NoStream => &[
                "Start the service: it publishes its outbox anew.",
                "If it is fenced, bring back the copy of the broker's folder that fits the database, and start again.",
            ],
            Self::Holed(_) => &[
                "Start the service: it rebuilds the stream from its outbox where that destroys nothing.",
                "If it is fenced, bring back an intact copy of the broker's folder, and start again.",
            ],
            Self::OtherHistory { .. } => &[
                "Check that the data folder and the broker belong together.",
                "Bring back the database folder or the broker's folder that fits the other, and start again.",
            ],
            Self::Foreign { covered: true, .. } => &[
                "Nobody has applied the message: each reader checks the chain and stands still before it. Find out who wrote it, and take that access away.",
                "`murmur heal SERVICE --drop-foreign --yes` takes it out: the outbox holds everything before it, and the service publishes its stream anew from row 1.",
            ],
            Self::Foreign { covered: false, .. } => &[
                "Nobody has applied the message: each reader checks the chain and stands still before it. Find out who wrote it, and take that access away.",
                "The outbox does not hold everything before it: start the service, which restores it from the stream as far as that is its own. If it says that the message cannot be taken out, bring back a copy of the broker's folder from before the message, or the database that holds more, and start again.",
            ],
            Self::Forged { .. } => &[
                "Find out who wrote the messages, and take that access away. If the key file was lost or exchanged, bring it back instead.",
                "`murmur heal SERVICE --drop-foreign --yes` takes them out: the service publishes its stream anew from its database, and readers read it again. What they have decided on them stays, and has to be made good.",
                "Or bring back the copy of the broker's folder from before the first of them, and of the databases of those who acted on them, and start again.",
                "If this history began before there were seals, start the service once with --take-unsealed.",
            ],
            Self::Promised { .. } => &[
                "The database holds what others have acted upon, and the stream holds something else: two stores went wrong. Keep both.",
                "Bring back the copy of the broker's folder that fits the database, and start again.",
            ],
            Self::TwoStoresLost { .. } => &[
                "Two stores were lost. Bring back the newest copy of the database folder or of the broker's folder, and start again.",
                "Without a copy, what the witness has seen and nobody holds is gone; a new system is a new history.",
            ],
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStream => f.write_str("there is no stream to restore the database from"),
            Self::Holed(Extent { first, last, messages }) => write!(
                f,
                "the stream is damaged: first {first}, last {last}, {messages} messages; the \
                 database may be the only whole copy"
            ),
            Self::OtherHistory { own, stream } => {
                write!(f, "the database tells history {own}, the stream tells {stream}")
            }
            Self::Foreign { message, .. } => {
                write!(f, "message {message} of the stream is foreign or damaged")
            }
            Self::Forged { message, last } => write!(
                f,
                "the stream holds messages that no key of this service has sealed, from {message} on (it \
                 ends at {last}): somebody else wrote them"
            ),
            Self::Promised { witness, row } => write!(
                f,
                "{witness} has seen rows of this database up to {row} that are no longer in the \
                 stream: they were promised, and two stores went wrong"
            ),
            Self::TwoStoresLost { witness, row } => write!(
                f,
                "{witness} has seen a row {row} that neither database nor stream holds: two stores \
                 were lost"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::service;

    fn chain(of: &str) -> Chain {
        Chain::START.next(of, "", b"")
    }

    /// Row 4 is the database's own, message 4 the stream's own.
    fn forked() -> Comparison {
        let (stream, witnesses) = (StreamState::Whole { last: 4 }, Vec::new());
        Comparison { head: 5, agree_up_to: 3, histories: None, stream, forged: None, witnesses }
    }

    fn witness(row: u64, seen: &str) -> WitnessedRow {
        WitnessedRow {
            of: service::INVENTORY,
            seen: Position { sequence: row, chain: chain(seen) },
            own: (row <= 5).then(|| chain("own")),
            stream: (row <= 4).then(|| chain("stream")),
        }
    }

    fn plan_with(witness: WitnessedRow) -> Plan {
        plan(&Comparison { witnesses: vec![witness], ..forked() })
    }

    #[test]
    fn what_only_the_database_holds_and_nobody_has_seen_may_go() {
        assert_eq!(plan(&forked()), Plan::Discard { first: 4, last: 5 });
        assert_eq!(plan_with(witness(4, "stream")), Plan::Discard { first: 4, last: 5 });
    }

    #[test]
    fn what_another_service_has_seen_stays() {
        let refused = Refusal::Promised { witness: service::INVENTORY, row: 5 };
        assert_eq!(plan_with(witness(5, "own")), Plan::Refuse(refused));
    }

    #[test]
    fn what_nobody_holds_any_more_is_a_double_loss() {
        for row in [4, 7] {
            let refused = Refusal::TwoStoresLost { witness: service::INVENTORY, row };
            assert_eq!(plan_with(witness(row, "neither")), Plan::Refuse(refused));
        }
    }

    #[test]
    fn a_beginning_of_the_other_needs_no_discarding() {
        let shorter_stream = Comparison { stream: StreamState::Whole { last: 3 }, ..forked() };
        assert_eq!(plan(&shorter_stream), Plan::Nothing);
        let seen = Comparison { witnesses: vec![witness(5, "own")], ..shorter_stream };
        assert_eq!(plan(&seen), Plan::Nothing, "the tail is published again");
        let shorter_outbox =
            Comparison { head: 3, stream: StreamState::Whole { last: 9 }, ..forked() };
        assert_eq!(plan(&shorter_outbox), Plan::Nothing);
    }

    #[test]
    fn nothing_local_is_discarded_for_what_somebody_else_wrote() {
        let forged = Comparison { forged: Some(4), ..forked() };
        assert_eq!(plan(&forged), Plan::Refuse(Refusal::Forged { message: 4, last: 4 }));
    }

    #[test]
    fn another_history_is_nobody_s_to_discard() {
        let (own, stream) = (HistoryId::from_bytes([1; 16]), HistoryId::from_bytes([2; 16]));
        let seen = Comparison { agree_up_to: 0, histories: Some((own, stream)), ..forked() };
        assert_eq!(plan(&seen), Plan::Refuse(Refusal::OtherHistory { own, stream }));
    }

    #[test]
    fn without_a_whole_stream_nothing_is_discarded() {
        let extent = Extent { first: 2, last: 4, messages: 3 };
        let with = |stream| plan(&Comparison { stream, ..forked() });
        assert_eq!(with(StreamState::Missing), Plan::Refuse(Refusal::NoStream));
        assert_eq!(with(StreamState::Holed(extent)), Plan::Refuse(Refusal::Holed(extent)));
        let foreign = |message, covered| Plan::Refuse(Refusal::Foreign { message, covered });
        assert_eq!(with(StreamState::Foreign { message: 4 }), foreign(4, true));
        assert_eq!(with(StreamState::Foreign { message: 9 }), foreign(9, false));
    }
}
