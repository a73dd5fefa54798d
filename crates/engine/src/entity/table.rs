//! The one table of an owner: each entity's newest state, as its event carries it, as JSON, with the
//! sequence of that event, its version.

use protocol::Id;
use rusqlite::params;

use super::Entity;
use crate::state::{Read, StateError, Write};

/// Where an owner keeps its entities. The table has the columns `version` and `state`, too.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The column of the id.
    pub key: &'static str,
}

/// The entity of that id, and its version.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn find<E: Entity>(state: &Read<'_>, id: &Id) -> Result<Option<(u64, E::State)>, StateError> {
    let Table { name, key } = E::TABLE;
    let sql = format!("SELECT version, state FROM {name} WHERE {key} = ?1");
    let found = state.one(&sql, [id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.map(parse::<E>).transpose()
}

/// At most `limit` entities with ids above `after`, in the order of their ids.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn page<E: Entity>(
    state: &Read<'_>,
    after: &str,
    limit: usize,
) -> Result<Vec<(u64, E::State)>, StateError> {
    let Table { name, key } = E::TABLE;
    let sql = format!("SELECT version, state FROM {name} WHERE {key} > ?1 ORDER BY {key} LIMIT ?2");
    let rows = state.all(&sql, params![after, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.into_iter().map(parse::<E>).collect()
}

pub(super) fn insert<E: Entity>(
    write: &mut Write<'_>,
    version: u64,
    entity: &E::State,
) -> Result<(), StateError> {
    let Table { name, key } = E::TABLE;
    let sql = format!("INSERT INTO {name} ({key}, version, state) VALUES (?1, ?2, ?3)");
    let values = params![E::id(entity).as_str(), version, to_json::<E>(entity)?];
    write.change_one(&format!("creating a {name}"), &sql, values)
}

pub(super) fn update<E: Entity>(
    write: &mut Write<'_>,
    version: u64,
    entity: &E::State,
) -> Result<(), StateError> {
    let Table { name, key } = E::TABLE;
    let sql = format!("UPDATE {name} SET version = ?2, state = ?3 WHERE {key} = ?1");
    let values = params![E::id(entity).as_str(), version, to_json::<E>(entity)?];
    write.change_one(&format!("changing a {name}"), &sql, values)
}

fn to_json<E: Entity>(entity: &E::State) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec(entity).map_err(|error| StateError::Contradiction(error.to_string()))
}

fn parse<E: Entity>((version, json): (u64, Vec<u8>)) -> Result<(u64, E::State), StateError> {
    let damaged = |error| {
        let name = E::TABLE.name;
        StateError::Contradiction(format!("a stored {name} is damaged: {error}"))
    };
    Ok((version, serde_json::from_slice(&json).map_err(damaged)?))
}
