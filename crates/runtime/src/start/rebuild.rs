//! Rebuilding a damaged stream from the outbox. It is also how the last copy would be destroyed:
//! hence the proof.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::jetstream::stream::Stream;
use contracts::Row;
use engine::starting::stray::is_stray;
use engine::starting::{Proof, may_rebuild};
use engine::{Domain, StateError, outbox};

use super::{Setback, Start};
use crate::failpoint::Point;
use crate::handle::now;
use crate::nats::streams::{self, AskError};

/// How long a replaced writer gets to see that it was, before the stream that it has written into is
/// rebuilt. Running, it knows another stream by its creation; to its next start, one that begins anew
/// would look like one that has lost its tail.
const STRAY_PATIENCE: Duration = Duration::from_secs(2);

impl<D: Domain> Start<'_, D> {
    /// Deletes the stream and creates it empty, if that destroys nothing; publishing does the rest.
    pub(super) async fn rebuild(&mut self) -> Result<(), Setback> {
        let context = self.context();
        let Some(stream) = streams::find(&context, D::SERVICE).await? else { return Ok(()) };
        let proof = self.prove(&stream).await?;
        may_rebuild(&proof).map_err(Setback::Fence)?;
        if self.tried.met_stray && !self.tried.waited_for_stray {
            self.tried.waited_for_stray = true;
            tracing::warn!(
                "a replaced writer has slipped rows into the stream; it gets to see that"
            );
            tokio::time::sleep(STRAY_PATIENCE).await;
            return Ok(());
        }
        tracing::warn!("the damaged stream is deleted and published again from row 1");
        // Without an answer it may be deleted or not: what is there is looked at anew.
        let deleted = context.delete_stream(D::SERVICE.stream()).await;
        deleted.map_err(|error| AskError(error.to_string()))?;
        self.tried.rebuilt = true;
        Point::MidRebuild.pass();
        self.create_stream().await?;
        Point::AfterRebuild.pass();
        Ok(())
    }

    async fn prove(&mut self, stream: &Stream) -> Result<Proof, Setback> {
        let mut tail = streams::tail(stream).await?.map_or(0, |row| row.sequence);
        let verified = outbox::verify(&self.engine.read());
        let mut unequal = self.first_unequal(stream, tail).await?;
        if let Some(message) = &unequal
            && self.is_stray(message)?
        {
            // Nobody has applied it, nor anything behind it.
            self.tried.met_stray = true;
            tail = message.sequence - 1;
            unequal = None;
        }
        Ok(Proof {
            outbox: verified.map_err(|error| error.to_string()),
            tail,
            unequal: unequal.map(|message| message.sequence),
            copied: self.copy().map_err(|error| error.to_string()),
        })
    }

    /// Whether a replaced writer has slipped it in behind the own row before it.
    fn is_stray(&self, message: &Row) -> Result<bool, StateError> {
        let before = self.own(message.sequence.saturating_sub(1))?;
        let own = self.own(message.sequence)?;
        let known = before.zip(self.engine.history());
        Ok(known.is_some_and(|(before, history)| is_stray(message, &before, own.as_ref(), history)))
    }

    /// Writes a copy of the database, once in each start.
    fn copy(&mut self) -> Result<(), StateError> {
        if !self.tried.copied {
            let copy = self.copy_file();
            self.engine.database().copy_to(&copy)?;
            tracing::info!(copy = %copy.display(), "a copy of the database was written");
            self.tried.copied = true;
        }
        Ok(())
    }

    /// The first readable message that does not equal its row. What a consumer leaves out is asked
    /// for by its number: nothing that can be read at all is deleted unseen.
    async fn first_unequal(&self, stream: &Stream, tail: u64) -> Result<Option<Row>, Setback> {
        let mut next = stream.cached_info().state.first_sequence.max(1);
        let mut scan = streams::Scan::begin(stream, next).await?;
        while next <= tail {
            let messages = scan.next().await?;
            let end_of_scan = messages.is_empty();
            for message in messages {
                if let Some(unequal) = self.unequal_between(stream, next, message.sequence).await? {
                    return Ok(Some(unequal));
                }
                if self.own(message.sequence)?.as_ref() != Some(&message) {
                    return Ok(Some(message));
                }
                next = message.sequence + 1;
            }
            if end_of_scan {
                return self.unequal_between(stream, next, tail + 1).await;
            }
        }
        Ok(None)
    }

    /// The same over the numbers from `from` to before `to`, one by one.
    async fn unequal_between(
        &self,
        stream: &Stream,
        from: u64,
        to: u64,
    ) -> Result<Option<Row>, Setback> {
        for sequence in from..to {
            let Some(message) = streams::message(stream, sequence).await? else { continue };
            if self.own(sequence)?.as_ref() != Some(&message) {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    fn own(&self, sequence: u64) -> Result<Option<Row>, StateError> {
        outbox::row(&self.engine.read(), sequence)
    }

    fn copy_file(&self) -> PathBuf {
        let mut name = self.data.as_os_str().to_owned();
        name.push(format!(".before-rebuild-{}.db", now().micros()));
        name.into()
    }
}
