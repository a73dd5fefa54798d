//! Looking at the own stream: first the stream, then the own end.

use std::pin::Pin;
use std::sync::Arc;

use async_nats::jetstream;
use async_nats::jetstream::stream::Stream;
use contracts::{Row, Service, Timestamp};
use engine::relay::Relay;
use engine::watching::{StreamSeen, Verdict, first_of_another, judge, judge_message};
use engine::{ReadPool, StateError, outbox};

use crate::nats::streams::{self, AskError};

/// A look under way.
pub(super) struct Look {
    acknowledged: u64,
    was_in_doubt: bool,
    complaints: u64,
    verdict: Pin<Box<dyn Future<Output = Result<Verdict, AskError>> + Send>>,
}

/// What was seen, and what the relay knew when it began to look.
pub(super) struct Seen {
    pub(super) acknowledged: u64,
    pub(super) was_in_doubt: bool,
    pub(super) complaints: u64,
    pub(super) verdict: Result<Verdict, AskError>,
}

impl Look {
    /// Begins to look at the stream of a service that was created then, and at the row that is asked
    /// for, after so many complaints.
    pub(super) fn begin(
        stream: (Service, Timestamp),
        context: jetstream::Context,
        reads: Arc<ReadPool>,
        relay: &Relay,
        (asked, complaints): (Option<u64>, u64),
    ) -> Self {
        Self {
            acknowledged: relay.acknowledged(),
            was_in_doubt: relay.is_in_doubt(),
            complaints,
            verdict: Box::pin(look(stream, context, reads, Asked::of(relay, asked))),
        }
    }
}

/// Which messages are compared with their rows, beside the last one.
struct Asked {
    /// In doubt, all after this one that was acknowledged.
    after: Option<u64>,
    /// The one that a consumer misses.
    missed: Option<u64>,
}

impl Asked {
    fn of(relay: &Relay, missed: Option<u64>) -> Self {
        Self { after: relay.is_in_doubt().then(|| relay.acknowledged()), missed }
    }
}

/// The look's end; never, if none is under way.
pub(super) async fn done(looking: &mut Option<Look>) -> Seen {
    let Some(look) = looking else { return std::future::pending().await };
    let verdict = look.verdict.as_mut().await;
    let Look { acknowledged, was_in_doubt, complaints, .. } = *look;
    *looking = None;
    Seen { acknowledged, was_in_doubt, complaints, verdict }
}

async fn look(
    (service, created): (Service, Timestamp),
    context: jetstream::Context,
    reads: Arc<ReadPool>,
    asked: Asked,
) -> Result<Verdict, AskError> {
    let found = streams::find(&context, service).await?;
    let seen = match &found {
        None => None,
        Some(stream) => {
            let tail = streams::tail(stream).await?.map(|row| row.position());
            let info = stream.cached_info();
            let (created, extent) = (streams::created(info)?, streams::extent(info));
            Some(StreamSeen { created, extent, tail })
        }
    };
    let number = seen.and_then(|seen| seen.tail).map_or(0, |tail| tail.sequence);
    let own = reads.read(|state| {
        let at_tail = outbox::row(state, number)?.map(|row| row.chain);
        Ok((outbox::head(state)?.sequence, at_tail))
    });
    let (end, at_tail) = own.map_err(unreadable)?;
    let verdict = judge(seen.as_ref(), created, end, at_tail);
    match (found, &verdict) {
        (Some(stream), Verdict::EndsAt(last)) => compare(&stream, &reads, *last, asked).await,
        _ => Ok(verdict),
    }
}

/// The stream ends at `last`, with the own row there: compares what else is asked for.
async fn compare(
    stream: &Stream,
    reads: &ReadPool,
    last: u64,
    asked: Asked,
) -> Result<Verdict, AskError> {
    let mut doubtful = Vec::new();
    for number in asked.after.unwrap_or(last) + 1..=last {
        let message = streams::message(stream, number).await?;
        let own = own(reads, number)?;
        doubtful.push((number, message.map(|row| row.chain), own.map(|row| row.chain)));
    }
    if let Some(another) = first_of_another(doubtful) {
        let reason = format!("message {another} is not row {another}: somebody else writes");
        return Ok(Verdict::End(reason));
    }
    let Some(missed) = asked.missed else { return Ok(Verdict::EndsAt(last)) };
    let message = streams::message(stream, missed).await?;
    Ok(judge_message(missed, last, message.as_ref(), own(reads, missed)?.as_ref()))
}

fn own(reads: &ReadPool, number: u64) -> Result<Option<Row>, AskError> {
    reads.read(|state| outbox::row(state, number)).map_err(unreadable)
}

fn unreadable(error: StateError) -> AskError {
    AskError(error.to_string())
}
