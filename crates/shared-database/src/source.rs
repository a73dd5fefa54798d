//! The old database. Its rows are read and never changed; beside them stand the mark of an import, and the
//! triggers that note what changes.

pub mod capture;

pub mod rows;

pub mod snapshot;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rusqlite::{Connection, OpenFlags};

/// How long a write of the old system may keep this one waiting.
const BUSY_FOR: Duration = Duration::from_secs(10);

/// A table that is moved, with the columns that are read of it.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [&'static str],
}

/// The tables that are moved.
pub const TABLES: [Table; 6] = [
    Table {
        name: "customers",
        columns: &["id", "name", "street", "city", "country", "currency", "credit_limit", "closed"],
    },
    Table { name: "products", columns: &["sku", "name", "price", "currency", "discontinued"] },
    Table { name: "stock", columns: &["sku", "on_hand"] },
    Table { name: "orders", columns: &["id", "customer_id", "ordered_on", "state"] },
    Table { name: "order_lines", columns: &["order_id", "line", "sku", "quantity", "unit_price"] },
    Table { name: "payments", columns: &["id", "order_id", "amount"] },
];

/// An old database that is there.
#[derive(Debug)]
pub struct Source {
    connection: Connection,
    file: PathBuf,
}

impl Source {
    /// Opens it. Nothing is made where there is none.
    ///
    /// # Errors
    /// When it is not there, is no database, or lacks a table or column that is moved.
    pub fn open(file: &Path) -> anyhow::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags);
        let connection = connection.with_context(|| format!("cannot open {}", file.display()))?;
        connection.busy_timeout(BUSY_FOR)?;
        let source = Self { connection, file: file.to_owned() };
        let all = source.require_columns();
        all.with_context(|| format!("{} is not in the form that is moved", file.display()))?;
        Ok(source)
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    fn require_columns(&self) -> anyhow::Result<()> {
        let mut query = self.connection.prepare("SELECT lower(name) FROM pragma_table_info(?1)")?;
        for Table { name, columns } in TABLES {
            let found = query.query_map([name], |row| row.get(0))?;
            let found: Vec<String> = found.collect::<rusqlite::Result<_>>()?;
            if found.is_empty() {
                bail!("there is no table {name}: make a copy of the database that has one");
            }
            let missing: Vec<_> =
                columns.iter().filter(|column| !found.iter().any(|one| one == *column)).collect();
            if let Some(column) = missing.first() {
                bail!("the table {name} has no column {column}; it needs {}", columns.join(", "));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_old_database_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("old.sqlite");
        let error = |file: &Path| format!("{:#}", Source::open(file).unwrap_err());
        assert!(error(&file).contains("cannot open"), "{}", error(&file));
        assert!(!file.exists());
        let schema = include_str!("example/shop.sql").replace("on_hand INTEGER", "units INTEGER");
        let schema = schema.replace("on_hand >= 0", "units >= 0");
        let tables = schema.split("CREATE VIEW").next().unwrap();
        Connection::open(&file).unwrap().execute_batch(tables).unwrap();
        assert!(error(&file).contains("the table stock has no column on_hand"), "{}", error(&file));
    }
}
