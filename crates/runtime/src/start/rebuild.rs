//! Rebuilding a damaged stream from the outbox. It is also how the last copy would be destroyed:
//! hence the proof.

use std::path::PathBuf;

use async_nats::jetstream::stream::Stream;
use engine::starting::{Proof, may_rebuild};
use engine::{Domain, outbox};

use super::{Setback, Start};
use crate::failpoint::Point;
use crate::handle::now;
use crate::nats::streams::{self, AskError};

impl<D: Domain> Start<'_, D> {
    /// Deletes the stream and creates it empty, if that destroys nothing; publishing does the rest.
    pub(super) async fn rebuild(&mut self) -> Result<(), Setback> {
        let context = self.context();
        let Some(stream) = streams::find(&context, D::SERVICE).await? else { return Ok(()) };
        let proof = self.prove(&stream).await?;
        may_rebuild(&proof).map_err(Setback::Fence)?;
        self.tried.rebuilt = true;
        tracing::warn!("the damaged stream is deleted and published again from row 1");
        let deleted = context.delete_stream(D::SERVICE.stream()).await;
        deleted.map_err(|error| AskError(error.to_string()))?;
        Point::MidRebuild.pass();
        self.create_stream().await?;
        Point::AfterRebuild.pass();
        Ok(())
    }

    async fn prove(&self, stream: &Stream) -> Result<Proof, Setback> {
        let tail = streams::tail(stream).await?.map_or(0, |row| row.sequence);
        let verified = outbox::verify(&self.engine.read());
        let unequal = self.first_unequal(stream, tail).await?;
        let copy = self.copy_file();
        let copied = self.engine.database().copy_to(&copy);
        if copied.is_ok() {
            tracing::info!(copy = %copy.display(), "a copy of the database was written");
        }
        Ok(Proof {
            outbox: verified.map_err(|error| error.to_string()),
            tail,
            unequal,
            copied: copied.map_err(|error| error.to_string()),
        })
    }

    async fn first_unequal(&self, stream: &Stream, tail: u64) -> Result<Option<u64>, Setback> {
        let first = stream.cached_info().state.first_sequence.max(1);
        for sequence in first..=tail {
            let Some(message) = streams::message(stream, sequence).await? else { continue };
            if outbox::row(&self.engine.read(), sequence)?.as_ref() != Some(&message) {
                return Ok(Some(sequence));
            }
        }
        Ok(None)
    }

    fn copy_file(&self) -> PathBuf {
        let mut name = self.data.as_os_str().to_owned();
        name.push(format!(".before-rebuild-{}.db", now().micros()));
        name.into()
    }
}
