//! What a generation holds, raw and in pages: for an auditor, who folds the streams for himself.
//!
//! Each page is found and read at one moment, with the position at that moment. What is there from the
//! first page to the last stands on one of them, also while the generation is folded on; what comes
//! or goes meanwhile may be passed over, and a name may stand on two.
//!
//! Deliberately absent: any opinion on what should be there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use redis::Script;
use redis::aio::MultiplexedConnection;
use schemars::JsonSchema;
use serde::Serialize;

use super::Refused;
use crate::keys::{self, Generation};
use crate::positions::Positions;
use crate::store::StoreError;

/// Names of one page, roughly: with their contents, well below a megabyte.
const NAMES: usize = 400;

/// Entries of an index that a page of records holds whole. The largest has one for each order, and
/// would hold up Redis.
const ENTRIES_MAX: usize = 400;

/// Entries of one page of a large index, roughly.
const ENTRIES: usize = 2_000;

/// Reads a page of records.
static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("records.lua")));

/// Some of what a generation holds, at one moment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecordPage {
    pub generation: String,
    /// How far it had folded the streams.
    pub positions: Positions,
    /// Records: their names in the generation, and their texts as they are stored.
    pub records: BTreeMap<String, String>,
    /// Entries of indexes and hashes: whose, which, and the score or the contents.
    pub entries: Vec<(String, String, String)>,
    /// Indexes that are too large for this: they have pages of their own.
    pub large: Vec<String>,
    /// The cursor of the next page; none after the last.
    pub next: Option<String>,
}

/// Bytes as Redis holds them: a hand may have put anything there.
type Bytes = Vec<u8>;

/// A key, its kind, and what it holds.
type Found = (Bytes, String, Vec<Bytes>);

/// A page of records, behind a cursor; 0 for the first.
///
/// # Errors
/// When Redis fails, or the generation is gone.
pub async fn records(
    mut connection: MultiplexedConnection,
    generation: &Generation,
    cursor: u64,
) -> Result<RecordPage, Refused> {
    let prefix = generation.prefix();
    let mut read = READ.prepare_invoke();
    // A key that a script is told as one counts as written by it: who may only read may not say so.
    read.arg(cursor).arg(NAMES).arg(ENTRIES_MAX).arg(&prefix).arg(generation.position_key());
    let (position, next, found): (Option<Bytes>, u64, Vec<Found>) =
        read.invoke_async(&mut connection).await.map_err(StoreError::from)?;
    let mut page = RecordPage::at(generation, position, next)?;
    for (key, kind, values) in found {
        if let Some(name) = name_of(&key, &prefix) {
            page.add(name, &kind, &values);
        }
    }
    Ok(page)
}

/// A page of the entries of one index, behind a cursor; 0 for the first.
///
/// # Errors
/// When Redis fails, or the generation is gone.
pub async fn entries(
    mut connection: MultiplexedConnection,
    generation: &Generation,
    index: &str,
    cursor: u64,
) -> Result<RecordPage, Refused> {
    let mut both = redis::pipe();
    both.atomic().cmd("GET").arg(generation.position_key());
    both.cmd("ZSCAN").arg(generation.key(index)).arg(cursor).arg("COUNT").arg(ENTRIES);
    let (position, (next, values)): (Option<Bytes>, (u64, Vec<Bytes>)) =
        both.query_async(&mut connection).await.map_err(StoreError::from)?;
    let mut page = RecordPage::at(generation, position, next)?;
    page.add_entries(index, &values);
    Ok(page)
}

/// The name in the generation; none for what only says how far it is.
fn name_of(key: &[u8], prefix: &str) -> Option<String> {
    let key = String::from_utf8_lossy(key);
    let name = key.strip_prefix(prefix)?;
    (name != keys::POSITION && name != keys::BUILT).then(|| name.to_owned())
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl RecordPage {
    fn at(generation: &Generation, position: Option<Bytes>, next: u64) -> Result<Self, Refused> {
        let positions = position.and_then(|bytes| Positions::parse(&text(&bytes)).ok());
        let generation = generation.to_string();
        let positions = positions.ok_or_else(|| Refused::Unknown(generation.clone()))?;
        let next = (next != 0).then(|| next.to_string());
        let (records, entries, large) = (BTreeMap::new(), Vec::new(), Vec::new());
        Ok(Self { generation, positions, records, entries, large, next })
    }

    fn add(&mut self, name: String, kind: &str, values: &[Bytes]) {
        match kind {
            "string" => {
                let held = values.first().map(text).unwrap_or_default();
                self.records.insert(name, held);
            }
            "zset" | "hash" => self.add_entries(&name, values),
            "large" => self.large.push(name),
            other => {
                self.records.insert(name, format!("a {other}, and no record"));
            }
        }
    }

    fn add_entries(&mut self, index: &str, values: &[Bytes]) {
        let pairs = values.chunks_exact(2);
        self.entries.extend(pairs.map(|pair| (index.to_owned(), text(&pair[0]), text(&pair[1]))));
    }
}
