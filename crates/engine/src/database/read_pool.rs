//! Read-only connections for queries beside the writer.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::open_to_read;
use crate::state::{Read, StateError};

/// Connections that are kept open; more are opened under load and closed again.
const IDLE_CONNECTIONS_MAX: usize = 8;

/// Read-only connections to one database file. Each query sees one consistent, committed state.
#[derive(Debug)]
pub struct ReadPool {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl ReadPool {
    /// A pool over the database `file`; opens nothing yet.
    #[must_use]
    pub fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), idle: Mutex::new(Vec::new()) }
    }

    /// Runs a query, or several over the same state.
    ///
    /// # Errors
    /// When the database cannot be opened or read, and what the query itself says.
    pub fn read<T>(
        &self,
        query: impl FnOnce(&Read<'_>) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match taken {
            Some(connection) => connection,
            None => open_to_read(&self.file)?,
        };
        let snapshot = connection.unchecked_transaction()?;
        let found = query(&Read::new(&snapshot))?;
        snapshot.finish()?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_CONNECTIONS_MAX {
            idle.push(connection);
        }
        Ok(found)
    }
}
