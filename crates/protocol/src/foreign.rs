//! Rows that somebody else had written into a stream, and that its owner has taken out again.
//!
//! Readers may have folded them meanwhile: their positions are then on a branch that the stream does not
//! have any more. So the owner says in a row of its own which rows these were, and where they began. Whoever
//! stands on one of them knows by it how far the stream was true.
//!
//! Deliberately absent: what the rows said. A message that follows no row is not named either: nobody has
//! read beyond it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Chain, Position, Row};

/// Rows that are named at most, of all that were ever taken out of one stream: some 200 kB of text, well
/// within a row.
pub const FOREIGN_ROWS_MAX: usize = 4_096;

/// Rows that followed one after the other, until they were taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForeignRows {
    /// The number of the owner's row that they followed; 0 where they stood before all rows.
    pub after: u64,
    /// That row's chain.
    #[serde(with = "crate::as_text")]
    #[schemars(with = "String")]
    pub chain: Chain,
    /// The chain of each of them, in order.
    #[serde(with = "texts")]
    #[schemars(with = "Vec<String>")]
    pub chains: Vec<Chain>,
}

impl ForeignRows {
    /// The owner's row that they followed.
    #[must_use]
    pub const fn before(&self) -> Position {
        Position { sequence: self.after, chain: self.chain }
    }

    /// Whether this is the position of one of them.
    #[must_use]
    pub fn holds(&self, at: Position) -> bool {
        let nth = at.sequence.checked_sub(self.after + 1).and_then(|nth| usize::try_from(nth).ok());
        nth.and_then(|nth| self.chains.get(nth)) == Some(&at.chain)
    }

    /// Adds a row, if it follows.
    #[must_use]
    pub fn take(&mut self, row: &Row) -> bool {
        let count = self.chains.len() as u64;
        let chain = self.chains.last().copied().unwrap_or(self.chain);
        let follows = row.follows(Position { sequence: self.after + count, chain });
        if follows {
            self.chains.push(row.chain);
        }
        follows
    }
}

/// How far the stream was true for whoever stands there; none if that is no foreign row.
#[must_use]
pub fn true_up_to(foreign: &[ForeignRows], at: Position) -> Option<Position> {
    foreign.iter().find(|rows| rows.holds(at)).map(ForeignRows::before)
}

/// Chains as a list of texts.
mod texts {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::Chain;

    pub(super) fn serialize<S: Serializer>(chains: &[Chain], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(chains.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Chain>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sequence: u64, before: Chain, payload: &[u8]) -> Row {
        let (subject, headers) = ("order.placed.o".to_owned(), String::new());
        let chain = before.next(&subject, &headers, payload);
        Row { sequence, subject, headers, payload: payload.into(), chain }
    }

    #[test]
    fn whoever_stands_on_a_foreign_row_is_told_how_far_the_stream_was_true() {
        let own = row(2, Chain::START, b"own");
        let (first, next) = (row(3, own.chain, b"x"), row(4, own.chain, b"does not follow"));
        let second = row(4, first.chain, b"y");
        let mut foreign = ForeignRows { after: 2, chain: own.chain, chains: Vec::new() };
        assert!(foreign.take(&first) && !foreign.take(&next) && foreign.take(&second));
        let read: ForeignRows =
            serde_json::from_str(&serde_json::to_string(&foreign).unwrap()).unwrap();
        assert_eq!(read, foreign);
        for stands in [&first, &second] {
            let true_one = true_up_to(std::slice::from_ref(&foreign), stands.position());
            assert_eq!(true_one, Some(own.position()));
        }
        for stands in [&own, &row(3, own.chain, b"own"), &row(5, second.chain, b"z")] {
            assert_eq!(true_up_to(std::slice::from_ref(&foreign), stands.position()), None);
        }
    }
}
