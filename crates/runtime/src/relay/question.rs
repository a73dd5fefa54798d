//! What consumers ask the owner of a stream: to look at it, and at one row in particular.

use async_nats::Client;
use contracts::Service;
use futures_util::StreamExt as _;

/// The questions about the own stream.
pub(super) struct Questions {
    client: Client,
    subscription: Option<async_nats::Subscriber>,
}

/// A question that was asked.
pub(super) struct Question(async_nats::Message);

impl Questions {
    pub(super) async fn about(service: Service, client: Client) -> Self {
        let subscription = client.subscribe(service.verify_subject()).await.ok();
        Self { client, subscription }
    }

    /// The next question; never, where there can be none.
    pub(super) async fn next(&mut self) -> Question {
        if let Some(subscription) = &mut self.subscription
            && let Some(message) = subscription.next().await
        {
            return Question(message);
        }
        std::future::pending().await
    }

    /// Answers with the end that the stream was last seen to have.
    pub(super) async fn answer(&self, question: Question, acknowledged: u64) {
        let Some(reply) = question.0.reply else { return };
        if let Err(error) = self.client.publish(reply, acknowledged.to_string().into()).await {
            tracing::debug!(%error, "a consumer's question could not be answered");
        }
    }
}

impl Question {
    /// The row that its consumer misses or does not believe, where it is about one row.
    pub(super) fn row(&self) -> Option<u64> {
        std::str::from_utf8(&self.0.payload).ok()?.parse().ok()
    }
}
