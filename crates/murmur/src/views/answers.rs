//! What the query service says of its generations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use terminal::line;
use terminal::table;

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Overview {
    /// The version of the views that the query service writes.
    pub(super) views_version: u32,
    pub(super) live: Option<Generation>,
    pub(super) next: Option<Generation>,
    pub(super) previous: Option<Generation>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Generation {
    pub(super) id: String,
    pub(super) version: u32,
    pub(super) begun_at: Value,
    pub(super) built: bool,
    pub(super) folded: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rebuild: Option<Rebuild>,
}

/// How far the building is.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Rebuild {
    /// Rows that the streams are known to hold.
    pub(super) of: u64,
}

/// A generation whose building has begun.
#[derive(Debug, Deserialize)]
pub(super) struct Begun {
    pub(super) id: String,
}

/// Two generations beside each other.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Comparison {
    pub(super) old: String,
    pub(super) new: String,
    pub(super) same: bool,
    pub(super) views: BTreeMap<String, View>,
}

/// One view of both.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct View {
    same: u64,
    different: u64,
    moving: u64,
    only_old: u64,
    only_new: u64,
    samples: Vec<Sample>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Sample {
    name: String,
    old: Box<RawValue>,
    new: Box<RawValue>,
}

impl Comparison {
    /// Prints what is the same, what is not, and some of what is not.
    pub(super) fn show(&self) {
        line!("{} (live) beside {} (new)", self.old, self.new);
        let mut rows =
            table::with_header(["view", "same", "different", "only live", "only new", "moving"]);
        for (name, view) in &self.views {
            let bad = |count: u64| table::judged(count, Some(count == 0));
            rows.add_row([
                name.into(),
                view.same.into(),
                bad(view.different),
                bad(view.only_old),
                bad(view.only_new),
                view.moving.into(),
            ]);
        }
        line!("{rows}");
        for sample in self.views.values().flat_map(|view| &view.samples) {
            let Sample { name, old, new } = sample;
            line!("{name}\n  live {}\n  new  {}", old.get(), new.get());
        }
    }
}
