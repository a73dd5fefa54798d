//! Two databases of one service beside each other: whether what is the fold of its own events is the same.
//!
//! Deliberately absent: what is of others. Positions and replicas follow the foreign streams, and move on.

use std::collections::BTreeSet;

use crate::outbox;
use crate::state::{Read, StateError};

/// Tables that are not a fold of the own events, or are these events.
const OTHERS: [&str; 4] = ["outbox", "position", "replica", "meta"];

/// One table in both databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedTable {
    /// Its name.
    pub name: String,
    /// How many rows each has.
    pub rows: (usize, usize),
    /// The first row that only one of them has, as text.
    pub difference: Option<String>,
}

/// All tables of either, by name.
///
/// # Errors
/// When one of them cannot be read.
pub fn compare(one: &Read<'_>, other: &Read<'_>) -> Result<Vec<ComparedTable>, StateError> {
    let mut names: BTreeSet<String> = names(one)?.into_iter().collect();
    names.extend(self::names(other)?);
    let compared = |name: String| {
        let (ours, theirs) = (rows(one, &name)?, rows(other, &name)?);
        let difference = first_difference(&ours, &theirs);
        Ok(ComparedTable { name, rows: (ours.len(), theirs.len()), difference })
    };
    names.into_iter().map(compared).collect()
}

/// How many rows a database has decided beyond that one, but for those that a restored service appends.
///
/// # Errors
/// When it cannot be read.
pub fn decided_beyond(state: &Read<'_>, sequence: u64) -> Result<usize, StateError> {
    let beyond = outbox::rows(state, sequence + 1, u32::MAX)?;
    let is_recovery = |row: &protocol::Row| {
        let headers = protocol::Headers::parse(&row.headers);
        headers.is_ok_and(|headers| headers.cause == protocol::Cause::Recovery)
    };
    Ok(beyond.iter().filter(|row| !is_recovery(row)).count())
}

fn names(state: &Read<'_>) -> Result<Vec<String>, StateError> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let all: Vec<String> = state.all(tables, [], |row| row.get(0))?;
    Ok(all.into_iter().filter(|name| !OTHERS.contains(&name.as_str())).collect())
}

/// Every row of a table as SQL would write it, in an order of its own; none where there is no such table.
fn rows(state: &Read<'_>, table: &str) -> Result<Vec<String>, StateError> {
    let columns: Vec<String> =
        state.all("SELECT name FROM pragma_table_info(?1)", [table], |row| row.get(0))?;
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let named = |name: &String| format!("quote({})", quoted(name));
    let row = columns.iter().map(named).collect::<Vec<_>>().join(" || ', ' || ");
    state.all(&format!("SELECT {row} FROM {} ORDER BY 1", quoted(table)), [], |row| row.get(0))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn first_difference(ours: &[String], theirs: &[String]) -> Option<String> {
    let nth = ours.iter().zip(theirs).take_while(|(one, other)| one == other).count();
    ours.get(nth).or_else(|| theirs.get(nth)).cloned()
}

#[cfg(test)]
mod tests {
    use contracts::service;

    use super::*;
    use crate::database::Database;

    fn database(rows: &[&str]) -> Database {
        let tables = &["CREATE TABLE thing (id TEXT PRIMARY KEY, size INTEGER) STRICT"];
        let mut database = Database::in_memory(service::ORDER, tables).unwrap();
        let written = database.transaction(|write| {
            rows.iter().try_for_each(|id| {
                write.execute("INSERT INTO thing VALUES (?1, 7)", [id]).map(drop)
            })
        });
        written.map_err(|error: StateError| error).unwrap();
        database
    }

    fn thing(one: &Database, other: &Database) -> ComparedTable {
        let all = compare(&one.read(), &other.read()).unwrap();
        assert!(all.iter().all(|table| !OTHERS.contains(&table.name.as_str())), "{all:?}");
        all.into_iter().find(|table| table.name == "thing").unwrap()
    }

    #[test]
    fn the_same_rows_in_whatever_order_they_came_are_the_same() {
        let table = thing(&database(&["a", "b"]), &database(&["b", "a"]));
        assert_eq!((table.rows, table.difference), ((2, 2), None));
    }

    #[test]
    fn the_first_row_that_only_one_has_is_told() {
        let table = thing(&database(&["a", "b"]), &database(&["a", "c"]));
        assert_eq!(table.difference.as_deref(), Some("'b', 7"));
        let table = thing(&database(&["a"]), &database(&["a", "c"]));
        assert_eq!((table.rows, table.difference.as_deref()), ((1, 2), Some("'c', 7")));
    }
}
