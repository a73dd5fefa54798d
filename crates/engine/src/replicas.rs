//! Replicas: another service's state, kept here by folding its events. An owner of a replicated
//! stream publishes the whole new state with each event, so that the newest event is the state.

use protocol::{Event, Id, Replicated, Service, StoredEvent};
use rusqlite::params;

use crate::state::{Read, StateError, Write};

/// The state of another's entity, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredState {
    /// Whose entity it is.
    pub owner: Service,
    /// Its id.
    pub id: Id,
    /// The sequence of the event that carried the state.
    pub version: u64,
    /// The state, as JSON.
    pub state: Vec<u8>,
}

impl Read<'_> {
    /// The replica's state of `id`, and its version: the sequence of the event that carried it.
    ///
    /// # Errors
    /// When the database fails, or the state is not of this type.
    pub fn replica<T: Replicated>(&self, id: &Id) -> Result<Option<(u64, T)>, StateError> {
        find(self, id)
    }
}

/// The replica's state of `id` and its version.
///
/// # Errors
/// When the database fails, or the stored state is not of this type.
pub fn find<T: Replicated>(state: &Read<'_>, id: &Id) -> Result<Option<(u64, T)>, StateError> {
    let sql = "SELECT version, state FROM replica WHERE stream = ?1 AND id = ?2";
    let found = state.one(sql, [T::OWNER.stream(), id.as_str()], |row| {
        Ok((row.get::<_, u64>(0)?, row.get::<_, Vec<u8>>(1)?))
    })?;
    found.map(|(version, json)| Ok((version, parse(&json)?))).transpose()
}

/// The whole replica, ordered by id.
///
/// # Errors
/// When the database fails, or a stored state is not of this type.
pub fn all<T: Replicated>(state: &Read<'_>) -> Result<Vec<(u64, T)>, StateError> {
    let sql = "SELECT version, state FROM replica WHERE stream = ?1 ORDER BY id";
    let rows = state.all(sql, [T::OWNER.stream()], |row| {
        Ok((row.get::<_, u64>(0)?, row.get::<_, Vec<u8>>(1)?))
    })?;
    rows.into_iter().map(|(version, json)| Ok((version, parse(&json)?))).collect()
}

/// Everything that is replicated.
///
/// # Errors
/// When the database fails, or holds what no replica is.
pub fn stored(state: &Read<'_>) -> Result<Vec<StoredState>, StateError> {
    let sql = "SELECT stream, id, version, state FROM replica";
    let rows = state.all(sql, [], |row| {
        let named: (String, String) = (row.get(0)?, row.get(1)?);
        Ok((named, row.get::<_, u64>(2)?, row.get::<_, Vec<u8>>(3)?))
    })?;
    let damaged = || StateError::Contradiction("the name of a replica is damaged".to_owned());
    let named = |((stream, id), version, state): ((String, String), u64, Vec<u8>)| {
        let owner = Service::of_stream(&stream).ok_or_else(damaged)?;
        let id = id.parse().map_err(|_| damaged())?;
        Ok(StoredState { owner, id, version, state })
    };
    rows.into_iter().map(named).collect()
}

/// The state that an event of a replicated stream carries: all of its content.
///
/// # Errors
/// When it cannot be written as JSON, which is a mistake in its type.
pub fn state_in<E: Event>(event: &StoredEvent<E>) -> Result<Vec<u8>, StateError> {
    let state = event.event.to_payload();
    state.map_err(|error| StateError::Contradiction(error.to_string()))
}

/// Folds one event of a replicated stream. Says whether it changed the replica.
pub(crate) fn fold<E: Event>(
    write: &mut Write<'_>,
    event: &StoredEvent<E>,
) -> Result<bool, StateError> {
    let kind = event.headers.kind;
    if kind.is_recovered() {
        return Ok(false);
    }
    let state = state_in(event)?;
    let sql = "INSERT INTO replica (stream, id, version, state) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (stream, id) DO UPDATE
               SET version = excluded.version, state = excluded.state";
    let (service, id) = (kind.service(), event.headers.id.as_str());
    write.execute(sql, params![service.stream(), id, event.headers.sequence, state])?;
    Ok(true)
}

/// Forgets what was folded of a stream: it is folded anew.
pub(crate) fn forget(write: &mut Write<'_>, stream: Service) -> Result<(), StateError> {
    write.execute("DELETE FROM replica WHERE stream = ?1", [stream.stream()]).map(|_| ())
}

/// A state from its JSON.
///
/// # Errors
/// When it is not of this type.
pub fn parse<T: Replicated>(json: &[u8]) -> Result<T, StateError> {
    serde_json::from_slice(json)
        .map_err(|error| StateError::Contradiction(format!("a replica is damaged: {error}")))
}
