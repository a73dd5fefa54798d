//! 6, within a stream: each outbox equals its stream, row by row, and the chain holds.
//!
//! Both sides are verified by themselves first: every number, and the chain computed over every
//! row's content. Then two rows are the same exactly when their chains are.

use protocol::{Chain, Position, Row, Service};

use crate::fold::RowRef;
use crate::invariants::{Checked, Invariant};

/// Differences that are told of one service; one fork makes all rows after it differ.
const DIFFERENCES_MAX: usize = 3;

/// An outbox as it was read.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// The chain at each row, up to the first that is damaged.
    pub chains: Vec<Chain>,
    /// What is wrong after that.
    pub damage: Option<String>,
    position: Position,
}

impl Outbox {
    /// How far it was taken.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Takes the next row. From the first that is damaged on, nothing is taken any more.
    pub fn take(&mut self, row: &Row) {
        if self.damage.is_some() {
            return;
        }
        if !row.follows(self.position) {
            let text = format!("outbox row {} does not follow the one before", row.sequence);
            self.damage = Some(text);
            return;
        }
        self.position = row.position();
        self.chains.push(row.chain);
    }
}

/// Compares an outbox with its stream.
pub fn compare(checked: &mut Checked, service: Service, outbox: &Outbox, stream: &[Chain]) {
    debug_assert_eq!(checked.invariant, Invariant::Rows, "the rows' own check");
    let place = |sequence: usize| vec![RowRef { service, sequence: sequence as u64 }];
    if let Some(damage) = &outbox.damage {
        checked.found(service, place(outbox.chains.len() + 1), damage);
    }
    let differing =
        outbox.chains.iter().zip(stream).enumerate().filter(|(_, (own, streamed))| own != streamed);
    for (nth, _) in differing.take(DIFFERENCES_MAX) {
        let text = format!("outbox row {0} is not message {0} of the stream", nth + 1);
        checked.found(service, place(nth + 1), text);
    }
    let (rows, messages) = (outbox.chains.len(), stream.len());
    if rows != messages && outbox.damage.is_none() {
        let text = format!("the outbox holds {rows} rows, the stream {messages} messages");
        checked.found(service, place(rows.min(messages) + 1), text);
    }
    checked.examined += rows.min(messages) as u64;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::histories::differences;
    use contracts::service;

    fn chains(tags: &[u8]) -> Vec<Chain> {
        tags.iter().filter_map(|tag| Chain::from_bytes(&[*tag; 16])).collect()
    }

    fn found(outbox: &[u8], stream: &[u8]) -> Vec<String> {
        let mut checked = Checked::new(Invariant::Rows, "rows");
        let outbox = Outbox { chains: chains(outbox), ..Outbox::default() };
        compare(&mut checked, service::ORDER, &outbox, &chains(stream));
        differences(&checked)
    }

    #[test]
    fn equal_rows_are_well() {
        assert_eq!(found(&[1, 2, 3], &[1, 2, 3]), Vec::<String>::new());
    }

    #[test]
    fn a_row_that_differs_is_named() {
        assert_eq!(found(&[1, 9, 3], &[1, 2, 3]), ["outbox row 2 is not message 2 of the stream"]);
    }

    #[test]
    fn a_fork_is_told_in_a_few_findings() {
        assert_eq!(found(&[1, 9, 9, 9, 9, 9], &[1, 2, 2, 2, 2, 2]).len(), DIFFERENCES_MAX);
    }

    #[test]
    fn a_missing_row_is_found_on_either_side() {
        assert_eq!(found(&[1, 2], &[1]), ["the outbox holds 2 rows, the stream 1 messages"]);
        assert_eq!(found(&[1], &[1, 2]), ["the outbox holds 1 rows, the stream 2 messages"]);
    }

    #[test]
    fn a_damaged_outbox_is_found() {
        let mut checked = Checked::new(Invariant::Rows, "rows");
        let outbox = Outbox {
            chains: chains(&[1]),
            damage: Some("row 2 is damaged".into()),
            ..Outbox::default()
        };
        compare(&mut checked, service::ORDER, &outbox, &chains(&[1, 2]));
        assert_eq!(differences(&checked), ["row 2 is damaged"]);
    }
}
