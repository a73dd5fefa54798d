//! What a service knows of others' entities, in memory, for HTTP to read. Decisions read the database
//! through their transaction and never this.

use dashmap::DashMap;
use engine::replicas::StoredState;
use engine::{Read, StateError};
use protocol::{Event, Id, Replicated, Service, StoredEvent};

/// The replicas of one service, as its database has them.
#[derive(Debug, Default)]
pub struct Replicas {
    states: DashMap<(Service, Id), Newest>,
}

/// The version of an entity, and its state as JSON.
type Newest = (u64, Box<[u8]>);

impl Replicas {
    /// The state of the entity of that id, and its version: the sequence of the event that carried it.
    ///
    /// # Errors
    /// When the state is not of this type.
    pub fn find<T: Replicated>(&self, id: &Id) -> Result<Option<(u64, T)>, StateError> {
        let Some(found) = self.states.get(&(T::OWNER, id.clone())) else { return Ok(None) };
        let (version, state) = found.value();
        Ok(Some((*version, engine::replicas::parse(state)?)))
    }

    pub(crate) fn load(&self, state: &Read<'_>) -> Result<(), StateError> {
        for stored in engine::replicas::stored(state)? {
            let StoredState { owner, id, version, state } = stored;
            self.states.insert((owner, id), (version, state.into()));
        }
        Ok(())
    }

    /// Takes over a committed event of a replicated stream.
    pub(crate) fn take<E: Event>(&self, event: &StoredEvent<E>) -> Result<(), StateError> {
        let state = engine::replicas::state_in(event)?;
        let key = (event.headers.kind.service(), event.headers.id.clone());
        self.states.insert(key, (event.headers.sequence, state.into()));
        Ok(())
    }
}
