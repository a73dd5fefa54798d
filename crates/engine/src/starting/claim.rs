//! Claims: what a process leaves behind before it deletes its stream, for whoever starts while it is gone.
//!
//! A rebuild deletes the stream and publishes it anew. A writer that was replaced, and that is started
//! again in just that moment, finds no stream: it would take it for lost, and publish a history of its
//! own. Witnesses do not show it, since a witness is only as new as its last event. The claim is written
//! before the deletion, into a small stream of the service's own, and read by each start after it has
//! looked at the stream: whoever finds the stream gone finds the claim.

use std::fmt;
use std::str::FromStr;

use protocol::{Chain, HistoryId, Position};

/// Who has taken a stream over, and up to where they know it to have held their outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The history that they tell.
    pub history: HistoryId,
    /// The last of their rows that the stream is known to have held.
    pub head: Position,
    /// Tells their process from others.
    pub writer: HistoryId,
}

/// A claim as a start finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The last row of who has claimed the stream.
    pub head: Position,
    /// The chain of the own row there, if there is such a row.
    pub own: Option<Chain>,
}

/// A text is no claim.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no claim: HISTORY ROW CHAIN WRITER is needed")]
pub struct InvalidClaim(String);

impl Claimed {
    /// Whether it is of another outbox than the own one, when outbox and stream together hold this many
    /// rows.
    #[must_use]
    pub fn is_of_another(&self, held: u64) -> bool {
        self.head.sequence > held || self.own.is_some_and(|own| own != self.head.chain)
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { sequence, chain } = self.head;
        write!(f, "{} {sequence} {chain} {}", self.history, self.writer)
    }
}

impl FromStr for Claim {
    type Err = InvalidClaim;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let mut parts = text.split(' ');
            let history = parts.next()?.parse().ok()?;
            let sequence = parts.next()?.parse().ok()?;
            let chain = parts.next()?.parse().ok()?;
            let writer = parts.next()?.parse().ok()?;
            let head = Position { sequence, chain };
            parts.next().is_none().then_some(Self { history, head, writer })
        };
        parse().ok_or_else(|| InvalidClaim(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_survives_its_text_and_other_texts_are_none() {
        let history = HistoryId::from_bytes([1; 16]);
        let head = Position { sequence: 7, chain: Chain::START.next("a", "b", b"c") };
        let claim = Claim { history, head, writer: HistoryId::from_bytes([2; 16]) };
        assert_eq!(claim.to_string().parse(), Ok(claim));
        for text in ["", "1 2 3 4", &format!("{claim} more")] {
            assert_eq!(text.parse::<Claim>(), Err(InvalidClaim(text.to_owned())));
        }
    }

    #[test]
    fn a_claim_is_of_another_where_it_reaches_further_or_over_another_row() {
        let head = Position { sequence: 7, chain: Chain::START.next("a", "b", b"c") };
        let own = Claimed { head, own: Some(head.chain) };
        assert!(!own.is_of_another(7) && !own.is_of_another(9));
        let lost = Claimed { head, own: None };
        assert!(lost.is_of_another(6) && !lost.is_of_another(7));
        assert!(Claimed { head, own: Some(Chain::START) }.is_of_another(9));
    }
}
