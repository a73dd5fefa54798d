//! Durable timers: set and cleared by the application of events, so that they are restored with
//! the state.

use protocol::{Id, Timestamp};
use rusqlite::params;

use crate::seeded::{self, Bug};
use crate::state::{Read, StateError, Write};

/// A timer that is set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// Its name in the choreography.
    pub name: String,
    /// What it is about.
    pub id: Id,
    /// When it is due.
    pub due: Timestamp,
}

/// What must hold before a deadline may fire: an outage must not cancel orders whose good news lies
/// unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The broker is there.
    pub connected: bool,
    /// Every own row is acknowledged, and no input waits to be decided.
    pub drained: bool,
    /// Every foreign stream has been decided up to an end that was seen since the connection came.
    pub caught_up: bool,
}

impl Quiet {
    /// Whether timers may fire now.
    #[must_use]
    pub fn timers_may_fire(self) -> bool {
        (self.connected && self.drained && self.caught_up) || seeded::on(Bug::DeadlinesBeforeNews)
    }
}

impl Write<'_> {
    /// Sets the durable timer `name` of `id`, replacing an earlier one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_timer(
        &mut self,
        name: &'static str,
        id: &Id,
        due: Timestamp,
    ) -> Result<(), StateError> {
        set(self, name, id, due)
    }

    /// Clears the durable timer `name` of `id`, if it is set.
    ///
    /// # Errors
    /// When the database fails.
    pub fn clear_timer(&mut self, name: &'static str, id: &Id) -> Result<(), StateError> {
        clear(self, name, id)
    }
}

/// At most `limit` timers that are due, the longest overdue first.
///
/// # Errors
/// When the database cannot be read, or holds what is no timer.
pub fn due(state: &Read<'_>, now: Timestamp, limit: u32) -> Result<Vec<Timer>, StateError> {
    let sql = "SELECT name, id, due FROM timer WHERE due <= ?1 ORDER BY due, name, id LIMIT ?2";
    let rows = state.all(sql, params![now.micros(), limit], |row| {
        Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))
    })?;
    let timer = |(name, id, due): (String, String, i64)| {
        let id = id.parse().map_err(|_| StateError::Contradiction(format!("timer of {id:?}")))?;
        Ok(Timer { name, id, due: Timestamp::from_micros(due) })
    };
    rows.into_iter().map(timer).collect()
}

/// When the next timer is due, if one is set.
///
/// # Errors
/// When the database cannot be read.
pub fn next_due(state: &Read<'_>) -> Result<Option<Timestamp>, StateError> {
    let next: Option<Option<i64>> =
        state.one("SELECT min(due) FROM timer", [], |row| row.get(0))?;
    Ok(next.flatten().map(Timestamp::from_micros))
}

/// How many timers are set.
///
/// # Errors
/// When the database cannot be read.
pub fn count(state: &Read<'_>) -> Result<u64, StateError> {
    Ok(state.one("SELECT count(*) FROM timer", [], |row| row.get(0))?.unwrap_or(0))
}

/// Whether exactly this timer is set.
pub(crate) fn is_set(state: &Read<'_>, timer: &Timer) -> Result<bool, StateError> {
    let sql = "SELECT 1 FROM timer WHERE name = ?1 AND id = ?2 AND due = ?3";
    let values = params![timer.name, timer.id.as_str(), timer.due.micros()];
    Ok(state.one(sql, values, |_| Ok(()))?.is_some())
}

pub(crate) fn set(
    write: &mut Write<'_>,
    name: &str,
    id: &Id,
    due: Timestamp,
) -> Result<(), StateError> {
    let sql = "INSERT INTO timer (name, id, due) VALUES (?1, ?2, ?3)
               ON CONFLICT (name, id) DO UPDATE SET due = excluded.due";
    write.execute(sql, params![name, id.as_str(), due.micros()]).map(|_| ())
}

pub(crate) fn clear(write: &mut Write<'_>, name: &str, id: &Id) -> Result<(), StateError> {
    write.execute("DELETE FROM timer WHERE name = ?1 AND id = ?2", [name, id.as_str()]).map(|_| ())
}
