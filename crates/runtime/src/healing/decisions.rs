//! What services have decided on rows that somebody else had written: for people, who have to make it good.
//!
//! A row says on which message or row it was decided, and its vector on which branch of a stream its service
//! stood. What was decided on a replica says that only so far: such a row is told where it names what a
//! foreign message was about.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::Context as _;
use engine::{Read, ReadPool, StateError, outbox};
use protocol::choreography::Choreography;
use protocol::{Cause, ForeignRows, Headers, Row, Service, foreign};

use super::Stores;

/// Rows that are read at once.
const AT_ONCE: u32 = 1_000;

/// A row, by its service and its number.
type Place = (Service, u64);

/// What was decided on foreign rows, and who cannot say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// By what they are about, and then by service and row.
    pub known: Vec<Decision>,
    /// Readers of the stream whose databases are not here: what they decided is not known.
    pub unknown: Vec<Service>,
}

/// A row that would not be there, or not like this, without the foreign ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What it is about: most often an order.
    pub about: String,
    /// Who has decided.
    pub by: Service,
    /// Its row.
    pub row: u64,
    /// What the row says.
    pub subject: String,
    /// What it was decided on.
    pub on: Ground,
}

/// What a row was decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// On a foreign message.
    Message(u64),
    /// On a row of this list.
    Row(Service, u64),
    /// Perhaps on what a foreign message says: the replica had folded up to this one.
    Replica(u64),
}

/// What the rows of all services say of each other.
#[derive(Default)]
struct Causes {
    /// Rows that foreign ones have led to by themselves.
    roots: BTreeMap<Place, Ground>,
    /// Which rows were decided on which.
    effects: BTreeMap<Place, Vec<Place>>,
}

/// Where to look, and for what.
struct Search<'a> {
    choreography: &'a Choreography,
    stream: Service,
    foreign: &'a [ForeignRows],
    /// What the foreign messages are about; none if that is not known any more.
    ids: Option<&'a BTreeSet<&'a str>>,
}

impl Stores<'_> {
    /// What the services beside this one, and this one, have decided on these rows of its stream. Of
    /// replicas, only what names one of the ids is told, if they are known.
    ///
    /// # Errors
    /// When a database cannot be read.
    pub fn decisions(
        &self,
        foreign: &[ForeignRows],
        ids: Option<&BTreeSet<&str>>,
    ) -> anyhow::Result<Decisions> {
        let (choreography, stream) = (self.choreography, self.service);
        let search = Search { choreography, stream, foreign, ids };
        let mut causes = Causes::default();
        let (here, away): (Vec<_>, Vec<_>) =
            self.neighbours.iter().partition(|(_, file)| file.exists());
        for (by, file) in &here {
            let read = ReadPool::new(file).read(|state| causes.read(state, *by, &search));
            read.with_context(|| format!("{} cannot be read", file.display()))?;
        }
        let mut known = Vec::new();
        for ((by, number), on) in causes.followed() {
            let file = here.iter().find(|(service, _)| *service == by).map(|(_, file)| file);
            let Some(file) = file else { continue };
            let row = ReadPool::new(file).read(|state| outbox::row(state, number))?;
            known.extend(row.map(|row| decision(by, row, on)));
        }
        known.sort_by(|a, b| (&a.about, a.by, a.row).cmp(&(&b.about, b.by, b.row)));
        let readers: BTreeSet<_> = self.choreography.readers_of(self.service).collect();
        let unknown = away.iter().map(|(service, _)| *service);
        let unknown = unknown.filter(|service| readers.contains(service)).collect();
        Ok(Decisions { known, unknown })
    }
}

impl Causes {
    fn read(
        &mut self,
        state: &Read<'_>,
        by: Service,
        search: &Search<'_>,
    ) -> Result<(), StateError> {
        let mut next = 1;
        loop {
            let rows = outbox::rows(state, next, AT_ONCE)?;
            let Some(last) = rows.last() else { return Ok(()) };
            next = last.sequence + 1;
            for row in &rows {
                self.take(by, row, search);
            }
        }
    }

    fn take(&mut self, by: Service, row: &Row, search: &Search<'_>) {
        let Ok(headers) = Headers::parse(&row.headers) else { return };
        let place = (by, row.sequence);
        let stands_at = headers.vector.of(search.stream);
        let is_foreign = foreign::true_up_to(search.foreign, stands_at).is_some();
        if let Cause::Event { service, sequence } = headers.cause {
            if is_foreign && service == search.stream && sequence == stands_at.sequence {
                self.roots.insert(place, Ground::Message(sequence));
                return;
            }
            self.effects.entry((service, sequence)).or_default().push(place);
        }
        let by_replica = is_foreign && search.choreography.replicates(by, search.stream);
        if by_replica && headers.cause != Cause::Recovery && search.is_named_in(row) {
            self.roots.insert(place, Ground::Replica(stands_at.sequence));
        }
    }

    /// All rows that the foreign ones have led to, with what each was decided on.
    fn followed(self) -> BTreeMap<Place, Ground> {
        let mut found = self.roots;
        let mut open: VecDeque<Place> = found.keys().copied().collect();
        while let Some(place) = open.pop_front() {
            for effect in self.effects.get(&place).into_iter().flatten() {
                if !found.contains_key(effect) {
                    found.insert(*effect, Ground::Row(place.0, place.1));
                    open.push_back(*effect);
                }
            }
        }
        found
    }
}

impl Search<'_> {
    /// Whether a row names what a foreign message was about, as far as that is known.
    fn is_named_in(&self, row: &Row) -> bool {
        self.ids.is_none_or(|ids| {
            let content = serde_json::from_slice::<serde_json::Value>(&row.payload);
            content.is_ok_and(|content| names_any(&content, ids))
        })
    }
}

fn names_any(content: &serde_json::Value, ids: &BTreeSet<&str>) -> bool {
    match content {
        serde_json::Value::String(text) => ids.contains(text.as_str()),
        serde_json::Value::Array(all) => all.iter().any(|one| names_any(one, ids)),
        serde_json::Value::Object(all) => all.values().any(|one| names_any(one, ids)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {
            false
        }
    }
}

fn decision(by: Service, row: Row, on: Ground) -> Decision {
    let about = row.subject.rsplit('.').next().unwrap_or_default().to_owned();
    Decision { about, by, row: row.sequence, subject: row.subject, on }
}
