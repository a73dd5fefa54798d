//! Drives a process with the real broker, the disk and the network: carries out its effects, and hands in
//! what has happened. What to do is decided in [`engine::process`]; here it is done.
//!
//! One loop on one thread. All that has arrived is handed in before anything is done about it, so that
//! much of it costs one commit; nothing in the loop waits for anything in particular. The engine has a
//! thread of its own, since a commit waits for the disk.
//!
//! # Layout, in reading order
//!
//! `writer` carries out what concerns the database, `publishing` and `broker` what concerns the own
//! stream, `consumers` deliver foreign ones, `complaints` are what readers say of the own stream and
//! this one of theirs, `reports` are what people are told.

mod broker;
mod complaints;
mod consumers;
mod publishing;
mod reports;
mod timer;
mod writer;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use engine::process::{Effect, End, Input, Now, Process, Settings};
use engine::relay::Reply;
use engine::versions::Versions;
use engine::{Domain, Engine};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use protocol::{HistoryId, Position, SealKeys};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::command_result::Promise;
use crate::failpoint::Point;
use crate::handle::Inbound;
use crate::nats::Connection;
use crate::nats::connection::Link;
use crate::replicas::Replicas;
use crate::status::Status;
use crate::ticket::{Response, Ticket};
use crate::token::Token;
use broker::Requests;
use complaints::Complaints;
use consumers::Consumers;
use publishing::{Answered, Publishing};
use timer::Timer;
use writer::WriterThread;

/// A process and its surroundings.
pub(crate) struct Driver<D: Domain> {
    process: Process<D, Ticket<D::Refusal, D::Event>>,
    clock: Clock,
    status: Status,
    connection: Connection,
    inbound: mpsc::UnboundedReceiver<Inbound<D>>,
    links: BoxStream<'static, Link>,
    link: Link,
    writer: WriterThread<D>,
    publishing: Publishing,
    requests: Requests,
    consumers: Consumers,
    complaints: Complaints,
    timer: Timer,
    ended: Option<End>,
}

/// What a driver is begun with.
pub(crate) struct Surroundings<D: Domain> {
    pub(crate) inbound: mpsc::UnboundedReceiver<Inbound<D>>,
    pub(crate) connection: Connection,
    pub(crate) status: Status,
    pub(crate) replicas: Arc<Replicas>,
    pub(crate) clock: Clock,
    pub(crate) first_start: bool,
    pub(crate) keys: Arc<SealKeys>,
    pub(crate) versions: Arc<Versions>,
    pub(crate) stream_replicas: usize,
    pub(crate) drop_foreign: Option<Position>,
}

impl<D: Domain> Driver<D> {
    /// A driver of a process that begins.
    ///
    /// # Errors
    /// When the writer's thread cannot be started, or the broker's client has ended.
    pub(crate) async fn begin(
        engine: Engine<D>,
        surroundings: Surroundings<D>,
    ) -> anyhow::Result<Self> {
        let Surroundings { inbound, connection, status, replicas, clock, keys, .. } = surroundings;
        let fresh_history = HistoryId::from_bytes(*uuid::Uuid::new_v4().as_bytes());
        let (first_start, versions) = (surroundings.first_start, surroundings.versions);
        let drop_foreign = surroundings.drop_foreign;
        let settings = Settings { first_start, fresh_history, keys, versions, drop_foreign };
        let client = connection.client();
        Ok(Self {
            process: Process::new(settings, engine.known().clone()),
            clock,
            status,
            inbound,
            links: connection.links(),
            link: Link::default(),
            writer: WriterThread::begin(engine, replicas)?,
            publishing: Publishing::begin(client.clone()).await?,
            requests: Requests::new(connection.clone(), D::SERVICE, surroundings.stream_replicas),
            consumers: Consumers::new(connection.clone(), D::SERVICE.name()),
            complaints: Complaints::begin(client.clone(), D::SERVICE).await?,
            connection,
            timer: Timer::new(),
            ended: None,
        })
    }

