//! Looks at what a database and its stream hold, for an operator who has to choose between them.
//!
//! What may be discarded is decided by [`engine::healing`]. Deliberately absent: any change to either, and
//! the read side's positions: a view promises nothing, and is built anew.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use async_nats::jetstream;
use contracts::choreography::MURMURATION;
use contracts::{Chain, Headers, HistoryId, Position, Row, Service};
use engine::healing::{Seen, Stream, Witness};
use engine::{Read, ReadPool, database, outbox, positions};
use tokio::sync::mpsc;

use crate::nats::{Connection, streams};
use crate::reading;

/// Rows that are compared at once.
const ROWS_AT_ONCE: usize = 1_000;

/// A service's two stores, side by side.
#[derive(Debug)]
pub struct Stores<'a> {
    /// Whose they are.
    pub service: Service,
    /// The way to the stream.
    pub connection: &'a Connection,
    /// The database's file.
    pub database: PathBuf,
    /// Database files of the services beside it: how far each has read is more than its last event
    /// tells.
    pub neighbours: Vec<(Service, PathBuf)>,
}

impl Stores<'_> {
    /// Reads both stores whole, and what others have seen of them. Changes nothing.
    ///
    /// # Errors
    /// When a store cannot be read, or the database is another service's.
    pub async fn examine(&self) -> anyhow::Result<Seen> {
        let reads = ReadPool::new(&self.database);
        let (head, own_history) = reads
            .read(|state| Ok((outbox::head(state)?.sequence, database::identity(state)?)))
            .with_context(|| format!("{} cannot be read", self.database.display()))
            .and_then(|(head, identity)| Ok((head, self.history_of(identity)?)))?;
        let context = self.connection.jetstream(self.service);
        let found = streams::find(&context, self.service).await?;
        let Some(stream) = found else {
            let (stream, witnesses) = (Stream::Missing, Vec::new());
            return Ok(Seen { head, agree_up_to: 0, histories: None, stream, witnesses });
        };
        let told = streams::tail(&stream).await?;
        let told = told.and_then(|row| Headers::parse(&row.headers).ok());
        let histories = own_history.zip(told.map(|headers| headers.history));
        let extent = streams::extent(stream.cached_info());
        let (agree_up_to, read) = if extent.is_whole() {
            self.compare(&reads, extent.last).await?
        } else {
            (0, Stream::Holed(extent))
        };
        let witnesses = self.witnesses(&reads, &stream).await?;
        let histories = histories.filter(|(own, told)| own != told);
        Ok(Seen { head, agree_up_to, histories, stream: read, witnesses })
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
    async fn compare(&self, reads: &ReadPool, last: u64) -> anyhow::Result<(u64, Stream)> {
        let (sink, mut rows) = mpsc::channel(ROWS_AT_ONCE);
        let (connection, start) = (self.connection.clone(), Position::default());
        let reading = reading::spawn(connection, "murmur", self.service, start, sink);
        let (mut read, mut agree_up_to) = (0, 0);
        while read < last {
            let mut batch = Vec::with_capacity(ROWS_AT_ONCE);
            let wrong = tokio::select! {
                biased;
                count = rows.recv_many(&mut batch, ROWS_AT_ONCE) => {
                    anyhow::ensure!(count > 0, "reading the stream ended at {read} of {last}");
                    None
                }
                wrong = reading.alarm() => Some(wrong),
            };
            if let Some(wrong) = wrong {
                let Some(message) = wrong.row() else { bail!("while it was read, {wrong}") };
                return Ok((agree_up_to, Stream::Foreign { message }));
            }
            read = batch.last().map_or(read, |row| row.sequence);
            if batch.first().is_some_and(|first| first.sequence == agree_up_to + 1) {
                agree_up_to += reads.read(|state| alike(state, &batch))?;
            }
        }
        Ok((agree_up_to, Stream::Whole { last }))
    }

    /// What the last event of each reader says, and what its database says where that can be read.
    async fn witnesses(
        &self,
        reads: &ReadPool,
        stream: &jetstream::stream::Stream,
    ) -> anyhow::Result<Vec<Witness>> {
        let mut witnesses = Vec::new();
        for of in Service::ALL {
            if !MURMURATION.streams_read_by(of).contains(&self.service) {
                continue;
            }
            for seen in self.seen_by(of).await? {
                let number = seen.sequence;
                let own = reads.read(|state| outbox::row(state, number))?.map(|row| row.chain);
                let told = streams::message(stream, number).await?.map(|row| row.chain);
                witnesses.push(Witness { of, seen, own, stream: told });
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
            && let Ok(headers) = Headers::parse(&row.headers)
        {
            seen.push(headers.vector.of(self.service));
        }
        seen.retain(|position| position.sequence > 0);
        seen.dedup();
        Ok(seen)
    }
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

/// The database file of each service in a folder that holds a folder for each.
#[must_use]
pub fn neighbours_in(data: &Path) -> Vec<(Service, PathBuf)> {
    let file = |service: Service| database::file_in(&data.join(service.name()), service);
    Service::ALL.into_iter().map(|service| (service, file(service))).collect()
}
