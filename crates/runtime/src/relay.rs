//! The shell of [`engine::relay`]: publishes committed rows, and releases the answers that wait for
//! their acknowledgement.

mod look;
mod question;
mod reasons;
mod replies;

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_nats::jetstream::context::PublishErrorKind;
use bytes::Bytes;
use contracts::{Row, Service, Timestamp};
use engine::promise::{Durability, Link, Promises};
use engine::relay::{Heard, Relay, Reply};
use engine::starting::Found;
use engine::watching::Verdict;
use engine::{ReadPool, outbox};
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::executed::Promise;
use crate::failpoint::Point;
use crate::handle::now;
use crate::nats::{Connection, wire};
use crate::shutdown::{Stop, StopSender};
use crate::status::{Stage, Status};
use crate::token::Token;
use look::{Look, Seen};
use question::Questions;
use replies::reply_of;

/// How often the stream is verified without a doubt: an idle stream raises no error.
const VERIFY_EVERY: Duration = Duration::from_secs(3);

/// How often a doubt is looked into, and it is noticed that no acknowledgement comes.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Rows that are kept in memory for publishing. Beyond, they are read from the outbox again.
const ROWS_KEPT_MAX: usize = 4_096;

/// Rows that are read from the outbox at once.
const ROWS_READ_AT_ONCE: u32 = 512;

/// Sends an answer on its way.
pub(crate) type Release = Box<dyn FnOnce(Promise) + Send>;

type Acknowledgement = Pin<Box<dyn Future<Output = (u64, Reply)> + Send>>;

/// What a batch has committed.
pub(crate) struct Committed {
    /// The rows that were appended.
    pub(crate) rows: Vec<Row>,
    /// The outbox's end after it.
    pub(crate) head: u64,
    /// The answers that wait for that end to be acknowledged.
    pub(crate) releases: Vec<Release>,
}

/// The relay of one service.
pub(crate) struct RelayShell {
    service: Service,
    connection: Connection,
    context: jetstream::Context,
    reads: Arc<ReadPool>,
    status: Status,
    stop: Arc<StopSender>,
    stream_created: Timestamp,
    relay: Relay,
    link: Link,
    promises: Promises<(u64, Release)>,
    head: u64,
    rows: VecDeque<Row>,
    acknowledgements: FuturesOrdered<Acknowledgement>,
    look: Option<Look>,
    /// The row that a consumer complains of, until it was looked at.
    asked: Option<u64>,
    /// How often consumers have complained.
    complaints: u64,
    /// Why the stream was last read back, until it takes rows again.
    doubted: Option<String>,
    payload_bytes_max: usize,
    suspects: mpsc::UnboundedSender<Suspect>,
    ended: bool,
}

/// A message of the own stream that is damaged although the broker counts it. The next start has to
/// know of it.
#[derive(Debug)]
pub(crate) struct Suspect {
    /// Its number.
    pub(crate) message: u64,
    /// What is wrong with it.
    pub(crate) reason: String,
}

impl RelayShell {
    /// A relay over an outbox that ends at `head`, and the stream that the start has found.
    pub(crate) fn new(
        service: Service,
        connection: Connection,
        reads: ReadPool,
        status: Status,
        stop: Arc<StopSender>,
        suspects: mpsc::UnboundedSender<Suspect>,
        (head, found): (u64, Found),
    ) -> Self {
        let context = connection.jetstream(service);
        let mut relay = Relay::new();
        relay.resume(found.ends_at);
        status.begin_stream(found);
        Self {
            service,
            connection,
            context,
            reads: Arc::new(reads),
            status,
            stop,
            stream_created: found.created,
            relay,
            link: Link::connected(),
            promises: Promises::new(found.ends_at),
            head,
            rows: VecDeque::new(),
            acknowledgements: FuturesOrdered::new(),
            look: None,
            asked: None,
            complaints: 0,
            doubted: None,
            payload_bytes_max: wire::PAYLOAD_BYTES_NEEDED,
            suspects,
            ended: false,
        }
    }

