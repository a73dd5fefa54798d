//! Which requests have been accepted, by the client's key. A part of the fold: the events carry the
//! keys. Refusals are not remembered; they are decided anew.

use protocol::{Headers, Idempotency, Row};
use rusqlite::params;

use crate::outbox;
use crate::state::{Read, StateError, Write};

/// What is known of a key.
#[derive(Debug)]
pub(crate) enum Known {
    /// Nothing: this is the first time.
    New,
    /// This request was accepted: with this row.
    Accepted(Box<Row>),
    /// Another request was accepted with this key, or another caller's.
    Reused,
}

pub(crate) fn look_up(state: &Read<'_>, request: &Idempotency) -> Result<Known, StateError> {
    let sql = "SELECT request_hash, sequence FROM idempotency WHERE key = ?1";
    let found = state.one(sql, [request.key.as_str()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?))
    })?;
    let Some((hash, sequence)) = found else { return Ok(Known::New) };
    if !request.repeats(&hash) {
        return Ok(Known::Reused);
    }
    let missing = || StateError::Contradiction(format!("outbox row {sequence} is missing"));
    outbox::row(state, sequence)?.ok_or_else(missing).map(|row| Known::Accepted(Box::new(row)))
}

pub(crate) fn remember(write: &mut Write<'_>, headers: &Headers) -> Result<(), StateError> {
    let Some(request) = &headers.idempotency else { return Ok(()) };
    let sql = "INSERT INTO idempotency (key, request_hash, sequence) VALUES (?1, ?2, ?3)";
    let values = params![request.key.as_str(), request.request_hash, headers.sequence];
    write.execute(sql, values).map(|_| ())
}
