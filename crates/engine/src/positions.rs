//! How far each foreign stream has been read: by the replica, and by the decisions.

use std::collections::BTreeMap;

use protocol::{Position, Service, Vector};
use rusqlite::params;

use crate::state::{Read, StateError, Write};

/// The two positions in one foreign stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How far the replica has folded: where reading goes on.
    pub folded: Position,
    /// How far the service has decided: events up to here are not decided again.
    pub decided: Position,
}

/// The positions in all foreign streams that a service reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions(pub BTreeMap<Service, Progress>);

impl Positions {
    /// The place in the stream of `service`; before the first row if it was never read.
    #[must_use]
    pub fn of(&self, service: Service) -> Progress {
        self.0.get(&service).copied().unwrap_or_default()
    }

    /// What an event made now carries: the decided positions.
    #[must_use]
    pub fn vector(&self) -> Vector {
        let read = self.0.iter().filter(|(_, place)| place.decided.sequence > 0);
        Vector(read.map(|(service, place)| (*service, place.decided)).collect())
    }

    /// Whether each replica has folded what decisions were already made by. Not so while a lost
    /// database reads its replicas again.
    #[must_use]
    pub fn replicas_reach_decided(&self) -> bool {
        self.0.values().all(|place| place.folded.sequence >= place.decided.sequence)
    }
}

/// Loads the stored positions.
///
/// # Errors
/// When the database cannot be read, or holds what is no position.
pub fn load(state: &Read<'_>) -> Result<Positions, StateError> {
    let sql = "SELECT stream, folded, folded_chain, decided, decided_chain FROM position";
    let rows = state.all(sql, [], |row| {
        let stream: String = row.get(0)?;
        let folded = (row.get::<_, u64>(1)?, row.get::<_, String>(2)?);
        let decided = (row.get::<_, u64>(3)?, row.get::<_, String>(4)?);
        Ok((stream, folded, decided))
    })?;
    let place = |(stream, folded, decided): (String, _, _)| {
        let service = Service::of_stream(&stream)?;
        Some((service, Progress { folded: position(folded)?, decided: position(decided)? }))
    };
    let places: Option<BTreeMap<_, _>> = rows.into_iter().map(place).collect();
    let damaged = || StateError::Contradiction("a stored position is damaged".to_owned());
    places.map(Positions).ok_or_else(damaged)
}

/// Stores the positions that differ from `before`.
pub(crate) fn store(
    write: &mut Write<'_>,
    before: &Positions,
    now: &Positions,
) -> Result<(), StateError> {
    let sql = "INSERT INTO position (stream, folded, folded_chain, decided, decided_chain)
               VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (stream) DO UPDATE SET folded = excluded.folded,
                   folded_chain = excluded.folded_chain, decided = excluded.decided,
                   decided_chain = excluded.decided_chain";
    for (service, place) in &now.0 {
        if before.0.get(service) == Some(place) {
            continue;
        }
        let values = params![
            service.stream(),
            place.folded.sequence,
            place.folded.chain.to_string(),
            place.decided.sequence,
            place.decided.chain.to_string()
        ];
        write.execute(sql, values)?;
    }
    Ok(())
}

fn position((sequence, chain): (u64, String)) -> Option<Position> {
    Some(Position { sequence, chain: chain.parse().ok()? })
}
