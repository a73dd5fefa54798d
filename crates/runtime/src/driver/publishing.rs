//! Publishes rows without waiting for anything, and hears what the broker says of each.
//!
//! Each row names an inbox of its own, `<inbox>.<window>.<row>`, and one subscription takes the answers
//! of all: there is no future, no timer and no memory for a row under way. Which of them are, the process
//! knows.

use std::task::{Context, Poll, ready};

use async_nats::client::PublishErrorKind;
use async_nats::{Client, Message, StatusCode, Subscriber, jetstream};
use bytes::Bytes;
use engine::outbox;
use engine::relay::Reply;
use futures_util::{FutureExt as _, StreamExt as _};
use protocol::Row;
use serde::Deserialize;

use crate::failpoint::Point;
use crate::nats::wire;

/// Rows on their way, and what comes back for them.
pub(super) struct Publishing {
    client: Client,
    inbox: String,
    answers: Subscriber,
    /// For a drill only: the window, and its rows without an answer.
    under_way: (u64, u64),
}

/// What came back for a row.
pub(super) struct Answered {
    pub(super) window: u64,
    pub(super) row: u64,
    pub(super) reply: Reply,
}

/// What JetStream answers to a published message.
#[derive(Deserialize)]
struct PublishAnswer {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    error: Option<jetstream::Error>,
}

impl Publishing {
    /// # Errors
    /// When the client has ended.
    pub(super) async fn begin(client: Client) -> anyhow::Result<Self> {
        let inbox = client.new_inbox();
        let answers = client.subscribe(format!("{inbox}.*.*")).await?;
        Ok(Self { client, inbox, answers, under_way: (0, 0) })
    }

    /// Sends a row.
    ///
    /// # Errors
    /// Why it cannot be sent.
    pub(super) fn publish(&mut self, window: u64, row: Row) -> Result<(), String> {
        Point::BeforePublish.pass();
        let (sequence, bytes) = (row.sequence, outbox::bytes_of(&row));
        let reply = format!("{}.{window}.{sequence}", self.inbox);
        let headers = wire::headers_of(&row);
        let payload = Bytes::from_owner(row.payload);
        let client = &self.client;
        let publishing =
            client.publish_with_reply_and_headers(row.subject, reply, headers, payload);
        match publishing.now_or_never() {
            Some(Ok(())) => {
                self.note_sent(window);
                Ok(())
            }
            Some(Err(error)) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                Err(wire::too_large(sequence, bytes, client.max_payload()))
            }
            Some(Err(error)) => Err(error.to_string()),
            None => Err("the broker takes nothing at the moment".to_owned()),
        }
    }

    /// The next answer that has come.
    pub(super) fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Answered>> {
        loop {
            let Some(message) = ready!(self.answers.poll_next_unpin(cx)) else {
                return Poll::Ready(None);
            };
            // Whatever else may come to an inbox is no answer to a row.
            if let Some((window, row)) = self.row_of(&message) {
                let reply = reply_of(&message);
                self.note_answered(window);
                return Poll::Ready(Some(Answered { window, row, reply }));
            }
        }
    }

    fn row_of(&self, message: &Message) -> Option<(u64, u64)> {
        let rest = message.subject.strip_prefix(self.inbox.as_str())?.strip_prefix('.')?;
        let (window, row) = rest.split_once('.')?;
        Some((window.parse().ok()?, row.parse().ok()?))
    }

    fn note_sent(&mut self, window: u64) {
        if self.under_way.0 != window {
            self.under_way = (window, 0);
        }
        if self.under_way.1 > 0 {
            Point::MidPipeline.pass();
        }
        self.under_way.1 += 1;
    }

    fn note_answered(&mut self, window: u64) {
        if self.under_way.0 == window {
            self.under_way.1 = self.under_way.1.saturating_sub(1);
        }
    }
}

/// What an answer says of the row.
fn reply_of(message: &Message) -> Reply {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return Reply::Refused("there is no stream that takes it".to_owned());
    }
    match serde_json::from_slice::<PublishAnswer>(&message.payload) {
        Ok(PublishAnswer { error: Some(error), .. }) => Reply::Refused(error.to_string()),
        Ok(PublishAnswer { seq, duplicate, error: None }) => {
            Reply::Stored { sequence: seq, duplicate }
        }
        Err(error) => Reply::Lost(format!("its answer cannot be understood: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(payload: &'static str, status: Option<StatusCode>) -> Reply {
        let (subject, payload) = ("_INBOX.a.1.2".into(), Bytes::from_static(payload.as_bytes()));
        let (reply, headers, description, length) = (None, None, None, 0);
        reply_of(&Message { subject, reply, payload, headers, status, description, length })
    }

    #[test]
    fn an_answer_is_a_number_a_refusal_or_lost() {
        let stored = |sequence, duplicate| Reply::Stored { sequence, duplicate };
        assert_eq!(answer(r#"{"stream":"ORDER","seq":7}"#, None), stored(7, false));
        assert_eq!(answer(r#"{"stream":"ORDER","seq":7,"duplicate":true}"#, None), stored(7, true));
        let refused = r#"{"type":"x","error":{"code":400,"err_code":10071,"description":"wrong last sequence: 3"}}"#;
        let Reply::Refused(reason) = answer(refused, None) else { unreachable!() };
        assert!(reason.contains("wrong last sequence: 3"), "{reason}");
        assert!(matches!(answer("", Some(StatusCode::NO_RESPONDERS)), Reply::Refused(_)));
        assert!(matches!(answer("+OK", None), Reply::Lost(_)));
    }
}
