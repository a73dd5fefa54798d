//! Takes raw rows of streams: sees for itself that they follow each other, and folds them.

use std::collections::BTreeMap;

use contracts::{Position, Row, Service};

use crate::fold::{Fold, Place};
use crate::invariants::{Checked, Invariant};
use crate::records::Records;
use crate::rows::{self, Outbox};

/// Everything that was read of the streams.
#[derive(Debug)]
pub struct Intake {
    /// What they say so far.
    pub fold: Fold,
    /// What is wrong with their rows.
    pub rows: Checked,
    /// What the read model has to hold, if that is to be compared.
    pub records: Option<Records>,
    positions: BTreeMap<Service, Position>,
}

impl Default for Intake {
    fn default() -> Self {
        let rows = Checked::new(Invariant::Rows, "rows");
        Self { fold: Fold::default(), rows, records: None, positions: BTreeMap::new() }
    }
}

impl Intake {
    /// Takes what the read model has to hold from the rows, too.
    #[must_use]
    pub fn with_records() -> Self {
        Self { records: Some(Records::default()), ..Self::default() }
    }

    /// How far a stream was taken.
    #[must_use]
    pub fn position(&self, service: Service) -> Position {
        self.positions.get(&service).copied().unwrap_or_default()
    }

    /// Takes the next row of a stream. One that is not understood counts, and says nothing.
    pub fn take(&mut self, service: Service, row: &Row) {
        let place = || vec![Place { service, sequence: row.sequence }];
        if !row.follows(self.position(service)) {
            self.rows.found(service, place(), "it does not follow the row before");
        }
        self.positions.insert(service, row.position());
        let parsed = row.parse();
        if let Some(records) = &mut self.records {
            records.take(service, row, parsed.as_ref().ok());
        }
        match parsed {
            Ok(event) if event.headers.kind.service() == service => self.fold.take(&event),
            Ok(event) => {
                let text = format!("it is {}, another service's event", event.headers.kind);
                self.rows.found(service, place(), text);
                self.fold.skip(service, row);
            }
            Err(error) => {
                self.rows.found(service, place(), format!("it is not understood: {error}"));
                self.fold.skip(service, row);
            }
        }
    }

    /// Compares an outbox with what was taken of its stream, as far as `rows` reach.
    pub fn compare_outbox(&mut self, service: Service, outbox: &Outbox, rows: usize) {
        let stream = self.fold.streams.get(&service);
        let chains = stream.map_or(&[][..], |stream| &stream.chains);
        rows::compare(&mut self.rows, service, outbox, &chains[..rows.min(chains.len())]);
    }
}

#[cfg(test)]
mod tests {
    use contracts::Chain;

    use super::*;
    use crate::invariants::histories::differences;

    #[test]
    fn a_row_that_does_not_follow_and_is_no_event_is_found_twice_over() {
        let mut intake = Intake::default();
        let row = Row {
            sequence: 1,
            subject: "order.eaten.o-1".into(),
            headers: String::new(),
            payload: b"{}".as_slice().into(),
            chain: Chain::START,
        };
        intake.take(Service::Order, &row);
        let found = differences(&intake.rows);
        assert_eq!(found[0], "it does not follow the row before");
        assert!(found[1].starts_with("it is not understood"), "{found:?}");
        assert_eq!(intake.fold.rows(Service::Order), 1);
    }
}
