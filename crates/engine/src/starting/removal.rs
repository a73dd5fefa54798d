//! Taking out of a stream what somebody else has written into it: the stream is published anew from the outbox.
//!
//! That deletes the stream, so that it must not be the only place of anything of the owner's own. The
//! owner knows its own rows by its outbox, by their seals and by the marks on their chains; what others have
//! seen of it, and what was claimed, counts as for every start, over what the stream holds before the first
//! foreign message.

use protocol::Position;
use protocol::foreign::FOREIGN_ROWS_MAX;

use super::Fence;

/// What has to be proved before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovalProof {
    /// The first foreign message, as a person has seen it.
    pub allowed: Position,
    /// The first readable message that does not equal its row.
    pub unequal: Option<Position>,
    /// Whether the database tells a history: without one, there is nothing to publish.
    pub names_history: bool,
    /// Whether a known key has marked the outbox's end. Otherwise rows that it lacks might be the owner's,
    /// and nobody could tell.
    pub is_marked: bool,
    /// The outbox verified from row 1: its end, or what is wrong with it.
    pub outbox: Result<Position, String>,
    /// A message that the owner has marked, and that is not in its outbox.
    pub lost: Option<u64>,
    /// What a claim or a witness says against it.
    pub objection: Option<Fence>,
    /// How many foreign rows were ever taken out, these included, that a reader can have folded.
    pub named: usize,
    /// Whether a copy of the database was written, or why not.
    pub copied: Result<(), String>,
    /// Whether the stream was rebuilt already in this start.
    pub rebuilt: bool,
}

/// Whether the stream may be deleted and published anew from the outbox.
///
/// # Errors
/// The fence, when one of the conditions does not hold.
pub fn may_remove(proof: &RemovalProof) -> Result<(), Fence> {
    let message = proof.allowed.sequence;
    objection(proof).map_or(Ok(()), |why| Err(Fence::CannotRemove { message, why }))
}

fn objection(proof: &RemovalProof) -> Option<String> {
    if proof.unequal != Some(proof.allowed) {
        let found = proof.unequal.map_or_else(|| "none".to_owned(), |at| at.to_string());
        let text =
            "the first message that is not the owner's is another than the one that was shown";
        return Some(format!("{text}: {found}"));
    }
    if !proof.names_history {
        return Some("the database tells no history to publish in its place".to_owned());
    }
    if !proof.is_marked {
        let text =
            "no known key has sealed the end of the outbox: whose the message is cannot be told";
        return Some(text.to_owned());
    }
    if let Err(damage) = &proof.outbox {
        return Some(format!("the outbox is damaged, too: {damage}"));
    }
    if let Some(lost) = proof.lost {
        return Some(format!(
            "message {lost} was this service's own by its mark, and this database does not hold it"
        ));
    }
    if let Some(fence) = &proof.objection {
        return Some(fence.to_string());
    }
    if proof.named > FOREIGN_ROWS_MAX {
        return Some(format!(
            "readers have to be told of each row, and {} are more than {FOREIGN_ROWS_MAX}",
            proof.named
        ));
    }
    if proof.rebuilt {
        return Some("the stream was rebuilt in this start already".to_owned());
    }
    let copied = proof.copied.as_ref().err();
    copied.map(|why| format!("no copy of the database could be written first: {why}"))
}

#[cfg(test)]
mod tests {
    use contracts::service;
    use protocol::Chain;

    use super::*;

    fn at(sequence: u64, of: &str) -> Position {
        Position { sequence, chain: Chain::START.next(of, "", b"") }
    }

    fn proof() -> RemovalProof {
        RemovalProof {
            allowed: at(4, "forged"),
            unequal: Some(at(4, "forged")),
            names_history: true,
            is_marked: true,
            outbox: Ok(at(3, "own")),
            lost: None,
            objection: None,
            named: FOREIGN_ROWS_MAX,
            copied: Ok(()),
            rebuilt: false,
        }
    }

    #[test]
    fn what_the_outbox_covers_may_be_published_anew() {
        assert_eq!(may_remove(&proof()), Ok(()));
    }

    #[test]
    fn nothing_is_deleted_that_might_be_the_owner_s_own_or_that_nobody_has_seen() {
        let lost = Fence::TwoStoresLost { witness: service::ORDER, seen: 9, held: 3 };
        let cases = [
            (RemovalProof { unequal: Some(at(4, "another")), ..proof() }, "another than"),
            (RemovalProof { unequal: Some(at(3, "forged")), ..proof() }, "another than"),
            (RemovalProof { unequal: None, ..proof() }, "none"),
            (RemovalProof { names_history: false, ..proof() }, "no history"),
            (RemovalProof { is_marked: false, ..proof() }, "cannot be told"),
            (RemovalProof { outbox: Err("row 2".to_owned()), ..proof() }, "row 2"),
            (RemovalProof { lost: Some(7), ..proof() }, "message 7 was this service's own"),
            (RemovalProof { objection: Some(lost), ..proof() }, "order has seen 9 rows"),
            (RemovalProof { named: FOREIGN_ROWS_MAX + 1, ..proof() }, "4097"),
            (RemovalProof { copied: Err("disk full".to_owned()), ..proof() }, "disk full"),
            (RemovalProof { rebuilt: true, ..proof() }, "already"),
        ];
        for (proof, said) in cases {
            let Err(Fence::CannotRemove { message: 4, why }) = may_remove(&proof) else {
                panic!("{proof:?} is refused");
            };
            assert!(why.contains(said), "{why}");
        }
    }
}