    /// Runs until the process is over. Given up before, whoever waits for an answer is told that the
    /// outcome is unknown.
    pub(crate) async fn run(mut self) -> End {
        loop {
            self.carry_out_all();
            self.status.publish(self.process.standing());
            if let Some(end) = self.ended.take() {
                return end;
            }
            self.timer.set(self.process.poll_timeout().map(|timeout| timeout.at), self.clock);
            let mut waited = false;
            poll_fn(|cx| {
                let arrived = self.take_all(cx);
                waited |= !arrived;
                if arrived { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            if !waited {
                // Whatever else runs on this thread gets its turn.
                tokio::task::yield_now().await;
            }
        }
    }

    fn carry_out_all(&mut self) {
        let now = self.clock.now();
        while let Some(effect) = self.process.poll_effect(now) {
            self.carry_out(effect, now);
        }
    }

    fn carry_out(&mut self, effect: Effect<D, Ticket<D::Refusal, D::Event>>, now: Now) {
        match effect {
            Effect::Commit(inputs) => self.writer.commit(inputs),
            Effect::Database(id, request) => self.writer.ask(id, request),
            Effect::Broker(id, request) => self.requests.begin(id, request),
            Effect::Publish { window, row } => {
                let sequence = row.sequence;
                if let Err(reason) = self.publishing.publish(window, row) {
                    let reply = Reply::Lost(reason);
                    self.process.handle(Input::Acknowledged { window, row: sequence, reply }, now);
                }
            }
            Effect::Consume { stream, consumer, from } => {
                self.consumers.begin(stream, consumer, from);
            }
            Effect::StopConsuming(stream) => self.consumers.end(stream),
            Effect::Complain(stream, row) => self.complaints.complain(stream, row),
            Effect::Reconnect => self.connection.renew(),
            Effect::Reply { ticket, answer, durability, acknowledged } => {
                let token = acknowledged.map(|head| Token::of(D::SERVICE, head));
                ticket.respond(Response::Answered(answer, Promise { durability, token }));
            }
            Effect::TurnAway(ticket) => ticket.respond(Response::TurnedAway),
            Effect::Report(report) => reports::log(report),
            Effect::End(end) => self.ended = Some(end),
        }
    }

    /// Hands in all that has arrived. Says whether there was anything.
    fn take_all(&mut self, cx: &mut Context<'_>) -> bool {
        let now = self.clock.now();
        let mut arrived = self.take_links(cx, now);
        while let Poll::Ready(done) = self.writer.poll(cx) {
            arrived = true;
            let Some(done) = done else {
                self.ended = Some(End::Failed("the writer's thread has died".to_owned()));
                break;
            };
            self.process.handle(done, now);
        }
        while let Poll::Ready(Some(answered)) = self.publishing.poll_answer(cx) {
            arrived = true;
            self.acknowledge(answered, now);
        }
        while let Some(answer) = self.requests.poll(cx) {
            arrived = true;
            self.process.handle(answer, now);
        }
        while let Some(complaint) = self.complaints.poll(cx) {
            arrived = true;
            self.process.handle(Input::Complaint(complaint.row()), now);
            self.complaints.answer(complaint, self.process.standing().acknowledged);
        }
        while let Poll::Ready(Some(input)) = self.inbound.poll_recv(cx) {
            arrived = true;
            self.process.handle(input, now);
        }
        arrived |= self.consumers.deliver(cx, &mut self.process, now);
        arrived | self.timer.is_due(cx)
    }

    fn take_links(&mut self, cx: &mut Context<'_>, now: Now) -> bool {
        let before = self.link;
        while let Poll::Ready(Some(link)) = self.links.poll_next_unpin(cx) {
            self.link = link;
        }
        if self.link == before {
            return false;
        }
        if before.connected {
            self.requests.end_all();
            self.consumers.end_all();
            self.process.handle(Input::Disconnected, now);
        }
        if self.link.connected {
            self.process.handle(Input::Connected(self.connection.limits()), now);
        }
        true
    }

    fn acknowledge(&mut self, Answered { window, row, reply }: Answered, now: Now) {
        let stored = matches!(reply, Reply::Stored { duplicate: false, .. });
        self.process.handle(Input::Acknowledged { window, row, reply }, now);
        if stored {
            Point::AfterAck.pass();
        }
    }
}
