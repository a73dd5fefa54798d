//! Taking over from the stream what the database has lost.

use protocol::{Position, Row};

use super::{Pass, StartError};
use crate::batch::Fatal;
use crate::process::routine::{AskError, both};
use crate::reading::{Accepted, Alarm, Beginning, Cursor, Stopped};
use crate::relay::Reply;
use crate::seeded::{self, Bug};
use crate::starting::{Fence, Found};

/// Rows that one transaction takes over, and that wait in memory meanwhile: more of them touch the same
/// pages of the indexes, and each page is written once a transaction.
const RESTORED_AT_ONCE: usize = 4_000;

/// Rows that were judged, and are not taken over yet.
struct Collected {
    rows: Vec<Row>,
    /// Where the stream goes on after them.
    next: u64,
    /// Why no more of them can be taken.
    stopped: Option<Fence>,
}

impl Pass {
    /// Restores up to `up_to`, and takes the end of the stream with a `recovered` row before
    /// anything is decided: a killed predecessor's bytes may still be arriving.
    pub(super) async fn restore(&mut self, up_to: u64) -> Result<Option<Found>, StartError> {
        let before = self.port.notes().await?.known.head.sequence;
        if !self.take_rows(up_to).await? {
            // What follows nothing is judged when all is seen anew.
            return Ok(None);
        }
        if seeded::on(Bug::NoRecoveredRow) {
            let info = self.port.find(self.service).await?;
            return Ok(info.map(|info| Found { created: info.created, ends_at: up_to }));
        }
        let known = self.port.notes().await?.known;
        let restored = up_to.saturating_sub(before);
        let row =
            known.recovered_row(self.service, restored, self.port.now().wall, &self.settings.keys);
        let row = row.map_err(|error| StartError::Fatal(Fatal::State(error)))?;
        if self.publish(&row).await? {
            self.port.conclude_restoring(row).await?.map_err(StartError::Fence)?;
        }
        Ok(None)
    }

    /// Takes rows up to `up_to`. Says whether all could be taken; if none could, that is a fence.
    async fn take_rows(&mut self, up_to: u64) -> Result<bool, StartError> {
        let head = self.port.notes().await?.known.head;
        if head.sequence >= up_to {
            return Ok(true);
        }
        let mut cursor = Cursor::new(head);
        let from = self.first_to_take(&mut cursor).await?;
        // The database begins with what comes first.
        let mut collected = self.collect(&mut cursor, from, up_to, 1).await?;
        loop {
            let is_last = cursor.position().sequence >= up_to || collected.stopped.is_some();
            if is_last {
                return match collected.stopped {
                    Some(fence) if cursor.position() == head => Err(StartError::Fence(fence)),
                    stopped => self.take_over(collected.rows).await.map(|()| stopped.is_none()),
                };
            }
            // It takes these rows while the broker sends the next ones, and these are judged.
            let next = self.collect(&mut cursor, collected.next, up_to, RESTORED_AT_ONCE);
            let (taken, next) = both(self.take_over(collected.rows), next).await;
            taken?;
            collected = next?;
        }
    }

    /// The own rows that follow, up to a number: as many as are enough, all, or those before one that is not taken.
    async fn collect(
        &self,
        cursor: &mut Cursor,
        from: u64,
        up_to: u64,
        enough: usize,
    ) -> Result<Collected, StartError> {
        let mut collected = Collected { rows: Vec::new(), next: from, stopped: None };
        while collected.rows.len() < enough
            && collected.stopped.is_none()
            && cursor.position().sequence < up_to
        {
            let messages = self.scan(collected.next).await?;
            collected.next = messages.last().map_or(0, |row| row.sequence + 1);
            collected.stopped = self.accept(cursor, messages, up_to, &mut collected.rows);
        }
        Ok(collected)
    }

    /// Adds the own rows that follow, up to a number; says why no more do. What follows and is not sealed was
    /// written by somebody else: it is taken over by nobody.
    fn accept(
        &self,
        cursor: &mut Cursor,
        messages: Vec<Row>,
        up_to: u64,
        rows: &mut Vec<Row>,
    ) -> Option<Fence> {
        for message in messages {
            let before = cursor.position();
            if before.sequence >= up_to {
                break;
            }
            let mut next = *cursor;
            match next.accept(&message) {
                Ok(Accepted::Known) => {}
                Ok(Accepted::Next) if self.is_foreign(before, &message) => {
                    return Some(Fence::Forged { message: message.sequence });
                }
                Ok(Accepted::Next) => rows.push(message),
                Err(stopped) => return Some(cannot_restore(stopped.into())),
            }
            *cursor = next;
        }
        None
    }

    fn is_foreign(&self, before: Position, message: &Row) -> bool {
        !self.settings.keys.is_own(before.chain, message) && !seeded::on(Bug::TakeForgedRows)
    }

    async fn scan(&self, from: u64) -> Result<Vec<Row>, StartError> {
        let messages = self.port.scan(from).await?;
        if messages.is_empty() {
            return Err(StartError::Broker("reading the stream ended".to_owned()));
        }
        Ok(messages)
    }

    async fn first_to_take(&self, cursor: &mut Cursor) -> Result<u64, StartError> {
        let Some(info) = self.port.find(self.service).await? else {
            return Err(StartError::Broker("the stream is gone".to_owned()));
        };
        let alarm = match cursor.begin(&info.extent) {
            Beginning::At(start) => return Ok(start),
            Beginning::TooShort => {
                Alarm::TooShort { last: info.extent.last, read: cursor.position().sequence }
            }
            Beginning::Holed => Alarm::Holed,
        };
        Err(StartError::Fence(cannot_restore(alarm)))
    }

    async fn take_over(&self, rows: Vec<Row>) -> Result<(), StartError> {
        if rows.is_empty() {
            return Ok(());
        }
        let restored = self.port.restore(rows).await?;
        restored.map_err(StartError::Fence)
    }

    /// Whether the stream took the row as its next. If another one came first, all is seen anew.
    async fn publish(&self, row: &Row) -> Result<bool, AskError> {
        match self.port.publish(row.clone()).await? {
            Reply::Stored { sequence, duplicate } => Ok(sequence == row.sequence && !duplicate),
            Reply::Refused(reason) | Reply::Lost(reason) => Err(AskError::Broker(reason)),
        }
    }
}

fn cannot_restore(wrong: Alarm) -> Fence {
    match wrong {
        Alarm::Stopped(Stopped::Damaged(message)) => Fence::Foreign { message },
        Alarm::Stopped(_) | Alarm::TooShort { .. } | Alarm::Holed => {
            Fence::CannotRestore(wrong.to_string())
        }
    }
}
