//! Streams as they have to be, and what can be seen of one.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use async_nats::jetstream::context::{
    CreateStreamErrorKind, GetStreamErrorKind, RequestError, RequestErrorKind,
};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, RawMessageErrorKind, RetentionPolicy, StorageType, Stream,
};
use async_nats::jetstream::{self, ErrorCode};
use engine::reading::Extent;
use futures_util::StreamExt as _;
use protocol::{Kind, Row, Service, Timestamp};

use super::wire;

/// The broker could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the broker could not be asked: {0}")]
pub struct AskError(pub(crate) String);

/// What it means that nobody answers for a stream.
const NO_JETSTREAM: &str = "JetStream is not enabled: start the broker with --jetstream. \
    Where services have accounts of their own: the stream is not imported into this one's";

/// The stream's configuration as it has to be. Nothing may ever leave it by itself.
#[must_use]
pub fn wanted(service: Service, replicas: usize) -> Config {
    Config {
        name: service.stream().to_owned(),
        subjects: vec![format!("{service}.*.*")],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        num_replicas: replicas,
        max_messages: -1,
        max_bytes: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        max_message_size: -1,
        deny_delete: true,
        deny_purge: true,
        ..Config::default()
    }
}

/// Where a stream's configuration differs from the wanted one. Brokers drop silently what they do
/// not know, so that the echoed configuration is what counts.
#[must_use]
pub fn difference(wanted: &Config, found: &Config) -> Option<String> {
    let checks = [
        ("subjects", format!("{:?}", wanted.subjects), format!("{:?}", found.subjects)),
        ("retention", format!("{:?}", wanted.retention), format!("{:?}", found.retention)),
        ("storage", format!("{:?}", wanted.storage), format!("{:?}", found.storage)),
        ("discard", format!("{:?}", wanted.discard), format!("{:?}", found.discard)),
        ("num_replicas", wanted.num_replicas.to_string(), found.num_replicas.to_string()),
        ("max_msgs", wanted.max_messages.to_string(), found.max_messages.to_string()),
        ("max_bytes", wanted.max_bytes.to_string(), found.max_bytes.to_string()),
        (
            "max_msgs_per_subject",
            wanted.max_messages_per_subject.to_string(),
            found.max_messages_per_subject.to_string(),
        ),
        ("max_age", format!("{:?}", wanted.max_age), format!("{:?}", found.max_age)),
        ("deny_delete", wanted.deny_delete.to_string(), found.deny_delete.to_string()),
        ("deny_purge", wanted.deny_purge.to_string(), found.deny_purge.to_string()),
        ("sealed", wanted.sealed.to_string(), found.sealed.to_string()),
        ("max_msg_size", wanted.max_message_size.to_string(), found.max_message_size.to_string()),
        ("allow_rollup_hdrs", wanted.allow_rollup.to_string(), found.allow_rollup.to_string()),
        ("mirror", wanted.mirror.is_some().to_string(), found.mirror.is_some().to_string()),
        (
            "sources",
            wanted.sources.is_some().to_string(),
            found.sources.as_ref().is_some_and(|sources| !sources.is_empty()).to_string(),
        ),
        ("no_ack", wanted.no_ack.to_string(), found.no_ack.to_string()),
    ];
    let differing = checks.iter().find(|(_, wanted, found)| wanted != found)?;
    let (name, wanted, found) = differing;
    Some(format!("{name} is {found}, {wanted} is needed"))
}

/// The stream, if there is one.
///
/// # Errors
/// When the broker cannot be asked.
pub async fn find(
    context: &jetstream::Context,
    service: Service,
) -> Result<Option<Stream>, AskError> {
    match context.get_stream(service.stream()).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if not_found(&error.kind()) => Ok(None),
        Err(error) if nobody_answers(&error) => Err(AskError(NO_JETSTREAM.to_owned())),
        Err(error) => Err(AskError(error.to_string())),
    }
}

