//! Asks the broker: each request is one future, and they overlap.

use std::task::{Context, Poll};

use async_nats::jetstream;
use async_nats::jetstream::context::{PublishErrorKind, UpdateStreamErrorKind};
use async_nats::jetstream::stream::{Config, Stream};
use bytes::Bytes;
use engine::Domain;
use engine::process::{BrokerAnswer, BrokerRequest, Input, RequestId, StreamInfo};
use engine::relay::Reply;
use engine::starting::Claim;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use protocol::{Row, Service};

use crate::failpoint::Point;
use crate::nats::streams::{self, AskError};
use crate::nats::{Connection, claims, wire};

/// What says that no answer came.
const SILENT: [PublishErrorKind; 2] = [PublishErrorKind::TimedOut, PublishErrorKind::BrokenPipe];

/// With this code the broker says that it cannot answer now: it starts, or has no leader. With any other
/// one the request is refused.
const UNAVAILABLE: usize = 503;

/// The requests under way.
pub(super) struct Requests {
    broker: Broker,
    under_way: FuturesUnordered<BoxFuture<'static, (RequestId, Result<BrokerAnswer, String>)>>,
    /// For a drill only: the stream was deleted, and is not created again.
    rebuilds: bool,
}

/// The broker, for one service.
#[derive(Clone)]
struct Broker {
    connection: Connection,
    service: Service,
    wanted: Config,
}

impl Requests {
    pub(super) fn new(connection: Connection, service: Service, stream_replicas: usize) -> Self {
        let wanted = streams::wanted(service, stream_replicas);
        let broker = Broker { connection, service, wanted };
        Self { broker, under_way: FuturesUnordered::new(), rebuilds: false }
    }

    pub(super) fn begin(&mut self, id: RequestId, request: BrokerRequest) {
        let broker = self.broker.clone();
        let reached = self.point_after(&request);
        self.under_way.push(Box::pin(async move {
            let answer = broker.answer(request).await;
            if let (Ok(_), Some(point)) = (&answer, reached) {
                point.pass();
            }
            (id, answer)
        }));
    }

    /// The connection is gone, and with it whatever was asked over it.
    pub(super) fn end_all(&mut self) {
        self.under_way.clear();
    }

    /// The next answer; nothing while none is there.
    pub(super) fn poll<D: Domain, T>(&mut self, cx: &mut Context<'_>) -> Option<Input<D, T>> {
        match self.under_way.poll_next_unpin(cx) {
            Poll::Ready(Some((id, answer))) => Some(Input::Broker(id, answer)),
            Poll::Ready(None) | Poll::Pending => None,
        }
    }

    /// Where a drill may end the process once this is done.
    fn point_after(&mut self, request: &BrokerRequest) -> Option<Point> {
        match request {
            BrokerRequest::Delete => {
                self.rebuilds = true;
                Some(Point::MidRebuild)
            }
            BrokerRequest::Create => {
                std::mem::take(&mut self.rebuilds).then_some(Point::AfterRebuild)
            }
            BrokerRequest::Publish(_) => Some(Point::MidRestore),
            BrokerRequest::Find(_)
            | BrokerRequest::Tail(_)
            | BrokerRequest::Recovered(_)
            | BrokerRequest::Message(_)
            | BrokerRequest::Scan(_)
            | BrokerRequest::Configure
            | BrokerRequest::Claim(_)
            | BrokerRequest::WriteClaim(..) => None,
        }
    }
}

