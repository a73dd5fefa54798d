//! Looking at the own stream: first the stream, then the own end.

use std::pin::Pin;
use std::sync::Arc;

use async_nats::jetstream;
use contracts::Service;
use engine::relay::Relay;
use engine::watching::{StreamSeen, Verdict, judge, judge_message};
use engine::{ReadPool, StateError, outbox};

use crate::nats::streams::{self, AskError};

/// A look under way.
pub(super) struct Look {
    acknowledged: u64,
    was_in_doubt: bool,
    verdict: Pin<Box<dyn Future<Output = Result<Verdict, AskError>> + Send>>,
}

/// What was seen, and what the relay knew when it began to look.
pub(super) struct Seen {
    pub(super) acknowledged: u64,
    pub(super) was_in_doubt: bool,
    pub(super) verdict: Result<Verdict, AskError>,
}

impl Look {
    pub(super) fn begin(
        service: Service,
        context: jetstream::Context,
        reads: Arc<ReadPool>,
        relay: &Relay,
        asked: Option<u64>,
    ) -> Self {
        Self {
            acknowledged: relay.acknowledged(),
            was_in_doubt: relay.is_in_doubt(),
            verdict: Box::pin(look(service, context, reads, asked)),
        }
    }
}

/// The look's end; never, if none is under way.
pub(super) async fn done(looking: &mut Option<Look>) -> Seen {
    let Some(look) = looking else { return std::future::pending().await };
    let verdict = look.verdict.as_mut().await;
    let (acknowledged, was_in_doubt) = (look.acknowledged, look.was_in_doubt);
    *looking = None;
    Seen { acknowledged, was_in_doubt, verdict }
}

async fn look(
    service: Service,
    context: jetstream::Context,
    reads: Arc<ReadPool>,
    asked: Option<u64>,
) -> Result<Verdict, AskError> {
    let found = streams::find(&context, service).await?;
    let seen = match &found {
        None => None,
        Some(stream) => {
            let tail = streams::tail(stream).await?.map(|row| row.position());
            Some(StreamSeen { extent: streams::extent(stream.cached_info()), tail })
        }
    };
    let number = seen.and_then(|seen| seen.tail).map_or(0, |tail| tail.sequence);
    let own = reads.read(|state| {
        let at_tail = outbox::row(state, number)?.map(|row| row.chain);
        Ok((outbox::head(state)?.sequence, at_tail))
    });
    let (end, at_tail) = own.map_err(unreadable)?;
    let verdict = judge(seen.as_ref(), end, at_tail);
    match (found, asked, &verdict) {
        (Some(stream), Some(asked), Verdict::EndsAt(last)) => {
            let message = streams::message(&stream, asked).await?;
            let own = reads.read(|state| outbox::row(state, asked)).map_err(unreadable)?;
            Ok(judge_message(asked, *last, message.as_ref(), own.as_ref()))
        }
        _ => Ok(verdict),
    }
}

fn unreadable(error: StateError) -> AskError {
    AskError(error.to_string())
}
