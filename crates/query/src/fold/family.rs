//! The records of one family, as far as the last batches have touched them.

use std::fmt;
use std::sync::Arc;

use engine::seeded::{self, Bug};
use foldhash::{HashMap, HashMapExt as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::changes::{Changes, IndexChange};
use crate::keys;
use crate::projections::Changed;

/// What a cached record takes besides its contents, roughly; also one of which it is known that there is
/// none.
const OVERHEAD_BYTES: usize = 256;

/// A record as it is stored, with the sequence of the last event folded into it. That makes every
/// record tell on its own when a position was set back by hand.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stored<T> {
    /// Sequence of the last event folded into it.
    pub at: u64,
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

/// A record that will have been read before it is changed. There is no other way to one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handle(usize);

/// The entries of indexes that a changed record has.
pub(crate) type IndexOf<S> = fn(&Changed<'_, S>, &mut Vec<IndexChange>);

/// Records of one family.
pub(crate) struct Family<S> {
    name: &'static str,
    index_of: IndexOf<S>,
    handles: HashMap<Arc<str>, usize>,
    entries: Vec<Entry<S>>,
    /// Those that are to be read.
    wanted: Vec<usize>,
    /// Those that this batch touches.
    touched: Vec<usize>,
}

#[derive(Debug)]
struct Entry<S> {
    id: Arc<str>,
    at: u64,
    record: Option<S>,
    is_new: bool,
    /// Whether this batch touches it, and changes it.
    touched: bool,
    changed: bool,
    /// Whether a batch has touched it since the last time that records were let go.
    recent: bool,
    /// How long its JSON was when it was last written.
    bytes: usize,
}

/// What all families have in common, whatever their records are.
pub(crate) trait AnyFamily {
    /// Adds the names of the records that are to be read.
    fn list_wanted(&self, names: &mut Vec<String>);

    /// Takes a value for each of them.
    fn fill(&mut self, values: &mut dyn Iterator<Item = Option<Vec<u8>>>) -> Result<(), Damaged>;

    /// Adds each changed record's name and contents, and its entries of indexes.
    fn list_changed(&mut self, changes: &mut Changes) -> Result<(), Damaged>;

    /// Ends a batch. Says how much more is cached since records were last let go.
    fn end_batch(&mut self) -> usize;

    /// Lets go what no batch has touched since the last time.
    fn let_go(&mut self);
}

impl<S> Family<S> {
    pub(crate) fn new(name: &'static str, index_of: IndexOf<S>) -> Self {
        let (handles, entries) = (HashMap::new(), Vec::new());
        Self { name, index_of, handles, entries, wanted: Vec::new(), touched: Vec::new() }
    }

    /// A record that this batch touches.
    pub(crate) fn want(&mut self, id: &str) -> Handle {
        let nth = self.handles.get(id).copied().unwrap_or_else(|| self.add(id));
        let entry = &mut self.entries[nth];
        if !entry.touched {
            entry.touched = true;
            self.touched.push(nth);
        }
        Handle(nth)
    }

    fn add(&mut self, id: &str) -> usize {
        let (nth, id) = (self.entries.len(), Arc::<str>::from(id));
        self.handles.insert(Arc::clone(&id), nth);
        self.entries.push(Entry {
            id,
            at: 0,
            record: None,
            is_new: false,
            touched: false,
            changed: false,
            recent: false,
            bytes: 0,
        });
        self.wanted.push(nth);
        nth
    }

    /// A record as it is now.
    pub(crate) fn get(&self, handle: Handle) -> Option<&S> {
        self.entries[handle.0].record.as_ref()
    }

    /// A record to fold the event `at` into; none if no one sequence says how far it has come, since it
    /// is of several streams.
    pub(crate) fn edit(
        &mut self,
        handle: Handle,
        at: Option<u64>,
    ) -> Result<&mut Option<S>, Damaged> {
        let entry = &mut self.entries[handle.0];
        if let Some(at) = at {
            if entry.at >= at && !seeded::on(Bug::AddInProjector) {
                return Err(entry.folded_before(self.name, at));
            }
            entry.at = at;
        }
        if !entry.changed {
            (entry.changed, entry.is_new) = (true, entry.record.is_none());
        }
        Ok(&mut entry.record)
    }
}

impl<S> Entry<S> {
    fn folded_before(&self, family: &str, sequence: u64) -> Damaged {
        let at = self.at;
        let reason = format!("it has folded event {at}, and the position says before {sequence}");
        Damaged { name: keys::record(family, &self.id), reason }
    }
}

impl<S: Serialize + DeserializeOwned> AnyFamily for Family<S> {
    fn list_wanted(&self, names: &mut Vec<String>) {
        let wanted = self.wanted.iter().map(|nth| keys::record(self.name, &self.entries[*nth].id));
        names.extend(wanted);
    }

    fn fill(&mut self, values: &mut dyn Iterator<Item = Option<Vec<u8>>>) -> Result<(), Damaged> {
        for nth in std::mem::take(&mut self.wanted) {
            let Some(value) = values.next().flatten() else { continue };
            let entry = &mut self.entries[nth];
            let stored: Stored<S> = serde_json::from_slice(&value).map_err(|error| Damaged {
                name: keys::record(self.name, &entry.id),
                reason: error.to_string(),
            })?;
            (entry.at, entry.record, entry.bytes) = (stored.at, Some(stored.record), value.len());
        }
        Ok(())
    }

    fn list_changed(&mut self, changes: &mut Changes) -> Result<(), Damaged> {
        // In order: the same events make the same writes.
        let entries = &mut self.entries;
        self.touched.sort_unstable_by(|a, b| entries[*a].id.cmp(&entries[*b].id));
        for nth in &self.touched {
            let entry = &mut entries[*nth];
            let (true, Some(record)) = (entry.changed, &entry.record) else { continue };
            let name = keys::record(self.name, &entry.id);
            // It grows a little each time.
            let mut json = Vec::with_capacity(entry.bytes + OVERHEAD_BYTES);
            serde_json::to_writer(&mut json, &Stored { at: entry.at, record })
                .map_err(|error| Damaged { name: name.clone(), reason: error.to_string() })?;
            entry.bytes = json.len();
            changes.records.push((name, json));
            let changed = Changed { id: &entry.id, record, is_new: entry.is_new };
            (self.index_of)(&changed, &mut changes.indexes);
        }
        Ok(())
    }

    fn end_batch(&mut self) -> usize {
        let mut bytes = 0;
        for nth in self.touched.drain(..) {
            let entry = &mut self.entries[nth];
            bytes += if entry.recent { 0 } else { entry.bytes + OVERHEAD_BYTES };
            (entry.touched, entry.changed, entry.recent) = (false, false, true);
        }
        bytes
    }

    fn let_go(&mut self) {
        self.entries.retain_mut(|entry| std::mem::take(&mut entry.recent));
        self.handles.clear();
        let ids = self.entries.iter().enumerate();
        self.handles.extend(ids.map(|(nth, entry)| (Arc::clone(&entry.id), nth)));
    }
}

impl<S> fmt::Debug for Family<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.entries.len(), self.name)
    }
}
