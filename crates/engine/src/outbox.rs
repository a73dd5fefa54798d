//! The outbox: every own event, kept for ever. Row N is message N of the service's stream.
//!
//! Only the database is here; who publishes the rows is in [`crate::relay`].

use protocol::{Chain, ForeignRows, Headers, Id, Kind, Position, Recovered, Row, Service};
use rusqlite::params;

use crate::precondition::Validators;
use crate::state::{Read, StateError, Write};

/// Largest row that may be appended, in bytes of subject, headers and payload together. A broker
/// takes 1 MiB by default, headers included: a row above that would block its stream for ever.
pub const ROW_BYTES_MAX: usize = 960 * 1024;

const COLUMNS: &str = "sequence, subject, headers, payload, chain";

/// The last row's position; before the first row when there is none.
///
/// # Errors
/// When the database cannot be read.
pub fn head(state: &Read<'_>) -> Result<Position, StateError> {
    let sql = "SELECT sequence, chain FROM outbox ORDER BY sequence DESC LIMIT 1";
    let found =
        state.one(sql, [], |row| Ok(Position { sequence: row.get(0)?, chain: chain(row, 1)? }))?;
    Ok(found.unwrap_or_default())
}

/// The row of that number.
///
/// # Errors
/// When the database cannot be read.
pub fn row(state: &Read<'_>, sequence: u64) -> Result<Option<Row>, StateError> {
    state.one(&format!("SELECT {COLUMNS} FROM outbox WHERE sequence = ?1"), [sequence], to_row)
}

/// The number of the last row with which a process of this service has taken the end of the stream;
/// 0 if none has.
///
/// # Errors
/// When the database cannot be read.
pub fn last_recovered(state: &Read<'_>, service: Service) -> Result<u64, StateError> {
    let subject = format!("{}.{service}", Kind::recovered(service).name());
    let sql = "SELECT max(sequence) FROM outbox WHERE id = ?1 AND subject = ?2";
    let found: Option<Option<u64>> =
        state.one(sql, [service.name(), &subject], |row| row.get(0))?;
    Ok(found.flatten().unwrap_or(0))
}

/// What a service has ever taken out of its stream because somebody else had written it.
///
/// # Errors
/// When the database cannot be read.
pub fn foreign(state: &Read<'_>, service: Service) -> Result<Vec<ForeignRows>, StateError> {
    let mut all = Vec::new();
    for row in recovered(state, service)? {
        for rows in foreign_in(&row) {
            if !all.contains(&rows) {
                all.push(rows);
            }
        }
    }
    Ok(all)
}

/// What a `recovered` row says of foreign ones; nothing where an older build wrote it.
pub(crate) fn foreign_in(recovered: &Row) -> Vec<ForeignRows> {
    let said = serde_json::from_slice::<Recovered>(&recovered.payload);
    said.map(|said| said.foreign).unwrap_or_default()
}

/// All rows with which a process of this service has taken the end of the stream, in order.
fn recovered(state: &Read<'_>, service: Service) -> Result<Vec<Row>, StateError> {
    let subject = format!("{}.{service}", Kind::recovered(service).name());
    let sql =
        format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1 AND subject = ?2 ORDER BY sequence");
    state.all(&sql, [service.name(), &subject], to_row)
}

/// At most `limit` rows from the number `from` on, in order.
///
/// # Errors
/// When the database cannot be read.
pub fn rows(state: &Read<'_>, from: u64, limit: u32) -> Result<Vec<Row>, StateError> {
    let sql =
        format!("SELECT {COLUMNS} FROM outbox WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2");
    state.all(&sql, params![from, limit], to_row)
}

/// All rows about `id`, in order: its audit trail.
///
/// # Errors
/// When the database cannot be read.
pub fn of_id(state: &Read<'_>, id: &Id) -> Result<Vec<Row>, StateError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1 ORDER BY sequence");
    state.all(&sql, [id.as_str()], to_row)
}

/// All rows about any of these, in order.
///
/// # Errors
/// When the database cannot be read.
pub fn of_ids(state: &Read<'_>, ids: &[Id]) -> Result<Vec<Row>, StateError> {
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(of_id(state, id)?);
    }
    rows.sort_unstable_by_key(|row| row.sequence);
    rows.dedup_by_key(|row| row.sequence);
    Ok(rows)
}

/// What tells the state that the row of that number made from others.
///
/// # Errors
/// When the database cannot be read, or the row is missing or damaged.
pub fn validators(state: &Read<'_>, sequence: u64) -> Result<Validators, StateError> {
    let unusable = |reason: String| {
        StateError::Contradiction(format!("outbox row {sequence} cannot be used: {reason}"))
    };
    let row = row(state, sequence)?.ok_or_else(|| unusable("it is missing".to_owned()))?;
    let headers = Headers::parse(&row.headers).map_err(|error| unusable(error.to_string()))?;
    Ok(Validators::of_event(sequence, headers.time))
}

/// Verifies every row from 1: numbers without a gap, and the chain computed over the content.
///
/// # Errors
/// When a row is missing or damaged, naming it, or the database cannot be read.
pub fn verify(state: &Read<'_>) -> Result<Position, StateError> {
    const AT_ONCE: u32 = 1_000;
    let mut position = Position::default();
    loop {
        let rows = rows(state, position.sequence + 1, AT_ONCE)?;
        if rows.is_empty() {
            return Ok(position);
        }
        for row in rows {
            if !row.follows(position) {
                let text = format!("outbox row {} does not follow the one before", row.sequence);
                return Err(StateError::Contradiction(text));
            }
            position = row.position();
        }
    }
}

/// The bytes of a row that count for its limit.
#[must_use]
pub fn bytes_of(row: &Row) -> usize {
    row.subject.len() + row.headers.len() + row.payload.len()
}

/// Appends a row, which must follow `head`.
pub(crate) fn append(
    write: &mut Write<'_>,
    head: Position,
    row: &Row,
    id: &Id,
) -> Result<(), StateError> {
    debug_assert!(row.follows(head), "row {} does not follow {}", row.sequence, head.sequence);
    let size = bytes_of(row);
    if size > ROW_BYTES_MAX {
        let text = format!("an event of {size} bytes is too large, {ROW_BYTES_MAX} is the limit");
        return Err(StateError::Contradiction(text));
    }
    let sql = "INSERT INTO outbox (sequence, id, subject, headers, payload, chain)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![
        row.sequence,
        id.as_str(),
        row.subject,
        row.headers,
        row.payload.as_ref(),
        row.chain.to_bytes()
    ];
    write.execute(sql, values).map(|_| ())
}

fn to_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        sequence: row.get(0)?,
        subject: row.get(1)?,
        headers: row.get(2)?,
        payload: row.get_ref(3)?.as_blob()?.into(),
        chain: chain(row, 4)?,
    })
}

fn chain(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Chain> {
    let bytes = row.get_ref(column)?.as_blob()?;
    Chain::from_bytes(bytes).ok_or_else(|| {
        let text = format!("a chain has no {} bytes", bytes.len());
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Blob, text.into())
    })
}
