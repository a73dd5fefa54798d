//! What the broker answers to a published row, as [`engine::relay`] knows it.

use async_nats::jetstream;
use async_nats::jetstream::context::PublishErrorKind;
use engine::relay::Reply;

/// The answer, or why there is none.
pub(super) fn reply_of(
    answer: Result<jetstream::publish::PublishAck, jetstream::context::PublishError>,
) -> Reply {
    match answer {
        Ok(stored) => Reply::Stored { sequence: stored.sequence, duplicate: stored.duplicate },
        Err(error) => {
            let silent = [PublishErrorKind::TimedOut, PublishErrorKind::BrokenPipe];
            let reason = error.to_string();
            if silent.contains(&error.kind()) {
                Reply::Lost(reason)
            } else {
                Reply::Refused(reason)
            }
        }
    }
}
