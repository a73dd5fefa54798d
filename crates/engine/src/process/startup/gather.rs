//! What a start looks at: database, stream, and what others have seen of it.

use protocol::{Chain, Headers, HistoryId, Position, Row, Service, foreign};

use super::{Pass, StartError};
use crate::batch::Known;
use crate::process::routine::AskError;
use crate::process::seam::{Notes, StreamInfo};
use crate::reading::Extent;
use crate::seeded::{self, Bug};
use crate::starting::ends::{self, Ends};
use crate::starting::{Claimed, Common, Observation, Stream, Witness};

impl Pass {
    /// Everything that the next step depends on.
    pub(super) async fn gather(&self) -> Result<Observation, StartError> {
        let notes = self.port.notes().await?;
        // What they have seen by now is in the stream by then: rows of a predecessor may still arrive.
        let (witnesses, disbelieved) = self.witnesses(&notes).await?;
        let (stream, has_stale_write) = self.stream(&notes).await?;
        // Who deletes the stream has claimed it before: whoever finds none finds the claim.
        let claim = self.claimed().await?;
        Ok(Observation {
            head: notes.known.head,
            history: notes.known.history,
            stream,
            witnesses,
            disbelieved,
            claim,
            first_start: self.settings.first_start,
            // Behind a stale write, no row can take the end of the stream.
            restoring: notes.restoring && !has_stale_write,
            rebuilt: self.tried.rebuilt,
        })
    }

    /// The own stream, and whether a replaced writer has slipped rows into it.
    async fn stream(&self, notes: &Notes) -> Result<(Stream, bool), StartError> {
        let Some(StreamInfo { created, mut extent, difference }) =
            self.port.find(self.service).await?
        else {
            return Ok((Stream::Missing, false));
        };
        if let Some(difference) = difference {
            let update_tried = self.tried.configured;
            return Ok((Stream::Misconfigured { difference, update_tried }, false));
        }
        if self.holds_corrupt(notes.corrupt, extent.last).await? {
            // The broker counts what it cannot read.
            extent.messages = extent.messages.saturating_sub(1);
        }
        let tail = self.port.tail(self.service).await?;
        let history = self.history_of(tail.as_ref()).await?;
        let tail = tail.map_or(0, |row| row.sequence);
        let Ends { stale, mut common } = self.ends(&notes.known, &extent, tail).await?;
        if common.is_none() {
            common = self.common(&notes.known, &extent, tail).await?;
        }
        let forged = self.forged(common).await?;
        let tail = stale.map_or(tail, |stale| stale - 1);
        Ok((Stream::There { created, extent, tail, history, common, forged }, stale.is_some()))
    }

    /// The history that the stream's last message names. Of one that somebody else wrote, nothing is
    /// believed.
    async fn history_of(&self, tail: Option<&Row>) -> Result<Option<HistoryId>, AskError> {
        let Some(tail) = tail else { return Ok(None) };
        let history = Headers::parse(&tail.headers).ok().map(|headers| headers.history);
        Ok(if self.is_own(tail).await? { history } else { None })
    }

    /// The number at which outbox and stream differ, if nobody but a forger can have made the message
    /// there.
    async fn forged(&self, common: Option<Common>) -> Result<Option<u64>, AskError> {
        let Some(forked) = common.filter(|common| common.own != common.stream) else {
            return Ok(None);
        };
        let Some(message) = self.port.message(forked.sequence).await? else { return Ok(None) };
        Ok((!self.is_own(&message).await?).then_some(forked.sequence))
    }

    /// Whether the message is of this service: a row of its outbox, or sealed by its key over the message
    /// or row before it.
    pub(super) async fn is_own(&self, message: &Row) -> Result<bool, AskError> {
        let own = self.port.row(message.sequence).await?;
        if own.as_ref() == Some(message) {
            return Ok(true);
        }
        let Some(before) = message.sequence.checked_sub(1).filter(|before| *before > 0) else {
            return Ok(self.settings.keys.is_own(Chain::START, message));
        };
        let before = [self.port.message(before).await?, self.port.row(before).await?];
        let mut before = before.iter().flatten();
        Ok(before.any(|before| self.settings.keys.is_own(before.chain, message)))
    }

