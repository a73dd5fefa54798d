//! Images of databases in memory: for tests and simulation, where a store is copied, lost and brought
//! back thousands of times a second. A database in a file is copied with `copy_to`.

use rusqlite::{Connection, MAIN_DB};

use super::{Database, STATEMENTS_CACHED};
use crate::state::StateError;

impl Database {
    /// The whole database as it is committed now.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn image(&mut self) -> Result<Vec<u8>, StateError> {
        Ok(self.connection.serialize(MAIN_DB)?.to_vec())
    }

    /// A database in memory that begins as this image.
    ///
    /// # Errors
    /// When the image cannot be loaded.
    pub fn of_image(image: &[u8]) -> Result<Self, StateError> {
        let mut connection = Connection::open_in_memory()?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        connection.deserialize_read_exact(MAIN_DB, image, image.len(), false)?;
        Ok(Self { connection, owner: None, began_as_snapshot: None })
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use contracts::service;

    #[test]
    fn an_image_is_what_was_committed_and_stays_so() {
        let mut database = Database::in_memory(service::ORDER, &[]).unwrap();
        let set = |database: &Database, value: &str| {
            let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES ('history', ?1)";
            database.connection.execute(sql, [value]).unwrap();
        };
        let history = |database: &Database| database.history().unwrap().map(|id| id.to_string());
        let (before, after) = ("0".repeat(32), "1".repeat(32));
        set(&database, &before);
        let image = database.image().unwrap();
        set(&database, &after);
        let copy = Database::of_image(&image).unwrap();
        assert_eq!(history(&copy), Some(before));
        set(&copy, &"2".repeat(32));
        assert_eq!(history(&database), Some(after));
    }
}
