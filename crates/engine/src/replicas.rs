//! Replicas: another service's state, kept here by folding its events. An owner of a replicated
//! stream publishes the whole new state with each event, so that the newest event is the state.

use contracts::events::{Customer, Product};
use contracts::{Event, Id, Kind, Service, StoredEvent};
use rusqlite::params;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::state::{Read, StateError, Write};

/// State that can be replicated.
pub trait Replicated: Serialize + DeserializeOwned {
    /// Whose state it is.
    const OWNER: Service;
}

impl Replicated for Customer {
    const OWNER: Service = Service::Customer;
}

impl Replicated for Product {
    const OWNER: Service = Service::Product;
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

/// Folds one event of a replicated stream. Says whether it changed the replica.
#[expect(clippy::wildcard_enum_match_arm, reason = "only two streams can be replicated")]
pub(crate) fn fold(write: &mut Write<'_>, event: &StoredEvent) -> Result<bool, StateError> {
    match &event.event {
        Event::CustomerRegistered(state)
        | Event::CustomerChanged(state)
        | Event::CustomerClosed(state) => put(write, event, state).map(|()| true),
        Event::ProductListed(state)
        | Event::ProductChanged(state)
        | Event::ProductDiscontinued(state) => put(write, event, state).map(|()| true),
        other if other.kind() == Kind::recovered(other.kind().service()) => Ok(false),
        other => Err(StateError::Contradiction(format!("{} is no replica's state", other.kind()))),
    }
}

fn put<T: Replicated>(
    write: &mut Write<'_>,
    event: &StoredEvent,
    state: &T,
) -> Result<(), StateError> {
    let json = serde_json::to_vec(state);
    let json = json.map_err(|error| StateError::Contradiction(error.to_string()))?;
    let sql = "INSERT INTO replica (stream, id, version, state) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (stream, id) DO UPDATE
               SET version = excluded.version, state = excluded.state";
    let id = event.headers.id.as_str();
    write.execute(sql, params![T::OWNER.stream(), id, event.headers.sequence, json]).map(|_| ())
}

fn parse<T: Replicated>(json: &[u8]) -> Result<T, StateError> {
    serde_json::from_slice(json)
        .map_err(|error| StateError::Contradiction(format!("a replica is damaged: {error}")))
}
