//! What an import keeps in the old database: its mark, the table of changes with the triggers that fill
//! it, and, at the end, the triggers that refuse every further write.
//!
//! Deliberately absent: what changed. A change names the row; it is read when it is carried over.

use rusqlite::{OptionalExtension as _, TransactionBehavior};

use super::{Source, TABLES};
use crate::item::Entity;

/// What a trigger notes of a row.
struct Noted {
    table: &'static str,
    entity: Entity,
    /// The column that names what the row is a part of.
    key: &'static str,
}

const NOTED: [Noted; 6] = [
    Noted { table: "customers", entity: Entity::Customer, key: "id" },
    Noted { table: "products", entity: Entity::Product, key: "sku" },
    Noted { table: "stock", entity: Entity::Stock, key: "sku" },
    Noted { table: "orders", entity: Entity::Order, key: "id" },
    Noted { table: "order_lines", entity: Entity::Order, key: "order_id" },
    Noted { table: "payments", entity: Entity::Payment, key: "id" },
];

/// What the old system is told once it was left.
const LEFT: &str = "this database was left: what it held is in the services";

/// The mark of an import in the old database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub import: String,
    /// Whether everything was carried over once.
    pub is_moved: bool,
}

impl Source {
    /// The mark, if an import has begun here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn mark(&self) -> rusqlite::Result<Option<Mark>> {
        if !self.has("table", "murmur_import")? {
            return Ok(None);
        }
        let sql = "SELECT import, is_moved FROM murmur_import";
        let mark =
            |row: &rusqlite::Row<'_>| Ok(Mark { import: row.get(0)?, is_moved: row.get(1)? });
        self.connection.query_row(sql, [], mark).optional()
    }

    /// Leaves the mark and the triggers that note changes, all or nothing.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn prepare(&mut self, import: &str) -> rusqlite::Result<()> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(
            "CREATE TABLE murmur_import (import TEXT NOT NULL, is_moved INTEGER NOT NULL);
             CREATE TABLE murmur_changes (
                 number INTEGER PRIMARY KEY AUTOINCREMENT, entity TEXT NOT NULL, key TEXT NOT NULL
             );",
        )?;
        for noted in &NOTED {
            transaction.execute_batch(&noted.triggers())?;
        }
        transaction.execute("INSERT INTO murmur_import VALUES (?1, 0)", [import])?;
        transaction.commit()
    }

    /// Notes that everything was carried over once.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_moved(&self) -> rusqlite::Result<()> {
        self.connection.execute("UPDATE murmur_import SET is_moved = 1 WHERE NOT is_moved", [])?;
        Ok(())
    }

    /// The number of the last change; 0 if there was none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_change(&self) -> rusqlite::Result<u64> {
        // Also of changes that were forgotten.
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'murmur_changes'";
        Ok(self.connection.query_row(sql, [], |row| row.get(0)).optional()?.unwrap_or_default())
    }

    /// How many changes are not carried over yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn waiting_changes(&self) -> rusqlite::Result<u64> {
        if !self.has("table", "murmur_changes")? {
            return Ok(0);
        }
        let sql = "SELECT count(*) FROM murmur_changes";
        self.connection.query_row(sql, [], |row| row.get(0))
    }

    /// Forgets changes that were carried over.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget_changes(&self, up_to: u64) -> rusqlite::Result<()> {
        self.connection.execute("DELETE FROM murmur_changes WHERE number <= ?1", [up_to])?;
        Ok(())
    }

    /// Refuses every further write of the old system, from here on and for good.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn refuse_writes(&mut self) -> rusqlite::Result<()> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for table in TABLES.iter().map(|table| table.name) {
            for act in ["INSERT", "UPDATE", "DELETE"] {
                transaction.execute_batch(&format!(
                    "CREATE TRIGGER IF NOT EXISTS murmur_refuse_{table}_{act} BEFORE {act} ON {table} \
                     BEGIN SELECT RAISE(ABORT, '{LEFT}'); END;"
                ))?;
            }
        }
        transaction.commit()
    }

    /// Whether the old system can no longer write.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn refuses_writes(&self) -> rusqlite::Result<bool> {
        self.has("trigger", "murmur_refuse_payments_DELETE")
    }

    fn has(&self, kind: &str, name: &str) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = ?1 AND name = ?2)";
        self.connection.query_row(sql, [kind, name], |row| row.get(0))
    }
}

impl Noted {
    fn triggers(&self) -> String {
        let Self { table, key, .. } = self;
        // A row whose key changes is gone under the old one.
        let moved = format!("WHEN OLD.{key} IS NOT NEW.{key}");
        [("INSERT", "NEW", ""), ("UPDATE", "NEW", ""), ("UPDATE", "OLD", &moved), ("DELETE", "OLD", "")]
            .map(|(act, row, when)| {
                let entity = self.entity.name();
                format!(
                    "CREATE TRIGGER murmur_note_{table}_{act}_{row} AFTER {act} ON {table} {when} BEGIN \
                     INSERT INTO murmur_changes (entity, key) \
                     VALUES ('{entity}', CAST({row}.{key} AS TEXT)); END;"
                )
            })
            .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::snapshot::tests::old_database;

    fn changes(source: &Source) -> Vec<String> {
        let sql = "SELECT entity || ' ' || key FROM murmur_changes ORDER BY number";
        let mut query = source.connection.prepare(sql).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn every_change_is_noted_by_the_row_that_it_is_about() {
        let (_folder, mut source) = old_database();
        source.prepare("one").unwrap();
        assert_eq!(source.mark().unwrap(), Some(Mark { import: "one".into(), is_moved: false }));
        assert!(changes(&source).is_empty());
        let write = |sql: &str| source.connection.execute_batch(sql).unwrap();
        write("UPDATE customers SET city = 'York' WHERE id = 'ann'");
        write("INSERT INTO order_lines VALUES ('1', 9, 'mug', 1, 2.5)");
        write("UPDATE stock SET on_hand = 4 WHERE sku = 'mug'");
        write(
            "DELETE FROM payments WHERE id = 1; INSERT INTO payments VALUES (7, '1', 2, '2011-01-01')",
        );
        write("PRAGMA foreign_keys = OFF; UPDATE products SET sku = 'cup' WHERE sku = 'mug'");
        let mut all = changes(&source);
        // Which of two triggers is first, SQLite does not say.
        all[5..].sort();
        let noted = ["customer ann", "order 1", "stock mug", "payment 1", "payment 7"];
        assert_eq!(all[..5], noted);
        assert_eq!(all[5..], ["product cup", "product mug"]);
        assert_eq!(source.last_change().unwrap(), 7);
        source.forget_changes(6).unwrap();
        assert_eq!((changes(&source).len(), source.last_change().unwrap()), (1, 7));
    }

    #[test]
    fn a_database_that_was_left_refuses_every_write_and_is_still_read() {
        let (_folder, mut source) = old_database();
        source.prepare("one").unwrap();
        assert!(!source.refuses_writes().unwrap());
        source.refuse_writes().unwrap();
        source.refuse_writes().unwrap();
        assert!(source.refuses_writes().unwrap());
        for table in TABLES {
            let column = table.columns[0];
            for sql in [
                format!("DELETE FROM {}", table.name),
                format!("UPDATE {} SET {column} = {column}", table.name),
                format!("INSERT INTO {0} SELECT * FROM {0}", table.name),
            ] {
                let refused = source.connection.execute_batch(&sql).unwrap_err().to_string();
                assert!(refused.contains("this database was left"), "{sql}: {refused}");
            }
        }
        source.set_moved().unwrap();
        assert!(source.mark().unwrap().unwrap().is_moved);
    }
}
