//! Going back in a foreign stream, behind rows that its owner has taken out of it.
//!
//! Deliberately absent: undoing what was decided on those rows. It has happened, others have acted on it,
//! and a person has to make it good.

use protocol::{ForeignRows, Position, Service, foreign};

use super::{Engine, Fatal};
use crate::domain::Domain;
use crate::positions::{self, Progress};
use crate::replicas;

impl<D: Domain> Engine<D> {
    /// Goes back to where a stream was true, if the position in it is that of a foreign row: what comes
    /// behind is decided, and a replica is folded from its first row on, anew. Says behind which row decisions
    /// go on.
    ///
    /// # Errors
    /// When the database fails or is no longer this process's own.
    pub fn rewind(&mut self, stream: Service, foreign: &[ForeignRows]) -> Result<Position, Fatal> {
        self.database.check_still_owner()?;
        let before = self.known.positions.clone();
        let Progress { folded, decided } = before.of(stream);
        let true_ends = [folded, decided].map(|at| foreign::true_up_to(foreign, at));
        let Some(to) = true_ends.into_iter().flatten().min_by_key(|at| at.sequence) else {
            return Ok(decided);
        };
        let is_replica = D::choreography().replicates(D::SERVICE, stream);
        let folded = if is_replica { Position::default() } else { to };
        let mut after = before.clone();
        after.0.insert(stream, Progress { folded, decided: to });
        self.database.transaction(|write| {
            if is_replica {
                replicas::forget(write, stream)?;
            }
            positions::store(write, &before, &after)
        })?;
        self.known.positions = after;
        Ok(to)
    }
}
