//! The database of one service: SQLite in WAL mode, one writer, every commit on the disk.

pub mod comparison;
pub(crate) mod copies;
pub mod image;
pub mod owner;
pub mod read_pool;
pub mod schema;
pub mod snapshots;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use protocol::{HistoryId, Service};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::state::{Read, StateError, Write};
use owner::{NotOwner, Owner};
use schema::SchemaError;
use snapshots::Snapshots;

pub use owner::Aside;
pub use read_pool::ReadPool;

/// Statements that are kept prepared. More than all of the engine's and a service's together.
const STATEMENTS_CACHED: usize = 128;

/// Bytes of a page. A commit writes each page that it touches whole, and a handful of rows touches a dozen:
/// at SQLite's default of 4,096 bytes, twice as much is written for an order. A new database has this size;
/// one that is there keeps its own.
const PAGE_BYTES: u32 = 1_024;

/// Memory for pages. Not more than is of use: a commit after which two pages of a tree have changed places
/// (`balance_nonroot`) walks through all of SQLite's table of cached pages, which took a sixth of a writer's
/// time with 16 MiB of them.
const CACHE_KIB: i32 = 2 * 1_024;

/// The same while rows are restored: a batch of these touches more pages, and what does not fit is written
/// twice.
const RESTORING_CACHE_KIB: i32 = 16 * 1_024;

/// Pages that the write-ahead log may have before they are written back: 4 MiB, as with pages of the
/// default size.
const LOG_PAGES_MAX: u32 = 4_096;

/// The same while rows are restored: 64 MiB. Batch after batch touches the same pages of the indexes, and
/// each is written back once.
const RESTORING_LOG_PAGES_MAX: u32 = 65_536;

/// SQLite from 3.7.0 to 3.51.2 can lose a WAL reset between two connections.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// The one writing connection to a service's database, and the proof that it is the only one.
#[derive(Debug)]
pub struct Database {
    pub(crate) connection: Connection,
    owner: Option<Owner>,
    began_as_snapshot: Option<u64>,
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or file cannot be used.
    #[error("cannot use {path}: {source}")]
    Io {
        /// What was to be used.
        path: PathBuf,
        /// Why it cannot be.
        source: std::io::Error,
    },
    /// Another process owns it.
    #[error(transparent)]
    Owned(#[from] NotOwner),
    /// It belongs to another service or another version.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// SQLite is older than what is known to be safe.
    #[error("the SQLite library is {0}, 3.51.3 or newer is needed: build with the bundled one")]
    Library(String),
    /// SQLite failed.
    #[error("cannot open the database {path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// The file of a service's database inside its folder.
#[must_use]
pub fn file_in(folder: &Path, service: Service) -> PathBuf {
    folder.join(format!("{service}.db"))
}

impl Database {
    /// Opens the database of `service` in `folder`, and makes both if they do not exist. The lock
    /// is the file `<folder>.lock`, beside the folder and not in it.
    ///
    /// # Errors
    /// When another process owns it, when it belongs to another service or a newer version, or when
    /// it cannot be used at all.
    pub fn open(folder: &Path, service: Service, migrations: &[&str]) -> Result<Self, OpenError> {
        Self::open_or(folder, service, migrations, |_| None)
    }

    /// The same; one that does not exist begins as its newest snapshot.
    ///
    /// # Errors
    /// As [`Database::open`]. A snapshot that cannot be used is left out, and says so in the log.
    pub fn begin(
        folder: &Path,
        service: Service,
        migrations: &[&str],
        snapshots: &Snapshots,
    ) -> Result<Self, OpenError> {
        Self::open_or(folder, service, migrations, |file| snapshots.begin(file, migrations))
    }

    fn open_or(
        folder: &Path,
        service: Service,
        migrations: &[&str],
        begin: impl FnOnce(&Path) -> Option<u64>,
    ) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { path: folder.to_owned(), source };
        if rusqlite::version_number() < SQLITE_VERSION_MIN {
            return Err(OpenError::Library(rusqlite::version().to_owned()));
        }
        let lock = owner::lock(folder)?;
        // What is in it is people's, and nobody else's on this machine.
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        let file = file_in(folder, service);
        let began_as_snapshot = if file.exists() { None } else { begin(&file) };
        let sqlite = |source| OpenError::Sqlite { path: file.clone(), source };
        let mut connection = Connection::open(&file).map_err(sqlite)?;
        configure(&connection).map_err(sqlite)?;
        schema::prepare(&mut connection, service, migrations)?;
        Ok(Self { connection, owner: Some(Owner::of(lock, &file)?), began_as_snapshot })
    }

    /// A database that lives and dies with this value, for tests and simulation.
    ///
    /// # Errors
    /// When a migration fails.
    pub fn in_memory(service: Service, migrations: &[&str]) -> Result<Self, OpenError> {
        let sqlite = |source| OpenError::Sqlite { path: ":memory:".into(), source };
        let mut connection = Connection::open_in_memory().map_err(sqlite)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        schema::prepare(&mut connection, service, migrations)?;
        Ok(Self { connection, owner: None, began_as_snapshot: None })
    }

    /// The row of the snapshot that it began as, if it did when it was opened.
    #[must_use]
    pub const fn began_as_snapshot(&self) -> Option<u64> {
        self.began_as_snapshot
    }

    /// The committed state, to read.
    #[must_use]
    pub fn read(&self) -> Read<'_> {
        Read::new(&self.connection)
    }