impl Broker {
    async fn answer(&self, request: BrokerRequest) -> Result<BrokerAnswer, String> {
        let answer = match request {
            BrokerRequest::Find(stream) => self.find(stream).await.map(BrokerAnswer::Stream),
            BrokerRequest::Tail(stream) => self.tail(stream).await.map(BrokerAnswer::Message),
            BrokerRequest::Recovered(of) => self.recovered(of).await.map(BrokerAnswer::Message),
            BrokerRequest::Message(number) => self.message(number).await.map(BrokerAnswer::Message),
            BrokerRequest::Scan(from) => self.scan(from).await.map(BrokerAnswer::Messages),
            BrokerRequest::Create => self.create().await.map(|()| BrokerAnswer::Done),
            BrokerRequest::Configure => self.configure().await.map(|()| BrokerAnswer::Done),
            BrokerRequest::Delete => self.delete().await.map(|()| BrokerAnswer::Done),
            BrokerRequest::Publish(row) => Ok(BrokerAnswer::Published(self.publish(row).await)),
            BrokerRequest::Claim(before) => self.claim(before).await.map(BrokerAnswer::Claim),
            BrokerRequest::WriteClaim(after, claim) => {
                self.write_claim(after, &claim).await.map(|()| BrokerAnswer::Done)
            }
        };
        answer.map_err(|error| self.connection.explain(error.to_string()))
    }

    async fn find(&self, stream: Service) -> Result<Option<StreamInfo>, AskError> {
        let Some(found) = streams::find(&self.context(stream), stream).await? else {
            return Ok(None);
        };
        let info = found.cached_info();
        let own = stream == self.service;
        Ok(Some(StreamInfo {
            created: streams::created(info)?,
            extent: streams::extent(info),
            difference: if own { streams::difference(&self.wanted, &info.config) } else { None },
        }))
    }

    async fn tail(&self, stream: Service) -> Result<Option<Row>, AskError> {
        streams::tail(&self.handle(stream).await?).await
    }

    async fn recovered(&self, stream: Service) -> Result<Option<Row>, AskError> {
        streams::recovered(&self.handle(stream).await?, stream).await
    }

    async fn message(&self, number: u64) -> Result<Option<Row>, AskError> {
        streams::message(&self.handle(self.service).await?, number).await
    }

    async fn scan(&self, from: u64) -> Result<Vec<Row>, AskError> {
        streams::Scan::begin(&self.handle(self.service).await?, from).await?.next().await
    }

    async fn create(&self) -> Result<(), AskError> {
        streams::create(&self.context(self.service), &self.wanted).await.map(drop)
    }

    /// A refusal is an answer, too: what is there is looked at anew, and told with its difference.
    async fn configure(&self) -> Result<(), AskError> {
        let Err(error) = self.context(self.service).update_stream(&self.wanted).await else {
            return Ok(());
        };
        tracing::warn!(%error, "the stream's configuration could not be set right");
        if let UpdateStreamErrorKind::JetStream(refused) = error.kind()
            && refused.code() != UNAVAILABLE
        {
            return Ok(());
        }
        Err(AskError(error.to_string()))
    }

    async fn delete(&self) -> Result<(), AskError> {
        tracing::warn!("the damaged stream is deleted and published again from row 1");
        let deleted = self.context(self.service).delete_stream(self.service.stream()).await;
        deleted.map(drop).map_err(|error| AskError(error.to_string()))
    }

    async fn publish(&self, row: Row) -> Reply {
        let (headers, payload) = (wire::headers_of(&row), Bytes::from_owner(row.payload));
        let context = self.context(self.service);
        let answer = match context.publish_with_headers(row.subject, headers, payload).await {
            Ok(acknowledgement) => acknowledgement.await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(stored) => Reply::Stored { sequence: stored.sequence, duplicate: stored.duplicate },
            Err(error) if SILENT.contains(&error.kind()) => Reply::Lost(error.to_string()),
            Err(error) => Reply::Refused(error.to_string()),
        }
    }

    async fn claim(&self, before: Option<u64>) -> Result<Option<(u64, Option<Claim>)>, AskError> {
        claims::last(&self.context(self.service), self.service, before).await
    }

    async fn write_claim(&self, after: u64, claim: &Claim) -> Result<(), AskError> {
        let of = (self.service, self.wanted.num_replicas);
        claims::write(&self.context(self.service), of, after, claim).await
    }

    fn context(&self, stream: Service) -> jetstream::Context {
        self.connection.jetstream(stream)
    }

    /// A stream's handle, for whose sake nobody is asked.
    async fn handle(&self, stream: Service) -> Result<Stream<()>, AskError> {
        let handle = self.context(stream).get_stream_no_info(stream.stream()).await;
        handle.map_err(|error| AskError(error.to_string()))
    }
}
