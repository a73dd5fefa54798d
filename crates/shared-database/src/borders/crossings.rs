//! Finds what crosses a border: foreign keys, views, triggers, queries, and transactions.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Service;
use serde::Serialize;

use super::accesses::{Accesses, Boundary, Watched};
use super::owners::Owners;
use super::replacements::{self, Api};
use super::statements::Statement;
use super::{LookedAt, Table, Unclear, names, quoted};

/// Something that touches tables of several owners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crossing {
    pub what: What,
    pub name: String,
    /// The tables that it touches; of a foreign key, where it is and where it leads.
    pub tables: Vec<String>,
    /// Who would own them.
    pub owners: Vec<Service>,
    pub instead: Vec<Api>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    ForeignKey,
    View,
    Trigger,
    Query,
    /// Several statements that are done together or not at all.
    Transaction,
}

/// Where what crosses is collected.
pub(super) struct Finder<'a> {
    watched: &'a Watched,
    owners: &'a Owners,
    /// By names in small letters.
    tables: BTreeMap<String, &'a Table>,
    looked_at: LookedAt,
    crossings: Vec<Crossing>,
    unclear: Vec<Unclear>,
}

/// Statements between `BEGIN` and `COMMIT`.
#[derive(Default)]
struct Open {
    name: String,
    accesses: Accesses,
}

impl<'a> Finder<'a> {
    pub(super) fn new(watched: &'a Watched, owners: &'a Owners, tables: &'a [Table]) -> Self {
        let tables = tables.iter().map(|table| (table.name.to_lowercase(), table)).collect();
        let (looked_at, crossings, unclear) = (LookedAt::default(), Vec::new(), Vec::new());
        Self { watched, owners, tables, looked_at, crossings, unclear }
    }

    pub(super) fn found(self) -> (LookedAt, Vec<Crossing>, Vec<Unclear>) {
        (self.looked_at, self.crossings, self.unclear)
    }

    pub(super) fn foreign_keys(&mut self) -> rusqlite::Result<()> {
        let sql =
            "SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list(?1) ORDER BY id, seq";
        for table in self.tables.values().map(|table| table.name.clone()).collect::<Vec<_>>() {
            let mut query = self.watched.connection().prepare(sql)?;
            let keys = query.query_map([&table], |row| {
                let (from, to): (String, Option<String>) = (row.get(0)?, row.get(2)?);
                Ok((from, row.get::<_, String>(1)?, to))
            })?;
            for key in keys {
                let (from, parent, to) = key?;
                self.looked_at.foreign_keys += 1;
                let [here, there] = [&table, &parent].map(|table| self.owners.of(table));
                let (Some(here), Some(there)) = (here, there) else { continue };
                if here != there {
                    let to = to.map(|to| format!(".{to}")).unwrap_or_default();
                    self.crossings.push(Crossing {
                        what: What::ForeignKey,
                        name: format!("{table}.{from}"),
                        tables: vec![format!("{table}.{from}"), format!("{parent}{to}")],
                        owners: vec![here, there],
                        instead: replacements::of_foreign_key(here, there),
                    });
                }
            }
        }
        Ok(())
    }

    pub(super) fn views(&mut self) -> rusqlite::Result<()> {
        for name in names(self.watched.connection(), "view")? {
            self.looked_at.views += 1;
            match self.watched.statement(&format!("SELECT * FROM {}", quoted(&name))) {
                Ok(accesses) => self.add(What::View, &name, accesses),
                Err(error) => self.add_unclear(name, &error),
            }
        }
        Ok(())
    }

    /// A trigger is compiled with the statements that fire it: each kind of them is prepared.
    pub(super) fn triggers(&mut self) -> rusqlite::Result<()> {
        let table = "SELECT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND name = ?1";
        for name in names(self.watched.connection(), "trigger")? {
            self.looked_at.triggers += 1;
            let on: String =
                self.watched.connection().query_row(table, [&name], |row| row.get(0))?;
            let mut accesses = Accesses::default();
            let mut failed = None;
            for sql in self.firing(&on)? {
                match self.watched.trigger(&name, &sql) {
                    Ok(more) => accesses = accesses.and(more),
                    Err(error) => failed = Some(error),
                }
            }
            if let Some(error) = failed {
                self.add_unclear(name, &error);
                continue;
            }
            // It runs as a part of whoever writes this table.
            accesses.reads.insert(on);
            self.add(What::Trigger, &name, accesses);
        }
        Ok(())
    }

    pub(super) fn queries(&mut self, statements: &[Statement]) {
        let mut open: Option<Open> = None;
        for statement in statements {
            let accesses = match self.watched.statement(&statement.sql) {
                Ok(accesses) => accesses,
                Err(error) => {
                    self.looked_at.queries += 1;
                    self.add_unclear(statement.name.clone(), &error);
                    continue;
                }
            };
            match (accesses.transaction, &mut open) {
                (Some(Boundary::Begin), _) => {
                    self.looked_at.queries += 1;
                    let name = statement.name.clone();
                    open = Some(Open { name, accesses: Accesses::default() });
                }
                (Some(Boundary::End), _) => self.close(open.take()),
                (None, Some(open)) => {
                    open.accesses = std::mem::take(&mut open.accesses).and(accesses);
                }
                (None, None) => {
                    self.looked_at.queries += 1;
                    self.add(What::Query, &statement.name, accesses);
                }
            }
        }
        self.close(open);
    }

    fn close(&mut self, open: Option<Open>) {
        if let Some(Open { name, accesses }) = open {
            self.add(What::Transaction, &name, accesses);
        }
    }

    /// The statements that fire the triggers of a table.
    fn firing(&self, table: &str) -> rusqlite::Result<Vec<String>> {
        let sql = "SELECT name FROM pragma_table_info(?1)";
        let mut query = self.watched.connection().prepare(sql)?;
        let columns = query.query_map([table], |row| row.get::<_, String>(0))?;
        let sets = columns.map(|column| {
            let column = quoted(&column?);
            Ok(format!("{column} = {column}"))
        });
        let sets: Vec<String> = sets.collect::<rusqlite::Result<_>>()?;
        let table = quoted(table);
        Ok(vec![
            format!("INSERT INTO {table} DEFAULT VALUES"),
            format!("UPDATE {table} SET {}", sets.join(", ")),
            format!("DELETE FROM {table}"),
        ])
    }

    fn add(&mut self, what: What, name: &str, accesses: Accesses) {
        let Accesses { reads, writes, adds_up, .. } = &accesses;
        let owners = self.owners_of(&accesses.tables());
        if owners.len() < 2 {
            return;
        }
        let written = self.owners_of(writes);
        let instead = if written.is_empty() {
            replacements::of_reading(&owners, *adds_up)
        } else {
            replacements::of_writing(&written, &self.owners_of(reads))
        };
        let tables = accesses.tables().into_iter().filter(|table| self.is_table(table)).collect();
        let (name, owners) = (name.to_owned(), owners.into_iter().collect());
        self.crossings.push(Crossing { what, name, tables, owners, instead });
    }

    /// Views are reported as tables, too: who owns what is behind them counts.
    fn is_table(&self, name: &str) -> bool {
        self.tables.contains_key(&name.to_lowercase())
    }

    fn owners_of(&self, tables: &BTreeSet<String>) -> BTreeSet<Service> {
        let tables = tables.iter().filter(|table| self.is_table(table));
        tables.filter_map(|table| self.owners.of(table)).collect()
    }

    fn add_unclear(&mut self, name: String, error: &rusqlite::Error) {
        self.unclear.push(Unclear { name, reason: error.to_string() });
    }
}
