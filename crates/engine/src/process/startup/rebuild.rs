//! Rebuilding a damaged stream from the outbox. It is also how the last copy would be destroyed:
//! hence the proof.

use protocol::{HistoryId, Row};

use super::{Pass, STALE_WRITER_PATIENCE, StartError};
use crate::process::routine::AskError;
use crate::process::seam::BrokerRequest;
use crate::starting::stale_write::is_stale_write;
use crate::starting::{Claim, Fence, Proof, may_rebuild};

/// Own rows that are read at once for the comparison.
const ROWS_AT_ONCE: u32 = 1_000;

/// Own rows, read as they are asked for, in order.
#[derive(Default)]
pub(super) struct OwnRows {
    rows: Vec<Row>,
}

impl Pass {
    /// Deletes the stream and creates it empty, if that destroys nothing; publishing does the rest.
    pub(super) async fn rebuild(&mut self) -> Result<(), StartError> {
        let Some(info) = self.port.find(self.service).await? else { return Ok(()) };
        let proof = self.prove(info.extent.first.max(1)).await?;
        if let Err(fence) = may_rebuild(&proof) {
            return Err(StartError::Fence(self.blame(fence, proof.unequal).await?));
        }
        if self.tried.met_stale_write && !self.tried.waited_for_stale_writer {
            self.tried.waited_for_stale_writer = true;
            return Err(StartError::Patience(STALE_WRITER_PATIENCE));
        }
        self.claim(proof.tail).await?;
        // Without an answer it may be deleted or not: what is there is looked at anew.
        self.port.change(BrokerRequest::Delete).await?;
        self.tried.rebuilt = true;
        self.port.change(BrokerRequest::Create).await?;
        Ok(())
    }

    /// Says whether somebody else has made the message for whose sake the stream cannot be rebuilt.
    async fn blame(&self, fence: Fence, unequal: Option<u64>) -> Result<Fence, AskError> {
        let Some(message) = unequal else { return Ok(fence) };
        let Some(found) = self.port.message(message).await? else { return Ok(fence) };
        Ok(if self.is_own(&found).await? { fence } else { Fence::Edited { message } })
    }

    /// Says whose the stream is, before it is gone: see [`crate::starting::claim`]. It names the last row
    /// that the stream is known to have held, `tail` or the `recovered` one: what was never there may be
    /// lost with this database, and nobody was promised it.
    pub(super) async fn claim(&self, tail: u64) -> Result<(), StartError> {
        let last = self.port.claim(None).await?.map_or(0, |(number, _)| number);
        let notes = self.port.notes().await?;
        let row = self.port.row(notes.recovered.max(tail)).await?;
        if let (Some(history), Some(row)) = (notes.known.history, row) {
            let claim =
                Claim { history, head: row.position(), writer: self.settings.fresh_history };
            self.port.change(BrokerRequest::WriteClaim(last, claim)).await?;
        }
        Ok(())
    }

    async fn prove(&mut self, first: u64) -> Result<Proof, StartError> {
        let mut tail = self.port.tail(self.service).await?.map_or(0, |row| row.sequence);
        let verified = self.port.verify().await?;
        let mut unequal = self.first_unequal(first, tail).await?;
        let history = self.port.notes().await?.known.history;
        if let (Some(message), Some(history)) = (&unequal, history)
            && self.is_stale_write(message, history).await?
        {
            // Nobody has applied it, nor anything behind it.
            self.tried.met_stale_write = true;
            tail = message.sequence - 1;
            unequal = None;
        }
        let unequal = unequal.map(|message| message.sequence);
        Ok(Proof { outbox: verified, tail, unequal, copied: self.copy().await? })
    }

    /// Whether a replaced writer has slipped it in behind the own row before it.
    async fn is_stale_write(&self, message: &Row, history: HistoryId) -> Result<bool, AskError> {
        let before = self.port.row(message.sequence.saturating_sub(1)).await?;
        let own = self.port.row(message.sequence).await?;
        Ok(before.is_some_and(|before| is_stale_write(message, &before, own.as_ref(), history)))
    }

    /// Writes a copy of the database, once in each start.
    pub(super) async fn copy(&mut self) -> Result<Result<(), String>, AskError> {
        if !self.tried.copied {
            let copied = self.port.copy().await?;
            self.tried.copied = copied.is_ok();
            return Ok(copied);
        }
        Ok(Ok(()))
    }

    /// The first readable message that does not equal its row. What a consumer leaves out is asked
    /// for by its number: nothing that can be read at all is deleted unseen.
    pub(super) async fn first_unequal(
        &self,
        first: u64,
        tail: u64,
    ) -> Result<Option<Row>, AskError> {
        let (mut next, mut own) = (first, OwnRows::default());
        while next <= tail {
            let messages = self.port.scan(next).await?;
            if messages.is_empty() {
                return self.unequal_between(&mut own, next, tail + 1).await;
            }
            for message in messages {
                let sequence = message.sequence;
                if let Some(unequal) = self.unequal_between(&mut own, next, sequence).await? {
                    return Ok(Some(unequal));
                }
                if self.own(&mut own, sequence).await? != Some(&message) {
                    return Ok(Some(message));
                }
                next = sequence + 1;
            }
        }
        Ok(None)
    }

    /// The same over the numbers from `from` to before `to`, one by one.
    async fn unequal_between(
        &self,
        own: &mut OwnRows,
        from: u64,
        to: u64,
    ) -> Result<Option<Row>, AskError> {
        for sequence in from..to {
            let Some(message) = self.port.message(sequence).await? else { continue };
            if self.own(own, sequence).await? != Some(&message) {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    pub(super) async fn own<'a>(
        &self,
        own: &'a mut OwnRows,
        sequence: u64,
    ) -> Result<Option<&'a Row>, AskError> {
        if own.find(sequence).is_none() {
            own.rows = self.port.rows(sequence, ROWS_AT_ONCE).await?;
        }
        Ok(own.find(sequence))
    }
}

impl OwnRows {
    fn find(&self, sequence: u64) -> Option<&Row> {
        let first = self.rows.first()?.sequence;
        let nth = usize::try_from(sequence.checked_sub(first)?).ok()?;
        // In a damaged outbox, numbers may be missing.
        self.rows.get(nth).filter(|row| row.sequence == sequence)
    }
}
