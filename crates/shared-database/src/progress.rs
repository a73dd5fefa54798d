//! How far an import is, in a small SQLite file of its own.
//!
//! A request is written here before it is sent. Whatever ends the import in between, the next run sends
//! exactly the same once more, under the same idempotency key, so that its effect is there once.

mod notes;

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row};

use crate::item::Entity;

/// The tables. `was_moved` says of a thing that it was in the services at some time, whatever became of a
/// later change; `brought` and `taken` are units of stock.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS import (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL,
        position INTEGER NOT NULL DEFAULT 0,
        is_left INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS items (
        entity TEXT NOT NULL,
        key TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('sent', 'moved', 'refused')),
        was_moved INTEGER NOT NULL DEFAULT 0,
        attempt INTEGER NOT NULL DEFAULT 0,
        wanted TEXT NOT NULL,
        request TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (entity, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS items_by_state ON items (state) WHERE state <> 'moved';
    CREATE TABLE IF NOT EXISTS stock (
        sku TEXT PRIMARY KEY,
        brought INTEGER NOT NULL DEFAULT 0,
        taken INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;";

/// The progress of one import. One process at a time works with it; others may look at it.
#[derive(Debug)]
pub struct Progress {
    // Closed before the lock is: a file that is closed loses the locks of SQLite, too.
    connection: Connection,
    _lock: Option<File>,
    file: PathBuf,
}

/// How long one who looks may keep this one waiting.
const BUSY_FOR: Duration = Duration::from_secs(10);
/// How often is looked whether another process is done with it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What is known of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub state: State,
    /// Whether it was in the services at any time.
    pub was_moved: bool,
    pub wanted: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was sent, and what became of it is not known.
    Sent,
    Moved,
    Refused,
}

/// A thing that was not moved.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Refused {
    pub entity: Entity,
    pub key: String,
    pub reason: String,
}

/// Units of one product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// Brought in by this import.
    pub brought: u64,
    /// Taken by the orders that it has moved.
    pub taken: u64,
}

/// The file that keeps the progress of a database's import, unless another is named.
pub fn file_beside(source: &Path) -> PathBuf {
    let mut name = source.as_os_str().to_owned();
    name.push(".import");
    name.into()
}

impl Progress {
    /// Opens or makes the file, for this process alone. Waits for another one that long.
    ///
    /// # Errors
    /// When another process keeps it, or it is none.
    pub fn open(file: &Path, patience: Duration) -> anyhow::Result<Self> {
        let open = || {
            let lock = locked(file, patience)?;
            let connection = Connection::open(file)?;
            connection.busy_timeout(BUSY_FOR)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.execute_batch(TABLES)?;
            anyhow::Ok(Self { connection, _lock: Some(lock), file: file.to_owned() })
        };
        open().with_context(|| format!("{} cannot be used as the progress", file.display()))
    }

    /// Looks at the progress of an import that another process may be at work with.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub fn look(file: &Path) -> anyhow::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)
            .with_context(|| format!("{} is no progress of an import", file.display()))?;
        connection.busy_timeout(BUSY_FOR)?;
        Ok(Self { connection, _lock: None, file: file.to_owned() })
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The name of the import, if it has begun.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn import(&self) -> rusqlite::Result<Option<String>> {
        self.connection.query_row("SELECT id FROM import", [], |row| row.get(0)).optional()
    }

    /// Begins an import of that name.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(&self, import: &str) -> rusqlite::Result<()> {
        self.connection.execute("INSERT INTO import (one, id) VALUES (1, ?1)", [import])?;
        Ok(())
    }

    /// The number of the last change that was carried over.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn position(&self) -> rusqlite::Result<u64> {
        self.connection.query_row("SELECT position FROM import", [], |row| row.get(0))
    }

    /// Notes up to which change everything was carried over.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_position(&self, position: u64) -> rusqlite::Result<()> {
        self.connection.execute("UPDATE import SET position = ?1", [position])?;
        Ok(())
    }

    /// Whether all was handed over once the old database was left.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_left(&self) -> rusqlite::Result<bool> {
        self.connection.query_row("SELECT is_left FROM import", [], |row| row.get(0))
    }

    /// Notes that it was.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_left(&self) -> rusqlite::Result<()> {
        self.connection.execute("UPDATE import SET is_left = 1", [])?;
        Ok(())
    }

    /// What is known of a thing, if anything is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn known(&self, entity: Entity, key: &str) -> rusqlite::Result<Option<Known>> {
        let sql = "SELECT state, was_moved, wanted FROM items WHERE entity = ?1 AND key = ?2";
        let known = |row: &Row<'_>| {
            let state: String = row.get(0)?;
            Ok(Known { state: State::of_name(&state), was_moved: row.get(1)?, wanted: row.get(2)? })
        };
        self.connection.prepare_cached(sql)?.query_row([entity.name(), key], known).optional()
    }

    /// The keys of all things of a kind that are known.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn keys(&self, entity: Entity) -> rusqlite::Result<Vec<String>> {
        let mut query = self.connection.prepare("SELECT key FROM items WHERE entity = ?1")?;
        query.query_map([entity.name()], |row| row.get(0))?.collect()
    }

    /// The units of a product.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn units(&self, sku: &str) -> rusqlite::Result<Units> {
        let sql = "SELECT brought, taken FROM stock WHERE sku = ?1";
        let units = |row: &Row<'_>| Ok(Units { brought: row.get(0)?, taken: row.get(1)? });
        let found = self.connection.prepare_cached(sql)?.query_row([sku], units).optional()?;
        Ok(found.unwrap_or_default())
    }

    /// How many things of each kind are in the services as they should be.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn moved(&self) -> rusqlite::Result<BTreeMap<Entity, u64>> {
        let sql = "SELECT entity, count(*) FROM items WHERE state = 'moved' GROUP BY entity";
        let mut query = self.connection.prepare(sql)?;
        let counts = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let counts: Vec<_> = counts.collect::<rusqlite::Result<_>>()?;
        let known = |(name, count): (String, u64)| Some((Entity::of_name(&name)?, count));
        Ok(counts.into_iter().filter_map(known).collect())
    }

    /// What was not moved, by kind and key.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn refused(&self) -> rusqlite::Result<Vec<Refused>> {
        let sql = "SELECT entity, key, reason FROM items WHERE state = 'refused' ORDER BY key";
        let mut query = self.connection.prepare(sql)?;
        let rows =
            query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
        let rows: Vec<(String, String, String)> = rows.collect::<rusqlite::Result<_>>()?;
        let refused = |(name, key, reason): (String, String, String)| {
            Some(Refused { entity: Entity::of_name(&name)?, key, reason })
        };
        let mut all: Vec<_> = rows.into_iter().filter_map(refused).collect();
        all.sort_by_key(|refused| refused.entity);
        Ok(all)
    }
}

/// The file, locked for this process. Whatever ends the process, the lock goes with it.
fn locked(file: &Path, patience: Duration) -> anyhow::Result<File> {
    let lock = File::options().create(true).append(true).open(file)?;
    let deadline = Instant::now() + patience;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(LOOK_EVERY);
            }
            Err(TryLockError::WouldBlock) => bail!("another `murmur import` is at work with it"),
        }
    }
}

impl State {
    fn of_name(name: &str) -> Self {
        match name {
            "moved" => Self::Moved,
            "refused" => Self::Refused,
            _ => Self::Sent,
        }
    }
}

#[cfg(test)]
mod tests;
