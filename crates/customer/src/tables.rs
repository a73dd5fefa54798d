//! The one table: each customer's newest state, as its event carries it.

use contracts::Id;
use contracts::events::Customer;
use engine::{Read, StateError, Write, params};

/// The steps that make this service's tables.
pub const MIGRATIONS: &[&str] = &["
    CREATE TABLE customer (
        id      TEXT PRIMARY KEY,
        -- Sequence of the event that made this state.
        version INTEGER NOT NULL,
        -- JSON, as in that event.
        state   BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// The customer of that id, and the version.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn find(state: &Read<'_>, id: &Id) -> Result<Option<(u64, Customer)>, StateError> {
    let sql = "SELECT version, state FROM customer WHERE id = ?1";
    let found = state.one(sql, [id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.map(parse).transpose()
}

/// At most `limit` customers with ids above `after`, in the order of their ids.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn page(
    state: &Read<'_>,
    after: &str,
    limit: usize,
) -> Result<Vec<(u64, Customer)>, StateError> {
    let sql = "SELECT version, state FROM customer WHERE id > ?1 ORDER BY id LIMIT ?2";
    let rows = state.all(sql, params![after, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.into_iter().map(parse).collect()
}

pub(crate) fn insert(
    write: &mut Write<'_>,
    version: u64,
    customer: &Customer,
) -> Result<(), StateError> {
    let sql = "INSERT INTO customer (id, version, state) VALUES (?1, ?2, ?3)";
    let values = params![customer.id.as_str(), version, to_json(customer)?];
    write.change_one("registering a customer", sql, values)
}

pub(crate) fn update(
    write: &mut Write<'_>,
    version: u64,
    customer: &Customer,
) -> Result<(), StateError> {
    let sql = "UPDATE customer SET version = ?2, state = ?3 WHERE id = ?1";
    let values = params![customer.id.as_str(), version, to_json(customer)?];
    write.change_one("changing a customer", sql, values)
}

fn to_json(customer: &Customer) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec(customer).map_err(|error| StateError::Contradiction(error.to_string()))
}

fn parse((version, json): (u64, Vec<u8>)) -> Result<(u64, Customer), StateError> {
    let damaged =
        |error| StateError::Contradiction(format!("a stored customer is damaged: {error}"));
    Ok((version, serde_json::from_slice(&json).map_err(damaged)?))
}
