//! Delivers streams, in order, through plain ephemeral pull consumers. There are no acknowledgements and
//! no redelivery; what is delivered is judged by the process.

use std::task::{Context, Poll, ready};

use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::{self, Message};
use engine::Domain;
use engine::process::{ConsumerId, Input, Now, Process};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use protocol::Service;

use crate::nats::{Connection, wire};
use crate::reading;

/// The consumers of a process: one a stream at most.
pub(super) struct Consumers {
    connection: Connection,
    reader: &'static str,
    open: Vec<Open>,
    /// Whose turn it is to be asked first: no busy stream holds up another for long.
    turn: usize,
}

struct Open {
    stream: Service,
    id: ConsumerId,
    messages: Messages,
}

enum Messages {
    Awaited(BoxFuture<'static, Result<pull::Stream, String>>),
    Flowing(Box<pull::Stream>),
    Over,
}

impl Consumers {
    pub(super) const fn new(connection: Connection, reader: &'static str) -> Self {
        Self { connection, reader, open: Vec::new(), turn: 0 }
    }

    pub(super) fn begin(&mut self, stream: Service, id: ConsumerId, from: u64) {
        self.end(stream);
        let context = self.connection.jetstream(stream);
        let begun = begin(context, reading::configuration(self.reader, from), stream);
        self.open.push(Open { stream, id, messages: Messages::Awaited(begun.boxed()) });
    }

    pub(super) fn end(&mut self, stream: Service) {
        self.open.retain(|open| open.stream != stream);
    }

    /// The connection is gone, and all of them with it.
    pub(super) fn end_all(&mut self) {
        self.open.clear();
    }

    /// Hands over all that has arrived, for as long as it is wanted. Says whether there was anything.
    pub(super) fn deliver<D: Domain, T>(
        &mut self,
        cx: &mut Context<'_>,
        process: &mut Process<D, T>,
        now: Now,
    ) -> bool {
        let (mut delivered, count) = (false, self.open.len());
        self.turn = self.turn.wrapping_add(1);
        for nth in 0..count {
            let open = &mut self.open[self.turn.wrapping_add(nth) % count];
            while process.wants_deliveries() && open.is_open() {
                let Poll::Ready(input) = open.poll(cx, &self.connection) else { break };
                process.handle(input, now);
                delivered = true;
            }
        }
        self.open.retain(Open::is_open);
        delivered
    }
}

impl Open {
    fn poll<D: Domain, T>(
        &mut self,
        cx: &mut Context<'_>,
        connection: &Connection,
    ) -> Poll<Input<D, T>> {
        let (stream, consumer) = (self.stream, self.id);
        let input = match &mut self.messages {
            Messages::Awaited(begun) => ready!(begun.poll_unpin(cx)).map(|messages| {
                self.messages = Messages::Flowing(Box::new(messages));
                Input::ConsumerBegan(stream, consumer)
            }),
            Messages::Flowing(messages) => match ready!(messages.poll_next_unpin(cx)) {
                Some(Ok(message)) => delivered(stream, consumer, &message),
                Some(Err(error)) => Err(error.to_string()),
                None => Err("the consumer ended".to_owned()),
            },
            Messages::Over => return Poll::Pending,
        };
        Poll::Ready(input.unwrap_or_else(|reason| {
            self.messages = Messages::Over;
            Input::ConsumerEnded { stream, consumer, reason: connection.explain(reason) }
        }))
    }

    const fn is_open(&self) -> bool {
        !matches!(self.messages, Messages::Over)
    }
}

fn delivered<D: Domain, T>(
    stream: Service,
    consumer: ConsumerId,
    message: &Message,
) -> Result<Input<D, T>, String> {
    let info = message.info().map_err(|error| error.to_string())?;
    let (sequence, pending) = (info.stream_sequence, info.pending);
    let headers = message.headers.as_ref();
    let row = wire::row_of(sequence, &message.subject, headers, &message.payload);
    Ok(Input::Delivered { stream, consumer, row, pending })
}

async fn begin(
    context: jetstream::Context,
    config: pull::Config,
    stream: Service,
) -> Result<pull::Stream, String> {
    let created = context.create_consumer_on_stream(config, stream.stream()).await;
    let consumer: Consumer<pull::Config> = created.map_err(|error| error.to_string())?;
    reading::messages_of(&consumer).await
}
