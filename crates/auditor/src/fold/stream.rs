//! One stream: the chain at each row, the idempotency keys, and the positions that its events name.

use std::collections::BTreeMap;

use protocol::{Cause, Chain, Headers, Id, Kind, Position, Service, Vector};

use super::RowRef;

/// One stream.
#[derive(Debug, Default)]
pub struct StreamFold {
    /// The chain at each row: at row N in place N-1.
    pub chains: Vec<Chain>,
    /// The rows that answer a request with each idempotency key: one, if all is well.
    pub keys: BTreeMap<String, Vec<Effect>>,
    /// The rows that each row of another stream caused: one, if all is well.
    pub caused: BTreeMap<RowRef, Vec<u64>>,
    /// Positions that events name: the first row that names each.
    pub named: Vec<Named>,
    /// Rows that name an earlier position than a row before them.
    pub backwards: Vec<Named>,
    /// The furthest positions that its events name.
    pub vector: Vector,
    /// The kind of each row, as far as it has one, where somebody asks for it.
    pub kinds: Vec<Option<Kind>>,
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The row.
    pub sequence: u64,
    /// What it is about.
    pub id: Id,
    /// Because of what: of a command, if all is well.
    pub cause: Cause,
}

/// A position in another stream, and which row names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The row that names it.
    pub by: u64,
    /// Whose stream it is a position in.
    pub stream: Service,
    /// The position.
    pub position: Position,
}

impl StreamFold {
    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.chains.len() as u64
    }

    /// The chain at a row; none if it was not read.
    pub fn chain_at(&self, sequence: u64) -> Option<Chain> {
        let place = usize::try_from(sequence.checked_sub(1)?).ok()?;
        self.chains.get(place).copied()
    }

    /// The kind of a row; none if it was not read, or is not understood.
    pub fn kind_at(&self, sequence: u64) -> Option<Kind> {
        let place = usize::try_from(sequence.checked_sub(1)?).ok()?;
        self.kinds.get(place).copied().flatten()
    }

    /// Takes the next event of the stream.
    pub fn take(&mut self, headers: &Headers, chain: Chain) {
        let sequence = headers.sequence;
        self.chains.push(chain);
        if let Some(request) = &headers.idempotency {
            let (id, cause) = (headers.id.clone(), headers.cause.clone());
            let effects = self.keys.entry(request.key.as_str().to_owned()).or_default();
            effects.push(Effect { sequence, id, cause });
        }
        if let Cause::Event { service, sequence: of } = headers.cause {
            let cause = RowRef { service, sequence: of };
            self.caused.entry(cause).or_default().push(sequence);
        }
        self.take_vector(sequence, &headers.vector);
    }

    fn take_vector(&mut self, by: u64, vector: &Vector) {
        for (stream, position) in &vector.0 {
            let before = self.vector.of(*stream);
            let named = Named { by, stream: *stream, position: *position };
            if position.sequence < before.sequence {
                self.backwards.push(named);
            } else if *position != before {
                self.named.push(named);
                self.vector.0.insert(*stream, *position);
            }
        }
    }
}
