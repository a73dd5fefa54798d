//! P6, within a service: its tables are the fold of its own events. A database that is restored from
//! the whole stream equals the one that has lived through all of it, table by table.

use engine::rusqlite::types::Value;
use engine::{Read, StateError, outbox};
use protocol::Service;

use crate::world::World;

/// Tables that are not folds of the own events: positions and replicas are read, the rest is the
/// process's own memory of how it came here.
const NOT_FOLDED: &[&str] = &["meta", "position", "replica", "version"];

/// Differences that are told of one table.
const DIFFERENCES_MAX: usize = 3;

/// Compares the database of one service, by chance, with its fold.
pub(crate) fn check(world: &mut World, wrong: &mut Vec<String>) {
    let services = world.cast.services();
    let Some(service) = world.env.random.pick(&services).copied() else { return };
    match differences(world, service) {
        Ok(differences) => wrong.extend(differences),
        Err(error) => wrong.push(format!("P6: {service} cannot be folded anew: {error}")),
    }
}

fn differences(world: &World, service: Service) -> Result<Vec<String>, String> {
    let Some(shell) = world.shell(service) else { return Ok(Vec::new()) };
    let rows = outbox::rows(&shell.read(), 1, u32::MAX).map_err(|error| error.to_string())?;
    let folded = world.cast.fold(service, &rows).map_err(|error| error.to_string())?;
    let failed = |error: StateError| error.to_string();
    let mut different = Vec::new();
    for table in tables(&shell.read()).map_err(failed)? {
        if NOT_FOLDED.contains(&table.as_str()) {
            continue;
        }
        let lived = dump(&shell.read(), &table).map_err(failed)?;
        let folded = dump(&folded.read(), &table).map_err(failed)?;
        let differing = lived.iter().filter(|row| !folded.contains(row));
        let missing = folded.iter().filter(|row| !lived.contains(row));
        for row in differing.chain(missing).take(DIFFERENCES_MAX) {
            different
                .push(format!("P6: {service}, table {table}, is no fold of its events: {row}"));
        }
    }
    Ok(different)
}

fn tables(state: &Read<'_>) -> Result<Vec<String>, StateError> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    state.all(sql, [], |row| row.get(0))
}

fn dump(state: &Read<'_>, table: &str) -> Result<Vec<String>, StateError> {
    let mut rows = state.all(&format!("SELECT * FROM {table}"), [], |row| {
        let columns = row.as_ref().column_count();
        let values: Result<Vec<Value>, _> = (0..columns).map(|column| row.get(column)).collect();
        values.map(|values| format!("{values:?}"))
    })?;
    rows.sort_unstable();
    Ok(rows)
}
