//! The records of one family that a batch touches.

use engine::seeded::{self, Bug};
use foldhash::{HashMap, HashMapExt as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::keys;

/// The next batch finds room for as many records as the last one touched: in a backlog, to grow anew each
/// time is a third of the folding. What is more than so many times what was used is given back.
const ROOM_MAX: usize = 4;

/// A record as it is stored, with the sequence of the last event folded into it. That makes every
/// record tell on its own when a position was set back by hand.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stored<T> {
    /// Sequence of the last event folded into it.
    pub at: u64,
    /// The record.
    pub record: T,
}

/// What is stored is not what a fold wrote. Only building anew makes it right.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name} in Redis is damaged: {reason}")]
pub struct Damaged {
    /// The record's name in its generation.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Some records of one family.
#[derive(Debug)]
pub(super) struct Table<T> {
    family: &'static str,
    slots: HashMap<String, Slot<T>>,
    wanted: Vec<String>,
    /// As the batches before have left them.
    kept: HashMap<String, Slot<T>>,
    /// The same, of batches that are longer ago.
    aged: HashMap<String, Slot<T>>,
}

#[derive(Debug)]
struct Slot<T> {
    at: u64,
    record: Option<T>,
    changed: bool,
}

/// What all tables have in common, whatever their records are.
pub(super) trait Shelf {
    /// Adds the names that were wanted since the last filling.
    fn list_wanted(&self, names: &mut Vec<String>);

    /// Takes a value for each wanted name.
    fn fill(&mut self, values: &mut dyn Iterator<Item = Option<Vec<u8>>>) -> Result<(), Damaged>;

    /// Adds each changed record's name and contents.
    fn list_changed(&self, records: &mut Vec<(String, Vec<u8>)>) -> Result<(), Damaged>;

    /// Ends a batch: what it touched is kept for the next. Says how much that is.
    fn keep(&mut self) -> usize;

    /// Lets go what has aged before, and has what is kept age.
    fn age(&mut self);
}

impl<T> Table<T> {
    pub(super) fn new(family: &'static str) -> Self {
        Self {
            family,
            slots: HashMap::new(),
            wanted: Vec::new(),
            kept: HashMap::new(),
            aged: HashMap::new(),
        }
    }

    /// Wants a record, if it is not there yet.
    pub(super) fn want(&mut self, id: &str) {
        if self.slots.contains_key(id) {
            return;
        }
        let known = self.kept.remove(id).or_else(|| self.aged.remove(id));
        let slot = known.unwrap_or_else(|| {
            self.wanted.push(id.to_owned());
            Slot { at: 0, record: None, changed: false }
        });
        self.slots.insert(id.to_owned(), slot);
    }

    /// A record as it is now.
    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.slots.get(id)?.record.as_ref()
    }

    /// A record to fold the event `sequence` into. It must have been wanted and filled.
    pub(super) fn edit(&mut self, id: &str, sequence: u64) -> Result<&mut Option<T>, Damaged> {
        let name = || keys::record(self.family, id);
        let Some(slot) = self.slots.get_mut(id) else {
            return Err(Damaged { name: name(), reason: "it was changed but never read".into() });
        };
        if slot.at >= sequence && !seeded::on(Bug::AddInProjector) {
            let at = slot.at;
            let reason =
                format!("it has folded event {at}, and the position says before {sequence}");
            return Err(Damaged { name: name(), reason });
        }
        slot.at = sequence;
        slot.changed = true;
        Ok(&mut slot.record)
    }

    /// A record of several streams to change. No one sequence says how far it has come.
    pub(super) fn edit_of_several(&mut self, id: &str) -> Result<&mut Option<T>, Damaged> {
        let Some(slot) = self.slots.get_mut(id) else {
            let name = keys::record(self.family, id);
            return Err(Damaged { name, reason: "it was changed but never read".into() });
        };
        slot.changed = true;
        Ok(&mut slot.record)
    }

    /// The records that were changed, by their ids.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&str, &T)> {
        let records = self.changed_slots().into_iter();
        records.filter_map(|(id, slot)| Some((id, slot.record.as_ref()?)))
    }

    /// In order: the same events make the same writes.
    fn changed_slots(&self) -> Vec<(&str, &Slot<T>)> {
        let slots = self.slots.iter().map(|(id, slot)| (id.as_str(), slot));
        let mut changed: Vec<_> = slots.filter(|(_, slot)| slot.changed).collect();
        changed.sort_unstable_by_key(|(id, _)| *id);
        changed
    }
}

impl<T: Serialize + DeserializeOwned> Shelf for Table<T> {
    fn list_wanted(&self, names: &mut Vec<String>) {
        names.extend(self.wanted.iter().map(|id| keys::record(self.family, id)));
    }

    fn fill(&mut self, values: &mut dyn Iterator<Item = Option<Vec<u8>>>) -> Result<(), Damaged> {
        for id in std::mem::take(&mut self.wanted) {
            let Some(value) = values.next().flatten() else { continue };
            let stored: Stored<T> = serde_json::from_slice(&value).map_err(|error| Damaged {
                name: keys::record(self.family, &id),
                reason: error.to_string(),
            })?;
            let slot = Slot { at: stored.at, record: Some(stored.record), changed: false };
            self.slots.insert(id, slot);
        }
        Ok(())
    }

    fn list_changed(&self, records: &mut Vec<(String, Vec<u8>)>) -> Result<(), Damaged> {
        for (id, slot) in self.changed_slots() {
            let Some(record) = &slot.record else { continue };
            let name = keys::record(self.family, id);
            let json = serde_json::to_vec(&Stored { at: slot.at, record });
            let json =
                json.map_err(|error| Damaged { name: name.clone(), reason: error.to_string() })?;
            records.push((name, json));
        }
        Ok(())
    }

    fn keep(&mut self) -> usize {
        let touched = self.slots.len();
        let is_roomy = self.slots.capacity() / ROOM_MAX > touched;
        let slots = self.slots.drain();
        self.kept.extend(slots.map(|(id, slot)| (id, Slot { changed: false, ..slot })));
        if is_roomy {
            self.slots.shrink_to(touched);
        }
        touched
    }

    fn age(&mut self) {
        self.aged = std::mem::take(&mut self.kept);
    }
}
