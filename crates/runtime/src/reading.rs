//! Reads a stream whole and in order: our own loop over plain ephemeral pull consumers.
//!
//! There are no acknowledgements and no redelivery. On any error, end, alarm or reconnect the loop
//! begins anew at its own position, where it compares the chain. A number that is missing is never
//! skipped: the owner is asked to look, an alarm is raised, and the loop waits.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use async_nats::jetstream::stream::Stream;
use engine::reading::{Accepted, Alarm, Beginning, Cursor, Stopped};
use futures_util::StreamExt as _;
use protocol::{Position, Recovered, Row, Service, foreign};
use tokio::sync::{mpsc, watch};

use crate::nats::{Connection, streams, wire};

/// A broker that is silent for twice this is taken for gone.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long one pull stays open.
const PULL_EXPIRES: Duration = Duration::from_secs(30);

/// Messages of one pull at most.
const PULL_MESSAGES: usize = 512;

/// How long one consumer is used. After that a new one, with a new inbox, goes on: an account that
/// exports a stream keeps something for every pull for as long as its inbox is subscribed.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerLife {
    /// Messages at most: a hundred pulls of a busy stream.
    pub messages_max: u32,
    /// Time at most: twenty pulls of an idle stream.
    pub lasts: Duration,
}

impl Default for ConsumerLife {
    fn default() -> Self {
        Self { messages_max: 50_000, lasts: Duration::from_secs(600) }
    }
}

/// The broker forgets a consumer that nobody pulls from.
const INACTIVE_THRESHOLD: Duration = Duration::from_secs(30);

/// Wait between attempts to begin: short at first, since most outages are short.
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(1);

/// How far a reading is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whether messages flow, since the stream was looked at.
    pub connected: bool,
    /// The stream's end, as last seen.
    pub last_in_stream: u64,
    /// The stream's end when the present consumer began.
    pub seen_at_begin: u64,
    /// How far rows were handed over.
    pub handed_over: Position,
    /// Why no messages flow, where that is not for the stream's sake.
    pub waits: Option<String>,
    /// What is wrong with the stream, if anything is, in words.
    pub alarm: Option<String>,
    /// The same, for programs.
    pub wrong: Option<Alarm>,
}

/// A running reading. It ends when this is dropped, or when nobody takes its rows any more.
#[derive(Debug)]
pub struct Reading {
    /// How far it is.
    pub progress: watch::Receiver<Progress>,
    task: tokio::task::JoinHandle<()>,
}

