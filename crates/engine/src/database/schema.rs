//! The tables of the engine and of the service, each with its version, and whose they are.

use protocol::{HistoryId, Service};
use rusqlite::{Connection, TransactionBehavior};

use crate::state::{Read, StateError, Write};

/// The engine's own tables, as numbered steps. Steps are only ever added.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE outbox (
        sequence INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        subject TEXT NOT NULL,
        headers TEXT NOT NULL,
        payload BLOB NOT NULL,
        chain BLOB NOT NULL
    ) STRICT;
    CREATE INDEX outbox_by_id ON outbox (id);
    CREATE TABLE position (
        stream TEXT PRIMARY KEY,
        folded INTEGER NOT NULL,
        folded_chain TEXT NOT NULL,
        decided INTEGER NOT NULL,
        decided_chain TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE replica (
        stream TEXT NOT NULL,
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        state BLOB NOT NULL,
        PRIMARY KEY (stream, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE timer (
        name TEXT NOT NULL,
        id TEXT NOT NULL,
        due INTEGER NOT NULL,
        PRIMARY KEY (name, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX timer_by_due ON timer (due);
    CREATE TABLE idempotency (
        key TEXT PRIMARY KEY,
        request_hash TEXT NOT NULL,
        sequence INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

const META: &str = "CREATE TABLE IF NOT EXISTS meta (
    key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID";

/// Why a database is not one that this build may use.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// It is another service's.
    #[error("this database belongs to the service {found:?}, not to {wanted}: check --data")]
    OtherService {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: Service,
    },
    /// It was written by a newer build.
    #[error(
        "the database has version {found} of the {tables} tables, this build knows up to {known}: \
         run the newer build again; nothing was changed"
    )]
    Newer {
        /// The engine's or the service's.
        tables: &'static str,
        /// The version found.
        found: usize,
        /// The newest version that this build knows.
        known: usize,
    },
    /// A step failed, or the tables of versions cannot be read.
    #[error("the database cannot be brought to this version: {0}")]
    Failed(#[from] StateError),
}

/// Brings the database to this build's version, in one transaction.
pub(super) fn prepare(
    connection: &mut Connection,
    service: Service,
    migrations: &[&str],
) -> Result<(), SchemaError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(StateError::from)?;
    let mut write = Write::new(&transaction);
    write.execute(META, [])?;
    match value(&write.read(), "service")? {
        Some(found) if found == service.name() => {}
        Some(found) => return Err(SchemaError::OtherService { found, wanted: service }),
        None => set(&mut write, "service", service.name())?,
    }
    migrate(&transaction, "engine", MIGRATIONS)?;
    migrate(&transaction, "service", migrations)?;
    transaction.commit().map_err(StateError::from)?;
    Ok(())
}

/// Whether a newer build than this one wrote it.
pub(super) fn is_newer(state: &Read<'_>, migrations: &[&str]) -> Result<bool, StateError> {
    let engine = version(state, "engine")? > MIGRATIONS.len();
    Ok(engine || version(state, "service")? > migrations.len())
}

/// The name of the service whose database this is.
pub(crate) fn service(state: &Read<'_>) -> Result<Option<String>, StateError> {
    value(state, "service")
}

/// The history that this database tells, if it has begun.
pub(crate) fn history(state: &Read<'_>) -> Result<Option<HistoryId>, StateError> {
    let Some(text) = value(state, "history")? else { return Ok(None) };
    let wrong = |error| StateError::Contradiction(format!("the history id is damaged: {error}"));
    text.parse().map(Some).map_err(wrong)
}

/// Begins a history in this database.
pub(crate) fn set_history(write: &mut Write<'_>, history: HistoryId) -> Result<(), StateError> {
    set(write, "history", &history.to_string())
}

/// Whether rows were restored without the `recovered` row that has to follow them.
pub(crate) fn is_restoring(state: &Read<'_>) -> Result<bool, StateError> {
    Ok(value(state, "restoring")?.is_some_and(|text| text == "yes"))
}

/// Notes whether a `recovered` row is still owed.
pub(crate) fn set_restoring(write: &mut Write<'_>, restoring: bool) -> Result<(), StateError> {
    set(write, "restoring", if restoring { "yes" } else { "no" })
}

/// The message of the own stream that was found damaged, if one was.
pub(crate) fn corrupt_message(state: &Read<'_>) -> Result<Option<u64>, StateError> {
    Ok(value(state, "suspect")?.and_then(|text| text.parse().ok()).filter(|message| *message > 0))
}

/// Notes which message of the own stream was found damaged; 0 for none any more.
pub(crate) fn set_corrupt_message(write: &mut Write<'_>, message: u64) -> Result<(), StateError> {
    set(write, "suspect", &message.to_string())
}

fn migrate(
    connection: &Connection,
    tables: &'static str,
    steps: &[&str],
) -> Result<(), SchemaError> {
    let mut write = Write::new(connection);
    let found = version(&write.read(), tables)?;
    if found > steps.len() {
        return Err(SchemaError::Newer { tables, found, known: steps.len() });
    }
    for step in &steps[found..] {
        connection.execute_batch(step).map_err(StateError::from)?;
    }
    if found < steps.len() {
        set(&mut write, &version_key(tables), &steps.len().to_string())?;
    }
    Ok(())
}

fn version(state: &Read<'_>, tables: &str) -> Result<usize, StateError> {
    let found = value(state, &version_key(tables))?;
    Ok(found.and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn version_key(tables: &str) -> String {
    format!("{tables}_version")
}

fn value(state: &Read<'_>, key: &str) -> Result<Option<String>, StateError> {
    state.one("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
}

fn set(write: &mut Write<'_>, key: &str, value: &str) -> Result<(), StateError> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2)
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    write.execute(sql, [key, value]).map(|_| ())
}
