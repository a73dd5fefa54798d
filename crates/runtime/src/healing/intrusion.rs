//! What somebody else has written into a stream, to be shown and kept before its owner takes it out.

use std::collections::BTreeSet;

use anyhow::Context as _;
use engine::{ReadPool, outbox};
use protocol::foreign::FOREIGN_ROWS_MAX;
use protocol::{ForeignRows, Position, Row};

use super::Stores;
use crate::nats::streams;

/// Messages that are read at most: more than an owner takes out.
const MESSAGES_MAX: usize = FOREIGN_ROWS_MAX + 1;

/// Messages of a stream that are not its owner's.
#[derive(Clone, Debug)]
pub struct Intrusion {
    /// The messages, in order, each as the row that it says it is.
    pub messages: Vec<Row>,
    /// Those that follow the owner's rows: readers can have folded them.
    pub rows: ForeignRows,
    /// Whether there are more of them than are read.
    pub has_more: bool,
}

impl Intrusion {
    /// The first message.
    #[must_use]
    pub fn first(&self) -> Option<Position> {
        self.messages.first().map(Row::position)
    }

    /// What they are about, by the last token of their subjects.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<&str> {
        self.messages.iter().filter_map(|row| row.subject.rsplit('.').next()).collect()
    }
}

impl Stores<'_> {
    /// What in the stream, from that message on, is not as the outbox has it.
    ///
    /// # Errors
    /// When a store cannot be read.
    pub async fn intrusion(&self, first: u64) -> anyhow::Result<Intrusion> {
        let reads = ReadPool::new(&self.database);
        let own = |number: u64| reads.read(|state| outbox::row(state, number));
        let before = own(first.saturating_sub(1))?.map(|row| row.position()).unwrap_or_default();
        let Position { sequence: after, chain } = before;
        let mut rows = ForeignRows { after, chain, chains: Vec::new() };
        let (mut messages, mut follows, mut has_more) = (Vec::new(), true, false);
        let context = self.connection.jetstream(self.service);
        let found = streams::find(&context, self.service).await?;
        let stream = found.with_context(|| format!("there is no stream of {}", self.service))?;
        for number in first.max(1)..=streams::extent(stream.cached_info()).last {
            let Some(message) = streams::message(&stream, number).await? else { continue };
            if own(number)?.as_ref() == Some(&message) {
                continue;
            }
            if messages.len() == MESSAGES_MAX {
                has_more = true;
                break;
            }
            follows = follows && rows.take(&message);
            messages.push(message);
        }
        Ok(Intrusion { messages, rows, has_more })
    }

    /// What this service has ever taken out of its stream.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn taken_out(&self) -> anyhow::Result<Vec<ForeignRows>> {
        let reads = ReadPool::new(&self.database);
        Ok(reads.read(|state| outbox::foreign(state, self.service))?)
    }
}
