//! Takes raw rows of streams: sees for itself that they follow each other, and folds them.

use std::collections::BTreeMap;

use protocol::choreography::Declared;
use protocol::seal::Origin;
use protocol::{Chain, Position, Row, SealKeys, Service};

use crate::fold::newcomer::NewcomerFold;
use crate::fold::{Fold, RowRef};
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
    seals: BTreeMap<Service, Seals>,
    positions: BTreeMap<Service, Position>,
}

/// What the rows of a stream are sealed with. A history may have begun without seals.
#[derive(Debug)]
struct Seals {
    keys: SealKeys,
    begun: bool,
}

impl Default for Intake {
    fn default() -> Self {
        let rows = Checked::new(Invariant::Rows, "rows");
        Self {
            fold: Fold::default(),
            rows,
            records: None,
            seals: BTreeMap::new(),
            positions: BTreeMap::new(),
        }
    }
}

impl Intake {
    /// Takes what the read model has to hold from the rows, too.
    #[must_use]
    pub fn with_records() -> Self {
        Self { records: Some(Records::default()), ..Self::default() }
    }

    /// Sees for itself that the rows of a stream are sealed with these keys, too.
    pub fn expect_seals(&mut self, service: Service, keys: SealKeys) {
        self.seals.insert(service, Seals { keys, begun: false });
    }

    /// Takes the stream of a service beside the shop's, too: all streams have to be taken from their first rows
    /// after this. What it declares of itself is what its events are judged by.
    pub fn expect_newcomer(&mut self, service: Service, declared: Option<Declared>) {
        self.fold.newcomers.insert(service, NewcomerFold { declared, ..NewcomerFold::default() });
    }

    /// How far a stream was taken.
    #[must_use]
    pub fn position(&self, service: Service) -> Position {
        self.positions.get(&service).copied().unwrap_or_default()
    }

    /// Takes the next row of a stream. One that is not understood counts, and says nothing.
    pub fn take(&mut self, service: Service, row: &Row) {
        let place = || vec![RowRef { service, sequence: row.sequence }];
        if !row.follows(self.position(service)) {
            self.rows.found(service, place(), "it does not follow the row before");
        }
        let before = self.position(service).chain;
        if self.seals.get_mut(&service).is_some_and(|seals| seals.is_forged(before, row)) {
            self.rows.found(service, place(), "it is sealed by no key of its owner");
        }
        self.positions.insert(service, row.position());
        if self.fold.newcomers.contains_key(&service) {
            self.take_beside(service, row);
            return;
        }
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

    fn take_beside(&mut self, service: Service, row: &Row) {
        let place = || vec![RowRef { service, sequence: row.sequence }];
        let wrong = match row.envelope() {
            Ok(headers) if headers.kind.service() == service => {
                return self.fold.take_beside(&headers, row.chain);
            }
            Ok(headers) => format!("it is {}, another service's event", headers.kind),
            Err(error) => format!("it is not understood: {error}"),
        };
        self.rows.found(service, place(), wrong);
        self.fold.skip(service, row);
    }

    /// Compares an outbox with what was taken of its stream, as far as `rows` reach.
    pub fn compare_outbox(&mut self, service: Service, outbox: &Outbox, rows: usize) {
        let stream = self.fold.streams.get(&service);
        let chains = stream.map_or(&[][..], |stream| &stream.chains);
        rows::compare(&mut self.rows, service, outbox, &chains[..rows.min(chains.len())]);
    }
}

impl Seals {
    fn is_forged(&mut self, before: Chain, row: &Row) -> bool {
        let origin = self.keys.origin(before, row);
        self.begun |= origin == Origin::Own;
        origin == Origin::Forged || (origin == Origin::Unsealed && self.begun)
    }
}

#[cfg(test)]
mod tests {
    use protocol::seal::{SEAL_HEADER, SEAL_KEY_BYTES};

    use super::*;
    use crate::invariants::histories::differences;
    use contracts::service;

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
        intake.take(service::ORDER, &row);
        let found = differences(&intake.rows);
        assert_eq!(found[0], "it does not follow the row before");
        assert!(found[1].starts_with("it is not understood"), "{found:?}");
        assert_eq!(intake.fold.rows(service::ORDER), 1);
    }
    #[test]
    fn a_row_behind_a_sealed_one_that_its_owner_has_not_sealed_is_found() {
        let keys = SealKeys::of_bytes([7; SEAL_KEY_BYTES]);
        let mut intake = Intake::default();
        intake.expect_seals(service::ORDER, keys.clone());
        for (sequence, is_sealed) in [(1, false), (2, true), (3, false)] {
            let before = intake.position(service::ORDER).chain;
            let (subject, mut headers) = ("order.placed.o-1".to_owned(), String::new());
            if is_sealed {
                let seal = keys.seal(before, &subject, &headers, b"{}");
                headers = format!("{SEAL_HEADER}:{seal}\n");
            }
            let chain = before.next(&subject, &headers, b"{}");
            let chain = if is_sealed { keys.mark(sequence, chain) } else { chain };
            let payload = b"{}".as_slice().into();
            intake.take(service::ORDER, &Row { sequence, subject, headers, payload, chain });
        }
        let forged = |finding: &&crate::Finding| finding.difference.contains("sealed by no key");
        let forged: Vec<_> = intake.rows.findings.iter().filter(forged).collect();
        assert_eq!((forged.len(), forged[0].events[0].sequence), (1, 3), "{forged:?}");
    }
}