fn nobody_answers(error: &(dyn std::error::Error + 'static)) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<RequestError>());
    source.is_some_and(|source| source.kind() == RequestErrorKind::NoResponders)
}

fn not_found(kind: &GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(answer)
        if answer.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

/// Creates the stream.
///
/// # Errors
/// When the broker cannot be asked, or refuses.
pub async fn create(context: &jetstream::Context, config: &Config) -> Result<Stream, AskError> {
    context.create_stream(config).await.map_err(|error| {
        if error.kind() == CreateStreamErrorKind::JetStreamUnavailable {
            return AskError(NO_JETSTREAM.to_owned());
        }
        AskError(error.to_string())
    })
}

/// The extent by the broker's counters.
#[must_use]
pub const fn extent(info: &Info) -> Extent {
    Extent {
        first: info.state.first_sequence,
        last: info.state.last_sequence,
        messages: info.state.messages,
    }
}

/// When the stream was created. A broker keeps that over its restarts.
///
/// # Errors
/// When what the broker says is no time that an event could have.
pub fn created(info: &Info) -> Result<Timestamp, AskError> {
    let micros = i64::try_from(info.created.unix_timestamp_nanos() / 1_000);
    let micros = micros.map_err(|_| AskError(format!("it was created at {}", info.created)))?;
    Ok(Timestamp::from_micros(micros))
}

/// The message of that sequence; none if it is not there.
///
/// # Errors
/// When the broker cannot be asked.
pub async fn message<I>(stream: &Stream<I>, sequence: u64) -> Result<Option<Row>, AskError> {
    read(stream.get_raw_message(sequence).await)
}

/// The last readable message; none if there is none. The broker's counter alone proves nothing.
///
/// # Errors
/// When the broker cannot be asked.
pub async fn tail<I>(stream: &Stream<I>) -> Result<Option<Row>, AskError> {
    read(stream.get_last_raw_message_by_subject(">").await)
}

/// The last readable row with which a service has taken the end of its stream; none if it never had to.
///
/// # Errors
/// When the broker cannot be asked.
pub async fn recovered<I>(stream: &Stream<I>, service: Service) -> Result<Option<Row>, AskError> {
    let subject = format!("{}.{service}", Kind::recovered(service).name());
    read(stream.get_last_raw_message_by_subject(&subject).await)
}

/// Messages of one batch of a scan.
const SCAN_MESSAGES: usize = 1_000;

/// How long a scan waits for the rest of a batch.
const SCAN_WAIT: Duration = Duration::from_secs(2);

/// A pass over what of a stream can be read, holes or not. For damaged streams only: what is well is
/// read by [`crate::reading`], which insists on each number.
pub(crate) struct Scan {
    consumer: Consumer<pull::Config>,
}

impl Scan {
    /// Begins at this message, or the first one after it.
    pub(crate) async fn begin<I>(
        stream: &Stream<I>,
        start_sequence: u64,
    ) -> Result<Self, AskError> {
        let config = pull::Config {
            description: Some("compares a stream with its outbox".to_owned()),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
            ack_policy: AckPolicy::None,
            memory_storage: true,
            ..pull::Config::default()
        };
        let created = stream.create_consumer(config).await;
        Ok(Self { consumer: created.map_err(|error| AskError(error.to_string()))? })
    }

    /// The next messages that the broker delivers; none at what it takes for the end.
    pub(crate) async fn next(&mut self) -> Result<Vec<Row>, AskError> {
        if self.consumer.cached_info().num_pending == 0 {
            return Ok(Vec::new());
        }
        let ask = |error: String| AskError(error);
        let batch = self.consumer.batch().max_messages(SCAN_MESSAGES).expires(SCAN_WAIT);
        let mut batch = batch.messages().await.map_err(|error| ask(error.to_string()))?;
        let mut rows = Vec::with_capacity(SCAN_MESSAGES);
        while let Some(message) = batch.next().await {
            let message = message.map_err(|error| ask(error.to_string()))?;
            let info = message.info().map_err(|error| ask(error.to_string()))?;
            let (sequence, pending) = (info.stream_sequence, info.pending);
            let headers = message.headers.as_ref();
            rows.push(wire::row_of(sequence, &message.subject, headers, &message.payload));
            if pending == 0 {
                break;
            }
        }
        Ok(rows)
    }
}

fn read(
    answer: Result<
        async_nats::jetstream::message::StreamMessage,
        async_nats::jetstream::stream::RawMessageError,
    >,
) -> Result<Option<Row>, AskError> {
    match answer {
        Ok(message) => {
            let (subject, headers) = (&message.subject, Some(&message.headers));
            Ok(Some(wire::row_of(message.sequence, subject, headers, &message.payload)))
        }
        Err(error) if no_message(&error.kind()) => Ok(None),
        Err(error) => Err(AskError(error.to_string())),
    }
}

fn no_message(kind: &RawMessageErrorKind) -> bool {
    match kind {
        RawMessageErrorKind::NoMessageFound => true,
        RawMessageErrorKind::JetStream(answer) => {
            answer.error_code() == ErrorCode::NO_MESSAGE_FOUND
        }
        RawMessageErrorKind::InvalidSubject | RawMessageErrorKind::Other => false,
    }
}
