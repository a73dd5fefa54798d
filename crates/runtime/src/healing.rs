//! Looks at what a database and its stream hold, for an operator who has to choose between them.
//!
//! What may be discarded is decided by [`engine::healing`]. Deliberately absent: any change to either, and
//! the read side's positions: a view promises nothing, and is built anew.

mod decisions;
mod intrusion;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use async_nats::jetstream;
use engine::healing::{Comparison, StreamState, WitnessedRow};
use engine::{Read, ReadPool, database, outbox, positions};
use protocol::choreography::Choreography;
use protocol::{Chain, Headers, HistoryId, Position, Row, SealKeys, Service};
use tokio::sync::mpsc;

use crate::nats::{Connection, streams};
use crate::reading;

pub use decisions::{Decision, Decisions, Ground};
pub use intrusion::Intrusion;

/// Rows that are compared at once.
const ROWS_AT_ONCE: usize = 1_000;

/// A service's two stores, side by side.
#[derive(Debug)]
pub struct Stores<'a> {
    /// Whose they are.
    pub service: Service,
    /// Who reads whom.
    pub choreography: &'static Choreography,
    /// The way to the stream.
    pub connection: &'a Connection,
    /// The database's file.
    pub database: PathBuf,
    /// Database files of the services beside it: how far each has read is more than its last event
    /// tells.
    pub neighbours: Vec<(Service, PathBuf)>,
    /// What the service's rows are sealed with. Without it, nobody is told a forger.
    pub keys: Option<SealKeys>,
}