impl Reading {
    /// Waits for an alarm.
    pub async fn alarm(&self) -> Alarm {
        let mut progress = self.progress.clone();
        let raised = progress.wait_for(|progress| progress.wrong.is_some()).await;
        match raised.ok().and_then(|progress| progress.wrong) {
            Some(wrong) => wrong,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why a run over one consumer ended.
enum Ended {
    /// Nobody takes the rows any more.
    Closed,
    /// Time for a new consumer.
    Renew,
    /// The broker, the connection or the stream's end.
    Broken(String),
    /// The stream is not what it has to be.
    Alarm(Alarm),
}

/// Reads `stream` from after `from`, and hands each row over to `sink`.
#[must_use]
pub fn spawn(
    connection: Connection,
    reader: &str,
    stream: Service,
    from: Position,
    sink: mpsc::Sender<Row>,
) -> Reading {
    spawn_with(ConsumerLife::default(), connection, reader, stream, from, sink)
}

/// Like [`spawn`], with a consumer's life of one's own.
#[must_use]
pub fn spawn_with(
    life: ConsumerLife,
    connection: Connection,
    reader: &str,
    stream: Service,
    from: Position,
    sink: mpsc::Sender<Row>,
) -> Reading {
    let progress = Progress { handed_over: from, ..Progress::default() };
    let (sender, receiver) = watch::channel(progress);
    let reader = reader.to_owned();
    let cursor = Cursor::new(from);
    let reading = Loop { life, connection, reader, stream, cursor, sink, progress: sender };
    Reading { progress: receiver, task: tokio::spawn(reading.run()) }
}

struct Loop {
    life: ConsumerLife,
    connection: Connection,
    reader: String,
    stream: Service,
    cursor: Cursor,
    sink: mpsc::Sender<Row>,
    progress: watch::Sender<Progress>,
}

impl Loop {
    async fn run(mut self) {
        let mut wait = RETRY_MIN;
        loop {
            self.until_connected().await;
            let before = self.cursor.position();
            let ended = self.once().await;
            self.progress.send_modify(|progress| progress.connected = false);
            if self.cursor.position() != before {
                wait = RETRY_MIN;
            }
            match ended {
                Ended::Closed => return,
                Ended::Renew => continue,
                Ended::Broken(reason) => {
                    tracing::debug!(stream = self.stream.stream(), reason, "reading begins anew");
                    let reason = self.connection.explain(reason);
                    self.progress.send_modify(|progress| progress.waits = Some(reason));
                }
                Ended::Alarm(alarm) => self.raise(alarm).await,
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_MAX);
        }
    }

    /// Waits for the broker, and tells why it is not there.
    async fn until_connected(&self) {
        let mut waits = self.connection.waits();
        loop {
            let reason = waits.borrow_and_update().clone();
            let Some(reason) = reason else { return self.connection.connected().await };
            self.progress.send_modify(|progress| progress.waits = Some(reason));
            if waits.changed().await.is_err() {
                return;
            }
        }
    }

    /// One consumer's life.
    async fn once(&mut self) -> Ended {
        let mut messages = match self.begin().await {
            Ok(messages) => messages,
            Err(ended) => return ended,
        };
        let mut watch = self.connection.watch();
        let ends = tokio::time::Instant::now() + self.life.lasts;
        for _ in 0..self.life.messages_max {
            let message = tokio::select! {
                // While messages are there, nothing else is looked at.
                biased;
                message = messages.next() => message,
                () = tokio::time::sleep_until(ends) => return Ended::Renew,
                _ = watch.wait_for(|connected| !*connected) => {
                    return Ended::Broken("disconnected".to_owned());
                }
            };
            let message = match message {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Ended::Broken(error.to_string()),
                None => return Ended::Broken("the consumer ended".to_owned()),
            };
            if let Err(ended) = self.take(&message).await {
                return ended;
            }
        }
        Ended::Renew
    }

    async fn begin(&mut self) -> Result<pull::Stream, Ended> {
        let broken = |error: String| Ended::Broken(error);
        let context = self.connection.jetstream(self.stream);
        let stream = streams::find(&context, self.stream).await;
        let stream = stream.map_err(|error| broken(error.to_string()))?;
        let stream = stream.ok_or_else(|| broken("there is no such stream yet".to_owned()))?;
        let extent = streams::extent(stream.cached_info());
        let start = match self.cursor.begin(&extent) {
            Beginning::At(start) => start,
            Beginning::TooShort => {
                let read = self.cursor.position().sequence;
                // Waiting would not help: what was read never comes again.
                let is_other = self.stands_on_foreign(&stream).await;
                let other = Alarm::Stopped(Stopped::Replaced(read));
                let short = Alarm::TooShort { last: extent.last, read };
                return Err(Ended::Alarm(if is_other { other } else { short }));
            }
            Beginning::Holed => return Err(Ended::Alarm(Alarm::Holed)),
        };
        let consumer: Consumer<pull::Config> = stream
            .create_consumer(configuration(&self.reader, start))
            .await
            .map_err(|error| broken(error.to_string()))?;
        let messages = messages_of(&consumer).await.map_err(broken)?;
        self.progress.send_modify(|progress| {
            progress.connected = true;
            progress.waits = None;
            progress.last_in_stream = extent.last;
            progress.seen_at_begin = extent.last;
            progress.keep_alarm(|alarm| alarm.outlasts_counters(extent.last));
        });
        Ok(messages)
    }

    /// Whether the row that was read last was foreign, and its owner has taken it out of the stream.
    async fn stands_on_foreign(&self, stream: &Stream) -> bool {
        let Ok(Some(row)) = streams::recovered(stream, self.stream).await else { return false };
        let said = serde_json::from_slice::<Recovered>(&row.payload);
        said.is_ok_and(|said| foreign::true_up_to(&said.foreign, self.cursor.position()).is_some())
    }

    async fn take(&mut self, message: &async_nats::jetstream::Message) -> Result<(), Ended> {
        let info = message.info().map_err(|error| Ended::Broken(error.to_string()))?;
        let (sequence, pending) = (info.stream_sequence, info.pending);
        let headers = message.headers.as_ref();
        let row = wire::row_of(sequence, &message.subject, headers, &message.payload);
        match self.cursor.accept(&row) {
            Ok(Accepted::Known) => {
                let keep = |alarm: &Alarm| alarm.outlasts(&row, pending);
                self.progress.send_modify(|progress| progress.keep_alarm(keep));
                return Ok(());
            }
            Ok(Accepted::Next) => {}
            Err(stopped) => return Err(Ended::Alarm(stopped.into())),
        }
        self.sink.send(row).await.map_err(|_| Ended::Closed)?;
        let handed_over = self.cursor.position();
        self.progress.send_modify(|progress| {
            progress.handed_over = handed_over;
            progress.last_in_stream = sequence + pending;
            progress.keep_alarm(|_| false);
        });
        Ok(())
    }

    /// Raises the alarm, and asks the owner to look at its stream: at that row, where it is one row.
    async fn raise(&self, alarm: Alarm) {
        let stream = self.stream.stream();
        if self.progress.borrow().wrong != Some(alarm) {
            tracing::error!(stream, reason = %alarm, "the stream cannot be read on");
        }
        self.progress.send_modify(|progress| {
            progress.alarm = Some(alarm.to_string());
            progress.wrong = Some(alarm);
        });
        metrics::counter!("murmur_reading_alarms_total", "stream" => stream.to_owned())
            .increment(1);
        let row = alarm.row().map(|row| row.to_string()).unwrap_or_default();
        let asked = self.connection.client().request(self.stream.verify_subject(), row.into());
        if let Err(error) = asked.await {
            tracing::debug!(stream, %error, "the owner does not answer");
        }
    }
}

impl Progress {
    fn keep_alarm(&mut self, stands: impl FnOnce(&Alarm) -> bool) {
        if !self.wrong.as_ref().is_some_and(stands) {
            self.alarm = None;
            self.wrong = None;
        }
    }
}

/// The messages of a consumer, from now on.
pub(crate) async fn messages_of(consumer: &Consumer<pull::Config>) -> Result<pull::Stream, String> {
    let messages = consumer.stream().max_messages_per_batch(PULL_MESSAGES);
    let messages = messages.heartbeat(HEARTBEAT).expires(PULL_EXPIRES).messages().await;
    messages.map_err(|error| error.to_string())
}

/// A consumer that delivers a stream from this message on.
pub(crate) fn configuration(reader: &str, start_sequence: u64) -> pull::Config {
    pull::Config {
        description: Some(format!("read by {reader}")),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
        ack_policy: AckPolicy::None,
        inactive_threshold: INACTIVE_THRESHOLD,
        memory_storage: true,
        ..pull::Config::default()
    }
}
