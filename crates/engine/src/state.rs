//! The state of a service inside one transaction: what decisions read and what events change.

use rusqlite::{Connection, OptionalExtension, Params, Row};

/// The state as a decision or a query sees it. Changes nothing: a statement that would write is
/// refused.
#[derive(Clone, Copy)]
pub struct Read<'tx> {
    connection: &'tx Connection,
}

/// The state as the application of an event sees it.
pub struct Write<'tx> {
    read: Read<'tx>,
}

/// Why state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database failed: nothing more can be done in this process.
    #[error("the database failed: {0}")]
    Database(#[source] rusqlite::Error),
    /// There is no more room: nothing more can be done in this process. What was committed stays.
    #[error(
        "the database is full: free space on the disk or raise --database-bytes-max, and start again"
    )]
    Full,
    /// The input at hand cannot be handled in this state. The database is well.
    #[error("{0}")]
    Contradiction(String),
}

impl<'tx> Read<'tx> {
    /// Reads through this connection and whatever transaction is open on it.
    #[must_use]
    pub const fn new(connection: &'tx Connection) -> Self {
        Self { connection }
    }

    /// The one row that a query finds, if there is one.
    ///
    /// # Errors
    /// When the query fails or would write.
    pub fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StateError> {
        let mut statement = self.statement(sql)?;
        Ok(statement.query_row(params, map).optional()?)
    }

    /// All rows that a query finds.
    ///
    /// # Errors
    /// When the query fails or would write.
    pub fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StateError> {
        let mut statement = self.statement(sql)?;
        let rows = statement.query_map(params, map)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn statement(&self, sql: &str) -> Result<rusqlite::CachedStatement<'tx>, StateError> {
        let statement = self.connection.prepare_cached(sql)?;
        if !statement.readonly() {
            return Err(StateError::Contradiction(format!("a read may not write: {sql}")));
        }
        Ok(statement)
    }
}

impl<'tx> Write<'tx> {
    /// Writes through this connection and the transaction that is open on it.
    pub(crate) const fn new(connection: &'tx Connection) -> Self {
        Self { read: Read::new(connection) }
    }

    /// The same state, to read.
    #[must_use]
    pub const fn read(&self) -> Read<'tx> {
        self.read
    }

    /// Runs one writing statement and says how many rows it changed.
    ///
    /// # Errors
    /// When it fails; a violated constraint is a contradiction, anything else the database's failure.
    pub fn execute(&mut self, sql: &str, params: impl Params) -> Result<usize, StateError> {
        Ok(self.read.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// Runs one writing statement that must change exactly one row.
    ///
    /// # Errors
    /// When it fails, or changes none or many: `what` then says what was contradicted.
    pub fn change_one(
        &mut self,
        what: &str,
        sql: &str,
        params: impl Params,
    ) -> Result<(), StateError> {
        match self.execute(sql, params)? {
            1 => Ok(()),
            changed => Err(StateError::Contradiction(format!("{what}: {changed} rows changed"))),
        }
    }
}

impl From<rusqlite::Error> for StateError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation) => {
                Self::Contradiction(error.to_string())
            }
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Database(error),
        }
    }
}
