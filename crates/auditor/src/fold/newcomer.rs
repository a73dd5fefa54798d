//! A service beside the shop's: what it declares of itself, and what it said. The content of its events is
//! its own.

use std::collections::BTreeMap;

use protocol::choreography::{Declared, NONE};
use protocol::{Cause, Headers, Id, Kind, Service};

use super::RowRef;
use super::order::{Moment, OrderFold};

/// One service beside the shop's.
#[derive(Debug, Default)]
pub struct NewcomerFold {
    /// What it declares; none if it has not said so.
    pub declared: Option<Declared>,
    /// What it said of each thing, in the order of its stream.
    pub about: BTreeMap<Id, Vec<Deed>>,
}

/// One of its events.
#[derive(Clone, Debug)]
pub struct Deed {
    /// What happened.
    pub kind: Kind,
    /// Its number in its stream.
    pub sequence: u64,
    /// Because of what.
    pub cause: Cause,
}

impl NewcomerFold {
    /// What happened to an order, calls for something by what it declares, and has come to nothing yet; with
    /// what it calls for.
    pub fn owed<'a>(&'a self, id: &Id, order: &'a OrderFold) -> Vec<(&'a Moment, &'a [Kind])> {
        let Some(declared) = &self.declared else { return Vec::new() };
        let deeds = self.about.get(id).map_or(&[][..], Vec::as_slice);
        let last = deeds.iter().rev().find_map(|deed| declared.state_after(deed.kind));
        let state = last.unwrap_or(NONE);
        let is_unread = |moment: &&Moment| {
            let stream = moment.kind.service();
            let is_read = || deeds.iter().any(|deed| deed.is_after(stream, moment.sequence));
            declared.decides.contains(&stream) && !is_read()
        };
        let calls_for =
            |moment: &'a Moment| Some((moment, declared.emits(state, moment.kind.name())?));
        order.moments.iter().filter(is_unread).filter_map(calls_for).collect()
    }

    /// Takes the next event.
    pub fn take(&mut self, headers: &Headers) {
        let Headers { kind, sequence, cause, .. } = headers;
        let deed = Deed { kind: *kind, sequence: *sequence, cause: cause.clone() };
        self.about.entry(headers.id.clone()).or_default().push(deed);
    }
}

impl Deed {
    /// The row that says so.
    pub const fn place(&self) -> RowRef {
        RowRef { service: self.kind.service(), sequence: self.sequence }
    }

    /// Whether it was done after that row of that stream was read, as far as its cause tells.
    pub fn is_after(&self, stream: Service, row: u64) -> bool {
        matches!(self.cause, Cause::Event { service, sequence } if service == stream && sequence >= row)
    }
}
