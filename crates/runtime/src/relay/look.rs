//! Reading the own stream back: first the stream, then the own end.

use engine::outbox;
use engine::watching::{StreamSeen, Verdict, judge};

use super::RelayShell;
use crate::nats::streams::{self, AskError};

impl RelayShell {
    /// What the stream holds, judged against the outbox.
    ///
    /// # Errors
    /// When the broker or the outbox cannot be asked.
    pub(super) async fn look(&mut self) -> Result<Verdict, AskError> {
        let stream = streams::find(&self.context, self.service).await?;
        let seen = match &stream {
            None => None,
            Some(stream) => {
                let tail = streams::tail(stream).await?.map(|row| row.position());
                Some(StreamSeen { extent: streams::extent(stream.cached_info()), tail })
            }
        };
        let number = seen.and_then(|seen| seen.tail).map_or(0, |tail| tail.sequence);
        let own = self.reads.read(|state| {
            let at_tail = outbox::row(state, number)?.map(|row| row.chain);
            Ok((outbox::head(state)?.sequence, at_tail))
        });
        let (end, at_tail) = own.map_err(|error| AskError(error.to_string()))?;
        Ok(judge(seen.as_ref(), end, at_tail))
    }
}
