//! What stands in the database, kept in memory between batches.

use std::sync::Arc;

use protocol::{ForeignRows, HistoryId, Position, Row, Timestamp, Vector};

use crate::domain::Domain;
use crate::positions::{self, Positions};
use crate::seeded::{self, Bug};
use crate::state::{Read, StateError};
use crate::{database, outbox, timers};

/// As of the last commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The history that the outbox tells; none before the first start.
    pub history: Option<HistoryId>,
    /// The end of the outbox.
    pub head: Position,
    /// The positions in the foreign streams.
    pub positions: Positions,
    /// When the next timer is due that is not held, if one is set.
    pub next_timer: Option<Timestamp>,
    /// What was ever taken out of the own stream because somebody else had written it.
    pub foreign: Arc<Vec<ForeignRows>>,
}

impl Known {
    pub(super) fn load<D: Domain>(state: &Read<'_>) -> Result<Self, StateError> {
        Ok(Self {
            history: database::schema::history(state)?,
            head: outbox::head(state)?,
            positions: positions::load(state)?,
            next_timer: timers::next_due(state)?,
            foreign: Arc::new(outbox::foreign(state, D::SERVICE)?),
        })
    }

    /// Takes over what a `recovered` row says of foreign ones.
    pub(super) fn note_foreign(&mut self, recovered: &Row) {
        for rows in outbox::foreign_in(recovered) {
            if !self.foreign.contains(&rows) {
                Arc::make_mut(&mut self.foreign).push(rows);
            }
        }
    }

    /// Takes over the positions of an own event that was restored from the stream: decisions go on
    /// above its vector. Streams without a replica need not be read again; a replica is read from
    /// where it stands.
    pub(super) fn restore_positions<D: Domain>(&mut self, vector: &Vector) {
        let choreography = D::choreography();
        for (stream, position) in &vector.0 {
            let place = self.positions.0.entry(*stream).or_default();
            place.decided = *position;
            if !choreography.decides(D::SERVICE, *stream)
                && place.folded.sequence > position.sequence
            {
                // Nothing is decided by it but what the replica says: it was seen.
                place.decided = place.folded;
            }
            if !choreography.replicates(D::SERVICE, *stream) || seeded::on(Bug::ReplicasTakeDecided)
            {
                place.folded = *position;
            }
        }
    }
}
