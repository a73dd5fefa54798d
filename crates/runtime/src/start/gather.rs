//! What a start looks at: database, stream, and what others have seen of it.

use async_nats::jetstream::stream;
use contracts::choreography::MURMURATION;
use contracts::{Headers, Position, Service};
use engine::reading::Extent;
use engine::starting::ends::{self, Ends};
use engine::starting::{Common, Seen, Stream, Witness};
use engine::{Domain, outbox};

use super::{Setback, Start};
use crate::nats::streams::{self, AskError};

impl<D: Domain> Start<'_, D> {
    /// Everything that the next step depends on.
    pub(super) async fn gather(&self) -> Result<Seen, Setback> {
        // What they have seen by now is in the stream by then: rows of a predecessor may still arrive.
        let witnesses = self.witnesses().await?;
        let (stream, has_stray) = self.stream().await?;
        Ok(Seen {
            head: self.engine.head(),
            history: self.engine.history(),
            stream,
            witnesses,
            first_start: self.first_start,
            // Behind a stray, no row can take the end of the stream.
            restoring: self.engine.is_restoring()? && !has_stray,
            rebuilt: self.tried.rebuilt,
        })
    }

    /// The own stream, and whether a replaced writer has slipped rows into it.
    async fn stream(&self) -> Result<(Stream, bool), Setback> {
        let Some(stream) = streams::find(&self.context(), D::SERVICE).await? else {
            return Ok((Stream::Missing, false));
        };
        let info = stream.cached_info();
        let wanted = streams::wanted(D::SERVICE, self.stream_replicas);
        if let Some(difference) = streams::difference(&wanted, &info.config) {
            let update_tried = self.tried.configured;
            return Ok((Stream::Misconfigured { difference, update_tried }, false));
        }
        let mut extent = streams::extent(info);
        if self.holds_a_suspect(&stream, extent.last).await? {
            // The broker counts what it cannot read.
            extent.messages = extent.messages.saturating_sub(1);
        }
        let tail = streams::tail(&stream).await?;
        let history = tail.as_ref().and_then(|row| Headers::parse(&row.headers).ok());
        let history = history.map(|headers| headers.history);
        let tail = tail.map_or(0, |row| row.sequence);
        let Ends { stray, mut common } = self.ends(&stream, &extent, tail).await?;
        if common.is_none() {
            common = self.common(&stream, &extent, tail).await?;
        }
        let tail = stray.map_or(tail, |stray| stray - 1);
        let created = streams::created(info)?;
        Ok((Stream::There { created, extent, tail, history, common }, stray.is_some()))
    }

    /// The ends of outbox and stream, compared number by number.
    async fn ends(
        &self,
        stream: &stream::Stream,
        extent: &Extent,
        tail: u64,
    ) -> Result<Ends, Setback> {
        let (from, to) = ends::to_compare(self.engine.head().sequence, tail);
        let from = from.max(extent.first);
        let mut messages = Vec::new();
        if from <= to {
            let mut scan = streams::Scan::begin(stream, from).await?;
            messages = scan.next().await?;
            messages.retain(|message| message.sequence <= to);
        }
        let rows = u32::try_from(ends::COMPARED_ROWS).unwrap_or(u32::MAX).saturating_add(2);
        let own = outbox::rows(&self.engine.read(), from.saturating_sub(1).max(1), rows)?;
        Ok(ends::compare(&messages, &own, self.engine.history()))
    }

    /// Whether the message that was found damaged still is.
    async fn holds_a_suspect(&self, stream: &stream::Stream, last: u64) -> Result<bool, Setback> {
        let Some(suspect) = self.engine.suspect()?.filter(|suspect| *suspect <= last) else {
            return Ok(false);
        };
        let message = streams::message(stream, suspect).await?;
        Ok(message.is_none() || message != outbox::row(&self.engine.read(), suspect)?)
    }

    /// The highest readable sequence that outbox and stream both hold, however far back.
    async fn common(
        &self,
        stream: &stream::Stream,
        extent: &Extent,
        tail: u64,
    ) -> Result<Option<Common>, Setback> {
        let mut sequence = tail.min(self.engine.head().sequence);
        while sequence >= extent.first.max(1) {
            if let Some(message) = streams::message(stream, sequence).await? {
                let own = outbox::row(&self.engine.read(), sequence)?;
                let common =
                    own.map(|row| Common { sequence, own: row.chain, stream: message.chain });
                return Ok(common);
            }
            sequence -= 1;
        }
        Ok(None)
    }

    /// What the last event of each stream that reads this one says of it.
    async fn witnesses(&self) -> Result<Vec<Witness>, Setback> {
        let mut witnesses = Vec::new();
        for of in Service::ALL {
            if !MURMURATION.streams_read_by(of).contains(&D::SERVICE) {
                continue;
            }
            let Some(seen) = self.seen_by(of).await? else { continue };
            let own = outbox::row(&self.engine.read(), seen.sequence)?.map(|row| row.chain);
            witnesses.push(Witness { of, seen, own });
        }
        Ok(witnesses)
    }

    async fn seen_by(&self, of: Service) -> Result<Option<Position>, AskError> {
        let Some(stream) = streams::find(&self.connection.jetstream(of), of).await? else {
            return Ok(None);
        };
        let Some(row) = streams::tail(&stream).await? else { return Ok(None) };
        // A damaged event is no witness; its own service sees to it.
        let Ok(headers) = Headers::parse(&row.headers) else { return Ok(None) };
        let seen = headers.vector.of(D::SERVICE);
        Ok((seen.sequence > 0).then_some(seen))
    }
}
