//! What the readers of streams tell their owners: that a stream is to be looked at, at one row or whole.

use std::task::{Context, Poll};

use async_nats::{Client, Message, Subject, Subscriber};
use futures_util::{FutureExt as _, StreamExt as _};
use protocol::Service;

/// Complaints of the own stream, and the way to the owners of others.
pub(super) struct Complaints {
    client: Client,
    subscription: Subscriber,
}

/// What somebody who reads the own stream has sent.
pub(super) struct Complaint(Message);

impl Complaints {
    /// # Errors
    /// When the client has ended.
    pub(super) async fn begin(client: Client, service: Service) -> anyhow::Result<Self> {
        let subscription = client.subscribe(service.verify_subject()).await?;
        Ok(Self { client, subscription })
    }

    /// The next one; nothing while there is none.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Option<Complaint> {
        match self.subscription.poll_next_unpin(cx) {
            Poll::Ready(message) => message.map(Complaint),
            Poll::Pending => None,
        }
    }

    /// Answers with the end that the stream was last seen to have.
    pub(super) fn answer(&self, complaint: Complaint, acknowledged: u64) {
        if let Some(reply) = complaint.0.reply {
            self.say(reply, acknowledged.to_string());
        }
    }

    pub(super) fn complain(&self, stream: Service, row: Option<u64>) {
        let row = row.map(|row| row.to_string()).unwrap_or_default();
        self.say(stream.verify_subject().into(), row);
    }

    /// Says it, unless that would mean to wait: it is said again.
    fn say(&self, to: Subject, what: String) {
        let said = self.client.publish(to, what.into()).now_or_never();
        if !matches!(said, Some(Ok(()))) {
            tracing::debug!("a complaint, or the answer to one, was not sent");
        }
    }
}

impl Complaint {
    /// The row that is missed or not believed, where it is one.
    pub(super) fn row(&self) -> Option<u64> {
        std::str::from_utf8(&self.0.payload).ok()?.parse().ok()
    }
}