    /// Publishes until the writer is gone and all is acknowledged, or the process has to end. What
    /// waits for an acknowledgement then, or when a stop runs out of time, is given up: its outcome is
    /// unknown.
    pub(crate) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Committed>, stop: Stop) {
        let mut connected = self.connection.watch();
        let mut verify = ticks(VERIFY_EVERY);
        let mut look = ticks(LOOK_EVERY);
        let client = self.connection.client().clone();
        let mut questions = Questions::about(self.service, client).await;
        let mut given_up = pin!(stop.given_up());
        let mut open = true;
        while !self.ended && (open || self.relay.acknowledged() < self.head) {
            self.publish().await;
            tokio::select! {
                committed = inbox.recv(), if open => match committed {
                    Some(committed) => self.take(committed),
                    None => open = false,
                },
                Some((row, reply)) = self.acknowledgements.next() => self.hear(row, &reply),
                _ = verify.tick() => self.begin_look(),
                _ = look.tick() => {
                    self.note_limits();
                    if self.relay.is_in_doubt() { self.begin_look() }
                }
                seen = look::done(&mut self.look) => self.judge(seen),
                question = questions.next() => {
                    self.note_complaint(question.row());
                    questions.answer(question, self.relay.acknowledged()).await;
                }
                () = &mut given_up => break,
                changed = connected.changed() => self.note_connection(&mut connected, changed.is_ok()),
            }
            self.keep_promises();
        }
    }

    fn take(&mut self, committed: Committed) {
        self.head = committed.head;
        self.rows.extend(committed.rows);
        if self.rows.len() > ROWS_KEPT_MAX {
            self.rows.clear();
        }
        for release in committed.releases {
            self.promises.add(committed.head, (committed.head, release));
        }
        if self.relay.acknowledged() < self.head {
            self.link.begins_to_wait(now());
        }
    }

    async fn publish(&mut self) {
        let Some(range) = self.relay.to_send(self.head) else { return };
        for sequence in range {
            let row = match self.row(sequence) {
                Ok(row) => row,
                Err(reason) => return self.end(&reason),
            };
            let (headers, bytes) = (wire::headers_of(&row), outbox::bytes_of(&row));
            let payload = Bytes::from_owner(row.payload);
            let publishing = self.context.publish_with_headers(row.subject, headers, payload);
            Point::BeforePublish.pass();
            match publishing.await {
                Ok(acknowledgement) => {
                    self.relay.sent(sequence);
                    if sequence > self.relay.acknowledged() + 1 {
                        Point::MidPipeline.pass();
                    }
                    let acknowledgement = acknowledgement.into_future();
                    let reply = acknowledgement.map(move |answer| (sequence, reply_of(answer)));
                    self.acknowledgements.push_back(Box::pin(reply));
                }
                Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                    self.connection.renew().await;
                    return self.doubt(self.too_large(sequence, bytes));
                }
                Err(error) => return self.doubt(format!("row {sequence} was not sent: {error}")),
            }
        }
    }

    /// The row to publish: kept in memory, or read again.
    fn row(&mut self, sequence: u64) -> Result<Row, String> {
        while self.rows.front().is_some_and(|row| row.sequence < sequence) {
            self.rows.pop_front();
        }
        if self.rows.front().is_none_or(|row| row.sequence > sequence) {
            let before = self.rows.front().map_or(u64::MAX, |row| row.sequence);
            let read = self.reads.read(|state| outbox::rows(state, sequence, ROWS_READ_AT_ONCE));
            let read = read.map_err(|error| format!("the outbox cannot be read: {error}"))?;
            for row in read.into_iter().rev().filter(|row| row.sequence < before) {
                self.rows.push_front(row);
            }
        }
        match self.rows.pop_front() {
            Some(row) if row.sequence == sequence => Ok(row),
            Some(_) | None => Err(format!("row {sequence} of the outbox is missing")),
        }
    }

    fn hear(&mut self, row: u64, reply: &Reply) {
        match self.relay.heard(row, reply) {
            Heard::Acknowledged(sequence) => {
                Point::AfterAck.pass();
                self.acknowledge(sequence);
            }
            Heard::Doubt(reason) => self.doubt(reason),
            Heard::Forgotten => {}
        }
    }

    fn acknowledge(&mut self, sequence: u64) {
        self.doubted = None;
        self.promises.acknowledged(sequence);
        self.link.waits(sequence < self.head, now());
        self.status.update(|standing| standing.acknowledged = sequence);
    }

    /// The stream was read back. Where it holds no more than before, whoever waits has waited since
    /// then: a broker that refuses every row is as good as none.
    fn resume(&mut self, last: u64) {
        let advances = last > self.relay.acknowledged() || last >= self.head;
        self.relay.resume(last);
        self.promises.acknowledged(last);
        if advances {
            self.doubted = None;
            self.link.waits(last < self.head, now());
        } else {
            self.link.begins_to_wait(now());
        }
        self.status.update(|standing| standing.acknowledged = last);
        self.status.update_compared(|compared| compared.doubt = None);
    }

    /// Forgets what is under way, until the stream is read back.
    fn doubt(&mut self, reason: String) {
        // What goes on for the same reason is said once.
        if self.doubted.as_ref() != Some(&reason) {
            tracing::warn!(reason, "what the stream holds is read back");
            self.doubted = Some(reason.clone());
        }
        metrics::counter!("murmur_relay_doubts_total").increment(1);
        self.status.update_compared(|compared| compared.doubt = Some(reason.clone()));
        self.relay.doubt(reason);
        self.acknowledgements.clear();
        self.look = None;
    }

    /// Begins to look at the stream, beside everything else: a broker that hangs must not hold up the
    /// answers that go out without it.
    fn begin_look(&mut self) {
        if self.look.is_none() && self.connection.is_connected() {
            let (context, reads) = (self.context.clone(), Arc::clone(&self.reads));
            let stream = (self.service, self.stream_created);
            let asked = (self.asked, self.complaints);
            self.look = Some(Look::begin(stream, context, reads, &self.relay, asked));
        }
    }

    /// A consumer misses rows, or does not believe one: until the stream is looked at, they may be lost.
    fn note_complaint(&mut self, row: Option<u64>) {
        self.complaints += 1;
        self.asked = row.or(self.asked);
        let what = row.map_or_else(|| "rows".to_owned(), |row| format!("row {row}"));
        let complaint = format!("a consumer misses {what}");
        self.status.update_compared(|compared| compared.complaint = Some(complaint));
        self.begin_look();
    }

    fn judge(&mut self, seen: Seen) {
        match seen.verdict {
            Ok(Verdict::End(reason)) => self.end(&reason),
            Ok(Verdict::Suspect { message, reason }) => {
                self.ended = true;
                let suspect = Suspect { message, reason };
                if let Err(mpsc::error::SendError(suspect)) = self.suspects.send(suspect) {
                    self.stop.stop(&suspect.reason);
                }
            }
            Ok(Verdict::EndsAt(last)) if self.relay.is_in_doubt() => {
                // What was seen before the doubt arose says nothing about it.
                if seen.was_in_doubt {
                    self.resume(last);
                    self.note_whole(seen.complaints);
                }
            }
            Ok(Verdict::EndsAt(last)) if last < seen.acknowledged => {
                let acknowledged = seen.acknowledged;
                self.doubt(format!("the stream ends at {last}, not at {acknowledged}"));
            }
            Ok(Verdict::EndsAt(_)) => self.note_whole(seen.complaints),
            Err(error) => tracing::debug!(%error, "the stream cannot be looked at now"),
        }
        if seen.complaints < self.complaints {
            self.begin_look();
        }
    }

    /// The stream holds what it has acknowledged, as a look shows that began after so many complaints.
    fn note_whole(&mut self, complaints: u64) {
        let answers_all = complaints == self.complaints;
        self.asked.take_if(|_| answers_all);
        self.status.update_compared(|compared| {
            compared.at = Instant::now();
            compared.complaint.take_if(|_| answers_all);
        });
    }

    fn end(&mut self, reason: &str) {
        self.ended = true;
        self.stop.stop(reason);
    }

    fn note_connection(&mut self, connected: &mut watch::Receiver<bool>, known: bool) {
        let connected = known && *connected.borrow_and_update();
        self.link.set_connected(connected);
        if !connected {
            let before = self.doubted.take();
            self.doubt("the broker is away".to_owned());
            self.doubted = before.or(self.doubted.take());
        }
    }

    fn keep_promises(&mut self) {
        if self.ended {
            return;
        }
        while let Some((head, release)) = self.promises.next_kept() {
            let token = Some(Token::of(self.service, head));
            release(Promise { durability: Durability::Replicated, token });
        }
        if self.link.is_alone(now()) {
            self.status.go_alone(&self.why_alone());
            while let Some((_, release)) = self.promises.next_alone() {
                release(Promise { durability: Durability::Local, token: None });
            }
        } else if !self.relay.is_in_doubt() {
            self.status.leave(Stage::Alone, Stage::Ready, None);
        }
    }
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
