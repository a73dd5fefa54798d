//! Step one: who would own which table, what crosses a border between two owners, and what the services
//! have in its place.
//!
//! SQLite is asked for all of it: the schema for foreign keys, an authorizer for what a view, a trigger or a
//! query touches. Nothing is parsed here, and nothing is run.

mod accesses;
mod owners;
mod replacements;
mod statements;

mod crossings;

mod text;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use protocol::Service;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use accesses::Watched;
use crossings::Finder;

pub use crossings::{Crossing, What};
pub use owners::{NamedOwner, Owners};
pub use replacements::Api;

/// What an old database looks like from the services' side.
#[derive(Debug, Serialize)]
pub struct Report {
    pub file: PathBuf,
    pub tables: Vec<Table>,
    pub looked_at: LookedAt,
    pub crossings: Vec<Crossing>,
    /// Queries that SQLite does not understand here, and why.
    pub unclear: Vec<Unclear>,
}

/// A table, and who would own it.
#[derive(Debug, Serialize)]
pub struct Table {
    pub name: String,
    pub rows: u64,
    /// None where nobody is known to: whoever says so names it.
    pub owner: Option<Service>,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LookedAt {
    pub foreign_keys: usize,
    pub views: usize,
    pub triggers: usize,
    pub queries: usize,
}

#[derive(Debug, Serialize)]
pub struct Unclear {
    pub name: String,
    pub reason: String,
}

impl Report {
    /// Looks at a database, and at a file of the queries that are sent to it.
    ///
    /// # Errors
    /// When a file cannot be read, or the database is none.
    pub fn of(file: &Path, queries: Option<&Path>, owners: &Owners) -> anyhow::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags);
        let connection = connection.with_context(|| format!("cannot open {}", file.display()))?;
        let watched = Watched::new(connection)?;
        let tables = tables(watched.connection(), owners)
            .with_context(|| format!("{} cannot be read as a database", file.display()))?;
        let queries = queries.map(|path| {
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        });
        let queries = queries.transpose()?.unwrap_or_default();
        let mut finder = Finder::new(&watched, owners, &tables);
        finder.foreign_keys()?;
        finder.views()?;
        finder.triggers()?;
        finder.queries(&statements::statements(&queries));
        let (looked_at, crossings, unclear) = finder.found();
        Ok(Self { file: file.to_owned(), tables, looked_at, crossings, unclear })
    }
}

/// What belongs to the old system: neither SQLite's own, nor what an import keeps there.
const OF_THE_SHOP: &str =
    "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'murmur\\_%' ESCAPE '\\'";

fn tables(connection: &Connection, owners: &Owners) -> rusqlite::Result<Vec<Table>> {
    let table = |name: String| {
        let count = format!("SELECT count(*) FROM {}", quoted(&name));
        let rows = connection.query_row(&count, [], |row| row.get(0))?;
        Ok(Table { owner: owners.of(&name), name, rows })
    };
    names(connection, "table")?.into_iter().map(table).collect()
}

/// The names of all tables, views or triggers, sorted.
fn names(connection: &Connection, kind: &str) -> rusqlite::Result<Vec<String>> {
    let sql =
        format!("SELECT name FROM sqlite_schema WHERE type = ?1 AND {OF_THE_SHOP} ORDER BY name");
    connection.prepare(&sql)?.query_map([kind], |row| row.get(0))?.collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests;