    /// The ends of outbox and stream, compared number by number.
    async fn ends(&self, known: &Known, extent: &Extent, tail: u64) -> Result<Ends, AskError> {
        let (from, to) = ends::to_compare(known.head.sequence, tail);
        let from = from.max(extent.first);
        let mut messages = Vec::new();
        let mut next = from;
        while next <= to {
            let scanned = self.port.scan(next).await?;
            let Some(last) = scanned.last().map(|row| row.sequence) else { break };
            next = last + 1;
            messages.extend(scanned.into_iter().filter(|message| message.sequence <= to));
        }
        let rows = u32::try_from(ends::COMPARED_ROWS).unwrap_or(u32::MAX).saturating_add(2);
        let own = self.port.rows(from.saturating_sub(1).max(1), rows).await?;
        Ok(ends::compare(&messages, &own, known.history))
    }

    /// Whether the message that was found corrupt still is.
    async fn holds_corrupt(&self, corrupt: Option<u64>, last: u64) -> Result<bool, AskError> {
        let Some(corrupt) = corrupt.filter(|corrupt| *corrupt <= last) else {
            return Ok(false);
        };
        let message = self.port.message(corrupt).await?;
        Ok(message.is_none() || message != self.port.row(corrupt).await?)
    }

    /// The highest readable sequence that outbox and stream both hold, however far back.
    async fn common(
        &self,
        known: &Known,
        extent: &Extent,
        tail: u64,
    ) -> Result<Option<Common>, AskError> {
        let mut sequence = tail.min(known.head.sequence);
        while sequence >= extent.first.max(1) {
            if let Some(message) = self.port.message(sequence).await? {
                let own = self.port.row(sequence).await?;
                let common =
                    own.map(|row| Common { sequence, own: row.chain, stream: message.chain });
                return Ok(common);
            }
            sequence -= 1;
        }
        Ok(None)
    }

    async fn claimed(&self) -> Result<Option<Claimed>, AskError> {
        let mut before = None;
        while let Some((number, claim)) = self.port.claim(before).await? {
            if let Some(claim) = claim {
                let head = claim.head;
                let own = self.port.row(head.sequence).await?.map(|row| row.chain);
                if self.was_own(head, own) {
                    return Ok(Some(Claimed { head, own }));
                }
            }
            // Somebody else has written it: the one before it counts.
            before = Some(number);
        }
        Ok(None)
    }

    /// What the last event of each stream that reads this one says of it, and which of them name a row
    /// that there never was.
    async fn witnesses(&self, notes: &Notes) -> Result<(Vec<Witness>, Vec<Service>), AskError> {
        let (mut witnesses, mut disbelieved) = (Vec::new(), Vec::new());
        for of in self.choreography.readers_of(self.service) {
            let Some(seen) = self.seen_by(of).await? else { continue };
            let own = self.port.row(seen.sequence).await?.map(|row| row.chain);
            if self.was_own(seen, own) {
                witnesses.push(Witness { of, seen, own });
            } else if foreign::true_up_to(&notes.known.foreign, seen).is_none() {
                // What was taken out of the stream, others may well have seen.
                disbelieved.push(of);
            }
        }
        Ok((witnesses, disbelieved))
    }

    /// Whether this service really has had a row there: it has it still, or the mark says so.
    fn was_own(&self, at: Position, own: Option<Chain>) -> bool {
        own == Some(at.chain)
            || self.settings.keys.has_marked(at)
            || seeded::on(Bug::BelieveUnmarked)
    }

    async fn seen_by(&self, of: Service) -> Result<Option<Position>, AskError> {
        if self.port.find(of).await?.is_none() {
            return Ok(None);
        }
        let Some(row) = self.port.tail(of).await? else { return Ok(None) };
        // A damaged event is no witness; its own service sees to it.
        Ok(row.has_seen(self.service))
    }
}
