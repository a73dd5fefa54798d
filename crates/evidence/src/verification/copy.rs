//! One copy of a service's rows, taken row by row.

use protocol::seal::Origin;
use protocol::{Chain, Position, Row, SealKeys};

/// Troubles that are told of one copy: where one row is not the owner's, many may be.
const TROUBLES_MAX: usize = 20;

/// What is wrong, and with which row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The number.
    pub row: u64,
    pub what: String,
}

/// Rows in their order, each checked with the one before.
#[derive(Debug)]
pub struct RowCopy {
    at: Position,
    chains: Vec<Chain>,
    is_chained: bool,
    keys: Option<SealKeys>,
    /// How many are sealed by a key of their owner; nothing where no key is known here.
    pub sealed: Option<u64>,
    pub troubles: Vec<Trouble>,
}

impl RowCopy {
    /// None yet.
    pub(super) fn new(keys: Option<SealKeys>) -> Self {
        let sealed = keys.as_ref().map(|_| 0);
        let (at, chains, troubles) = (Position::default(), Vec::new(), Vec::new());
        Self { at, chains, is_chained: true, keys, sealed, troubles }
    }

    /// How many follow each other from the first.
    pub const fn rows(&self) -> u64 {
        self.at.sequence
    }

    /// Whether the last that was taken follows the one before.
    pub(super) const fn is_chained(&self) -> bool {
        self.is_chained
    }

    /// Takes the next row. From the first on that does not follow the one before, nothing is taken any more.
    pub(super) fn take(&mut self, row: &Row) {
        if !self.is_chained {
            return;
        }
        if !row.follows(self.at) {
            self.is_chained = false;
            let what = "it does not follow the row before: it was changed, or one is missing";
            self.found(self.at.sequence + 1, what.to_owned());
            return;
        }
        self.look_at_seal(row);
        self.at = row.position();
        self.chains.push(row.chain);
    }

    /// Notes what is wrong.
    pub(super) fn found(&mut self, row: u64, what: String) {
        if self.troubles.len() < TROUBLES_MAX {
            self.troubles.push(Trouble { row, what });
        }
    }

    /// A history may have begun without seals. Behind the first sealed row, each is.
    fn look_at_seal(&mut self, row: &Row) {
        let Some(sealed) = self.sealed else { return };
        let origin = self.keys.as_ref().map(|keys| keys.origin(self.at.chain, row));
        match origin {
            Some(Origin::Own) => self.sealed = Some(sealed + 1),
            Some(Origin::Unsealed) if sealed > 0 => {
                self.found(row.sequence, "it is not sealed, and those before are".to_owned());
            }
            Some(Origin::Forged) => {
                self.found(row.sequence, "it is sealed by no key of its owner".to_owned());
            }
            Some(Origin::Unsealed) | None => {}
        }
    }
}

/// What two sound copies do not have in common. Where one is broken, the rows after that are not known.
pub(super) fn compare(database: &RowCopy, stream: &RowCopy) -> Vec<Trouble> {
    let pairs = database.chains.iter().zip(&stream.chains);
    if let Some(nth) = pairs.into_iter().position(|(own, streamed)| own != streamed) {
        let what = "database and stream hold different rows of this number: see `murmur heal`";
        return vec![Trouble { row: nth as u64 + 1, what: what.to_owned() }];
    }
    let (own, streamed) = (database.rows(), stream.rows());
    if own > streamed && stream.troubles.is_empty() {
        let what = format!("the stream ends before it, the database holds {own} rows");
        return vec![Trouble { row: streamed + 1, what }];
    }
    if streamed > own && database.troubles.is_empty() {
        let what = format!("the database ends before it, the stream holds {streamed} rows");
        return vec![Trouble { row: own + 1, what }];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use protocol::seal::{SEAL_HEADER, SEAL_KEY_BYTES};

    use super::*;

    fn keys() -> SealKeys {
        SealKeys::of_bytes([7; SEAL_KEY_BYTES])
    }

    /// Rows of this content, sealed by these keys.
    fn rows(contents: &[&str], keys: &SealKeys) -> Vec<Row> {
        let mut at = Position::default();
        let row = |content: &&str| {
            let (sequence, subject) = (at.sequence + 1, "order.placed.o-1".to_owned());
            let seal = keys.seal(at.chain, &subject, "", content.as_bytes());
            let headers = format!("{SEAL_HEADER}:{seal}\n");
            let chain = at.chain.next(&subject, &headers, content.as_bytes());
            let (chain, payload) = (keys.mark(sequence, chain), content.as_bytes().into());
            at = Position { sequence, chain };
            Row { sequence, subject, headers, payload, chain }
        };
        contents.iter().map(row).collect()
    }

    fn copy(rows: &[Row]) -> RowCopy {
        let mut copy = RowCopy::new(Some(keys()));
        rows.iter().for_each(|row| copy.take(row));
        copy
    }

    #[test]
    fn rows_of_their_owner_are_sound() {
        let copy = copy(&rows(&["a", "b", "c"], &keys()));
        assert_eq!((copy.rows(), copy.sealed), (3, Some(3)));
        assert_eq!(copy.troubles, []);
    }

    #[test]
    fn a_row_that_was_changed_or_is_missing_is_named() {
        let mut changed = rows(&["a", "b", "c"], &keys());
        changed[1].payload = b"x"[..].into();
        assert_eq!(copy(&changed).troubles.iter().map(|one| one.row).collect::<Vec<_>>(), [2]);
        let mut holed = rows(&["a", "b", "c"], &keys());
        holed.remove(1);
        let copy = copy(&holed);
        assert_eq!((copy.rows(), copy.troubles[0].row), (1, 2));
    }

    #[test]
    fn a_row_that_somebody_else_has_sealed_is_named_though_it_follows_the_chain() {
        let stranger = SealKeys::of_bytes([8; SEAL_KEY_BYTES]);
        let copy = copy(&rows(&["a", "b"], &stranger));
        assert_eq!((copy.rows(), copy.sealed, copy.troubles.len()), (2, Some(0), 2));
    }

    #[test]
    fn two_copies_are_one_history_or_it_is_said_where_they_are_not() {
        let all = rows(&["a", "b", "c"], &keys());
        assert_eq!(compare(&copy(&all), &copy(&all)), []);
        let named = |own: &[Row], streamed: &[Row]| {
            compare(&copy(own), &copy(streamed)).iter().map(|one| one.row).collect::<Vec<_>>()
        };
        assert_eq!(named(&all, &all[..2]), [3]);
        assert_eq!(named(&all[..1], &all), [2]);
        assert_eq!(named(&all, &rows(&["a", "x"], &keys())), [2]);
    }
}