    /// Writes a whole and consistent copy to `file`, which must not exist.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub fn copy_to(&self, file: &Path) -> Result<(), StateError> {
        copy(&self.connection, file)
    }

    /// Which history this database tells; none before the first start or a restoring.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn history(&self) -> Result<Option<HistoryId>, StateError> {
        schema::history(&self.read())
    }

    /// Lets the database grow up to about this many bytes, its write-ahead log not counted. Beyond,
    /// writing fails as it does on a full disk. What is there already stays.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn limit_bytes(&self, bytes_max: u64) -> Result<(), StateError> {
        let page_bytes: u64 =
            self.connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages_max = i64::try_from(bytes_max / page_bytes.max(1)).unwrap_or(i64::MAX).max(1);
        // SQLite answers with the limit that holds now; it never goes below what is there.
        self.connection
            .query_row(&format!("PRAGMA max_page_count = {pages_max}"), [], |_| Ok(()))?;
        Ok(())
    }

    /// Whether the open file is still the file at the path. After its folder was removed SQLite
    /// goes on writing into nowhere.
    ///
    /// # Errors
    /// When it is not.
    pub fn check_still_owner(&self) -> Result<(), NotOwner> {
        self.owner.as_ref().map_or(Ok(()), Owner::check)
    }

    /// Whether many rows are about to be written at once: the log may then grow, and is written back and
    /// cut in the end.
    pub(crate) fn expect_many(&self, many: bool) -> Result<(), StateError> {
        let (pages, cache) = if many {
            (RESTORING_LOG_PAGES_MAX, RESTORING_CACHE_KIB)
        } else {
            (LOG_PAGES_MAX, CACHE_KIB)
        };
        self.connection.pragma_update(None, "wal_autocheckpoint", pages)?;
        Ok(set_cache(&self.connection, cache)?)
    }

    /// Runs `work` in one immediate transaction; commits if it succeeds and changes nothing if not.
    pub(crate) fn transaction<T, E: From<StateError>>(
        &mut self,
        work: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let begin = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begin.map_err(StateError::from)?;
        let done = work(&mut Write::new(&transaction))?;
        transaction.commit().map_err(StateError::from)?;
        Ok(done)
    }
}

/// Whose database this is, and which history it tells. Reads the same of a database that
/// [`Database::open`] refuses.
///
/// # Errors
/// When it cannot be read.
pub fn identity(state: &Read<'_>) -> Result<(Option<String>, Option<HistoryId>), StateError> {
    Ok((schema::service(state)?, schema::history(state)?))
}

/// Opens a database to read only, as its readers and an auditor do.
///
/// # Errors
/// When the file does not exist or cannot be opened.
pub fn open_to_read(file: &Path) -> Result<Connection, StateError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(connection)
}

/// Writes a whole and consistent copy of what a connection sees. One that fails is not left behind: it may have
/// filled the disk, and is no copy.
fn copy(connection: &Connection, file: &Path) -> Result<(), StateError> {
    let is_new = !file.exists();
    let name = file.to_string_lossy();
    let copied = connection.execute("VACUUM INTO ?1", [name.as_ref()]);
    if copied.is_err() && is_new {
        drop(std::fs::remove_file(file));
    }
    Ok(copied.map(drop)?)
}

fn set_cache(connection: &Connection, kib: i32) -> rusqlite::Result<()> {
    // Negative: in KiB, not in pages.
    connection.pragma_update(None, "cache_size", -kib)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_MAX)?;
    connection.pragma_update(None, "journal_size_limit", LOG_PAGES_MAX * PAGE_BYTES)?;
    set_cache(connection, CACHE_KIB)?;
    // NORMAL may lose commits that were already published.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")
}

#[cfg(test)]
mod tests;
