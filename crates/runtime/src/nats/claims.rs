//! The claims to a stream: a small stream beside it, of its service's own. What they are for is told in
//! [`engine::starting::claim`].

use async_nats::HeaderMap;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RawMessageErrorKind, StorageType};
use async_nats::jetstream::{self, ErrorCode};
use engine::starting::Claim;
use protocol::Service;

use super::streams::{self, AskError};
use super::wire::EXPECTED_LAST_SEQUENCE;

/// Claims that are kept. The last one counts; those before it are there in case that somebody else has
/// written that one.
const CLAIMS_MAX: i64 = 64;

/// The last claim, or the one before that number, with its number; none if there is none. What is no claim
/// is none with its number.
///
/// # Errors
/// When the broker cannot be asked.
pub(crate) async fn last(
    context: &jetstream::Context,
    service: Service,
    before: Option<u64>,
) -> Result<Option<(u64, Option<Claim>)>, AskError> {
    let stream = context.get_stream_no_info(stream_of(service)).await.map_err(ask)?;
    let message = match before {
        None => stream.get_last_raw_message_by_subject(&subject_of(service)).await,
        // Numbers begin with 1.
        Some(0 | 1) => return Ok(None),
        Some(before) => stream.get_raw_message(before - 1).await,
    };
    match message {
        Ok(message) => {
            let text = String::from_utf8_lossy(&message.payload);
            Ok(Some((message.sequence, text.parse().ok())))
        }
        Err(error) if is_none(&error.kind()) => Ok(None),
        Err(error) => Err(ask(error)),
    }
}

/// Claims the stream of a service, if the last claim is still the one of that number.
///
/// # Errors
/// When the broker cannot be asked, or there is another claim.
pub(crate) async fn write(
    context: &jetstream::Context,
    (service, replicas): (Service, usize),
    after: u64,
    claim: &Claim,
) -> Result<(), AskError> {
    streams::create(context, &wanted(service, replicas)).await?;
    let mut headers = HeaderMap::new();
    headers.insert(EXPECTED_LAST_SEQUENCE, after.to_string().as_str());
    let payload = claim.to_string().into();
    let publishing = context.publish_with_headers(subject_of(service), headers, payload).await;
    publishing.map_err(ask)?.await.map(drop).map_err(ask)
}

fn wanted(service: Service, replicas: usize) -> Config {
    Config {
        name: stream_of(service),
        subjects: vec![subject_of(service)],
        storage: StorageType::File,
        discard: DiscardPolicy::Old,
        max_messages: CLAIMS_MAX,
        num_replicas: replicas,
        ..Config::default()
    }
}

fn stream_of(service: Service) -> String {
    format!("{}_CLAIMS", service.stream())
}

/// Not of the own stream: its subjects have three parts.
fn subject_of(service: Service) -> String {
    format!("{}.claim", service.name())
}

fn is_none(kind: &RawMessageErrorKind) -> bool {
    match kind {
        RawMessageErrorKind::NoMessageFound => true,
        RawMessageErrorKind::JetStream(answer) => {
            [ErrorCode::NO_MESSAGE_FOUND, ErrorCode::STREAM_NOT_FOUND]
                .contains(&answer.error_code())
        }
        RawMessageErrorKind::InvalidSubject | RawMessageErrorKind::Other => false,
    }
}

fn ask(error: impl std::fmt::Display) -> AskError {
    AskError(error.to_string())
}
