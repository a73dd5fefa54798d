//! The records of one family, and their text as the read model keeps it.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The records of one family, by their ids in it.
#[derive(Debug)]
pub(super) struct Table<T> {
    family: &'static str,
    records: HashMap<String, Stored<T>>,
}

/// A record, with the last row of its stream that is folded into it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<T> {
    at: u64,
    record: T,
}

/// What all tables have in common.
pub(super) trait Family {
    /// What the names of its records begin with.
    fn family(&self) -> &'static str;

    /// The ids of its records.
    fn ids(&self) -> Box<dyn Iterator<Item = &str> + '_>;

    /// A record as it has to be kept.
    fn text(&self, id: &str) -> Option<String>;

    /// The same content as some text, spelled as [`Self::text`] spells it. Numbers stay whole, however
    /// large they are.
    fn respell(&self, held: &str) -> Result<String, serde_json::Error>;
}

impl<T> Table<T> {
    pub(super) fn new(family: &'static str) -> Self {
        Self { family, records: HashMap::new() }
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.records.get(id).map(|stored| &stored.record)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.records.iter().map(|(id, stored)| (id.as_str(), &stored.record))
    }

    pub(super) fn put(&mut self, id: &str, at: u64, record: T) {
        self.records.insert(id.to_owned(), Stored { at, record });
    }

    /// A record that is there, to fold row `at` into it.
    pub(super) fn find(&mut self, id: &str, at: u64) -> Option<&mut T> {
        let stored = self.records.get_mut(id)?;
        stored.at = at;
        Some(&mut stored.record)
    }
}

impl<T: Default> Table<T> {
    /// A record to fold row `at` into it.
    pub(super) fn edit(&mut self, id: &str, at: u64) -> &mut T {
        let stored = self.records.entry(id.to_owned()).or_default();
        stored.at = at;
        &mut stored.record
    }
}

impl<T: Serialize + DeserializeOwned> Family for Table<T> {
    fn family(&self) -> &'static str {
        self.family
    }

    fn ids(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.records.keys().map(String::as_str))
    }

    fn text(&self, id: &str) -> Option<String> {
        let stored = self.records.get(id)?;
        // These types always have a text.
        Some(serde_json::to_string(stored).unwrap_or_default())
    }

    fn respell(&self, held: &str) -> Result<String, serde_json::Error> {
        serde_json::to_string(&serde_json::from_str::<Stored<T>>(held)?)
    }
}