impl Stores<'_> {
    /// Reads both stores whole, and what others have seen of them. Changes nothing.
    ///
    /// # Errors
    /// When a store cannot be read, or the database is another service's.
    pub async fn examine(&self) -> anyhow::Result<Comparison> {
        let reads = ReadPool::new(&self.database);
        let (head, own_history) = reads
            .read(|state| Ok((outbox::head(state)?.sequence, database::identity(state)?)))
            .with_context(|| format!("{} cannot be read", self.database.display()))
            .and_then(|(head, identity)| Ok((head, self.history_of(identity)?)))?;
        let context = self.connection.jetstream(self.service);
        let found = streams::find(&context, self.service).await?;
        let Some(stream) = found else {
            let (stream, witnesses) = (StreamState::Missing, Vec::new());
            let (agree_up_to, histories, forged) = (0, None, None);
            return Ok(Comparison { head, agree_up_to, histories, stream, forged, witnesses });
        };
        let streamed = streams::tail(&stream).await?;
        let streamed = streamed.and_then(|row| Headers::parse(&row.headers).ok());
        let histories = own_history.zip(streamed.map(|headers| headers.history));
        let extent = streams::extent(stream.cached_info());
        let Compared { agree_up_to, forged, stream: read } = if extent.is_whole() {
            self.compare(&reads, extent.last).await?
        } else {
            Compared { agree_up_to: 0, forged: None, stream: StreamState::Holed(extent) }
        };
        let witnesses = self.witnesses(&reads, &stream).await?;
        let histories = histories.filter(|(own, streamed)| own != streamed);
        Ok(Comparison { head, agree_up_to, histories, stream: read, forged, witnesses })
    }

    /// The database's own rows from `first` to `last`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows(&self, first: u64, last: u64) -> anyhow::Result<Vec<Row>> {
        let reads = ReadPool::new(&self.database);
        let count = u32::try_from((last + 1).saturating_sub(first)).unwrap_or(u32::MAX);
        Ok(reads.read(|state| outbox::rows(state, first, count))?)
    }

    fn history_of(
        &self,
        (owner, history): (Option<String>, Option<HistoryId>),
    ) -> anyhow::Result<Option<HistoryId>> {
        match owner {
            Some(owner) if owner != self.service.name() => bail!(
                "{} is the database of {owner}, not of {}. The choices: move it away, and start \
                 {1} again: it restores itself from its stream; or bring back the folder that \
                 belongs here",
                self.database.display(),
                self.service
            ),
            Some(_) | None => Ok(history),
        }
    }

    /// Reads the stream from its first message to `last`; says up to where the outbox is the same.
    async fn compare(&self, reads: &ReadPool, last: u64) -> anyhow::Result<Compared> {
        let (sink, mut rows) = mpsc::channel(ROWS_AT_ONCE);
        let (connection, start) = (self.connection.clone(), Position::default());
        let reading = reading::spawn(connection, "murmur", self.service, start, sink);
        let (mut read, mut agree_up_to, mut forged) = (start, 0, None);
        while read.sequence < last {
            let mut batch = Vec::with_capacity(ROWS_AT_ONCE);
            let wrong = tokio::select! {
                biased;
                count = rows.recv_many(&mut batch, ROWS_AT_ONCE) => {
                    let read = read.sequence;
                    anyhow::ensure!(count > 0, "reading the stream ended at {read} of {last}");
                    None
                }
                wrong = reading.alarm() => Some(wrong),
            };
            if let Some(wrong) = wrong {
                let Some(message) = wrong.row() else { bail!("while it was read, {wrong}") };
                let stream = StreamState::Foreign { message };
                return Ok(Compared { agree_up_to, forged, stream });
            }
            if batch.first().is_some_and(|first| first.sequence == agree_up_to + 1) {
                agree_up_to += reads.read(|state| alike(state, &batch))?;
            }
            for row in batch {
                if forged.is_none() && row.sequence > agree_up_to && self.is_forged(read, &row) {
                    forged = Some(row.sequence);
                }
                read = row.position();
            }
        }
        Ok(Compared { agree_up_to, forged, stream: StreamState::Whole { last } })
    }

    fn is_forged(&self, before: Position, row: &Row) -> bool {
        self.keys.as_ref().is_some_and(|keys| !keys.is_own(before.chain, row))
    }

    /// What the last event of each reader says, and what its database says where that can be read.
    async fn witnesses(
        &self,
        reads: &ReadPool,
        stream: &jetstream::stream::Stream,
    ) -> anyhow::Result<Vec<WitnessedRow>> {
        let mut witnesses = Vec::new();
        for of in self.choreography.readers_of(self.service) {
            for seen in self.seen_by(of).await? {
                let number = seen.sequence;
                let own = reads.read(|state| outbox::row(state, number))?.map(|row| row.chain);
                let streamed = streams::message(stream, number).await?.map(|row| row.chain);
                witnesses.push(WitnessedRow { of, seen, own, stream: streamed });
            }
        }
        Ok(witnesses)
    }

    async fn seen_by(&self, of: Service) -> anyhow::Result<Vec<Position>> {
        let mut seen = Vec::new();
        let file = self.neighbours.iter().find(|(service, _)| *service == of);
        if let Some((_, file)) = file.filter(|(_, file)| file.exists()) {
            let place = ReadPool::new(file).read(positions::load);
            let place = place.with_context(|| format!("{} cannot be read", file.display()))?;
            let place = place.of(self.service);
            seen.extend([place.folded, place.decided]);
        }
        let context = self.connection.jetstream(of);
        if let Some(stream) = streams::find(&context, of).await?
            && let Some(row) = streams::tail(&stream).await?
            && let Some(named) = row.has_seen(self.service)
            && self.keys.as_ref().is_none_or(|keys| keys.has_marked(named))
        {
            seen.push(named);
        }
        seen.retain(|position| position.sequence > 0);
        seen.dedup();
        Ok(seen)
    }
}

/// What comparing outbox and stream has shown.
struct Compared {
    agree_up_to: u64,
    forged: Option<u64>,
    stream: StreamState,
}

/// How many of the rows, from the first, the outbox holds alike.
fn alike(state: &Read<'_>, rows: &[Row]) -> Result<u64, engine::StateError> {
    let Some(first) = rows.first() else { return Ok(0) };
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let own = outbox::rows(state, first.sequence, count)?;
    let same = |(own, row): &(&Row, &Row)| chain_of(own) == chain_of(row);
    Ok(own.iter().zip(rows).take_while(same).count() as u64)
}

const fn chain_of(row: &Row) -> (u64, Chain) {
    (row.sequence, row.chain)
}

/// The database file of each of these services in a folder that holds a folder for each.
pub fn neighbours_in(
    data: &Path,
    services: impl IntoIterator<Item = Service>,
) -> Vec<(Service, PathBuf)> {
    let file = |service: Service| database::file_in(&data.join(service.name()), service);
    services.into_iter().map(|service| (service, file(service))).collect()
}
