//! The envelope of an event: CloudEvents 1.0 in binary mode, as its NATS binding spells the headers.
//!
//! The same headers exist in two forms that hold exactly the same: parsed ([`Headers`]), and as the
//! one canonical text over which the chain is computed and which the outbox keeps.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kind::InvalidKind;
use crate::seal::{SEAL_HEADER, Seal};
use crate::{HistoryId, Id, Idempotency, Kind, Service, Timestamp, Vector};

/// Every header but the chain, in the fixed order in which the canonical text lists them. New
/// headers go to the end. A header that is not in this list is not part of an event.
pub const HEADERS: [&str; 14] = [
    "ce-specversion",
    "ce-id",
    "ce-source",
    "ce-type",
    "ce-subject",
    "ce-time",
    "ce-datacontenttype",
    "ce-cause",
    VECTOR_HEADER,
    "ce-history",
    "ce-traceparent",
    "ce-idempotencykey",
    "ce-requesthash",
    SEAL_HEADER,
];

/// The header with what its writer had read of other streams.
pub(crate) const VECTOR_HEADER: &str = "ce-vector";

/// The header with the chain.
pub const CHAIN_HEADER: &str = "ce-chain";

const SPEC_VERSION: &str = "1.0";
const CONTENT_TYPE: &str = "application/json";

/// What made an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A command of that name. As text: `command/place`.
    Command(String),
    /// A durable timer of that name. As text: `timer/deadline`.
    Timer(String),
    /// An event of another service. As text: `INVENTORY/12`.
    Event {
        /// Whose stream it is in.
        service: Service,
        /// Its sequence there.
        sequence: u64,
    },
    /// The restoring of a lost database. As text: `recovery`.
    Recovery,
}

/// The parsed headers of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// Sequence of the row, which is the stream's sequence. `ce-id`.
    pub sequence: u64,
    /// What happened, and so who says it. `ce-type`, `ce-source`.
    pub kind: Kind,
    /// In which version its content is written. `ce-type`.
    pub version: u16,
    /// What it is about. `ce-subject`.
    pub id: Id,
    /// When it was decided. `ce-time`.
    pub time: Timestamp,
    /// What made it. `ce-cause`.
    pub cause: Cause,
    /// The decided positions after exactly the input that made it. `ce-vector`.
    pub vector: Vector,
    /// Which history of the stream this is a row of. `ce-history`.
    pub history: HistoryId,
    /// The W3C trace that it belongs to. `ce-traceparent`.
    pub traceparent: Option<String>,
    /// The request that it answers. `ce-idempotencykey`, `ce-requesthash`.
    pub idempotency: Option<Idempotency>,
    /// What shows its owner that the row is its own. `ce-seal`; none in rows from before there were
    /// seals.
    pub seal: Option<Seal>,
}

/// Why headers are no event's.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// A header that every event has is missing.
    #[error("header {0} is missing")]
    Missing(&'static str),
    /// A header's value does not parse.
    #[error("header {name} is wrong: {reason}")]
    Wrong {
        /// The header.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The type is none.
    #[error(transparent)]
    Type(#[from] InvalidKind),
}

impl Headers {
    /// The canonical text: a line `name:value` for each header that is there, in the fixed order.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        let mut text = String::with_capacity(512);
        for name in HEADERS {
            if let Some(value) = self.value(name) {
                push_line(&mut text, name, &value);
            }
        }
        text
    }

    /// Parses the canonical text.
    ///
    /// # Errors
    /// When a header is missing or wrong. Whether the type is known is another question.
    pub fn parse(canonical: &str) -> Result<Self, HeaderError> {
        let values = Values::of(canonical);
        values.expect("ce-specversion", SPEC_VERSION)?;
        values.expect("ce-datacontenttype", CONTENT_TYPE)?;
        let (kind, version) = Kind::of_type(values.text("ce-type")?)?;
        values.expect("ce-source", kind.service().name())?;
        Ok(Self {
            sequence: values.parsed("ce-id")?,
            kind,
            version,
            id: values.parsed("ce-subject")?,
            time: values.parsed("ce-time")?,
            cause: values.parsed("ce-cause")?,
            vector: values.parsed(VECTOR_HEADER)?,
            history: values.parsed("ce-history")?,
            traceparent: values.optional("ce-traceparent").map(str::to_owned),
            idempotency: values.idempotency()?,
            seal: values.optional(SEAL_HEADER).map(|_| values.parsed(SEAL_HEADER)).transpose()?,
        })
    }

    fn value(&self, name: &str) -> Option<String> {
        Some(match name {
            "ce-specversion" => SPEC_VERSION.to_owned(),
            "ce-id" => self.sequence.to_string(),
            "ce-source" => self.kind.service().name().to_owned(),
            "ce-type" => self.kind.event_type(self.version),
            "ce-subject" => self.id.to_string(),
            "ce-time" => self.time.to_string(),
            "ce-datacontenttype" => CONTENT_TYPE.to_owned(),
            "ce-cause" => self.cause.to_string(),
            VECTOR_HEADER => self.vector.to_string(),
            "ce-history" => self.history.to_string(),
            "ce-traceparent" => self.traceparent.clone()?,
            "ce-idempotencykey" => self.idempotency.as_ref()?.key.to_string(),
            "ce-requesthash" => self.idempotency.as_ref()?.request_hash.clone(),
            SEAL_HEADER => self.seal?.to_string(),
            _ => return None,
        })
    }
}

/// The canonical text of headers as they come from the wire: the value of each of [`HEADERS`], if it is
/// there. Header values with line breaks cannot occur in NATS headers, so that one line is one header.
#[must_use]
pub fn canonical_of(values: [Option<&str>; HEADERS.len()]) -> String {
    let lines = || HEADERS.iter().zip(values).filter_map(|(name, value)| Some((name, value?)));
    let length = lines().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut text = String::with_capacity(length);
    for (name, value) in lines() {
        push_line(&mut text, name, value);
    }
    text
}

fn push_line(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push(':');
    text.push_str(value);
    text.push('\n');
}

/// The single headers of a canonical text, in order.
pub fn lines(canonical: &str) -> impl Iterator<Item = (&str, &str)> {
    canonical.lines().filter_map(|line| line.split_once(':'))
}

/// The values of a canonical text, at the place of their name in [`HEADERS`].
struct Values<'a>([Option<&'a str>; HEADERS.len()]);

impl<'a> Values<'a> {
    fn of(canonical: &'a str) -> Self {
        let mut values = [None; HEADERS.len()];
        // They come in order, so that the next one is seldom far.
        let mut next = 0;
        for line in canonical.lines() {
            let value_at = |place: usize| line.strip_prefix(HEADERS[place])?.strip_prefix(':');
            let mut places = (next..HEADERS.len()).chain(0..next);
            if let Some((place, value)) = places.find_map(|at| Some((at, value_at(at)?))) {
                values[place] = Some(value);
                next = place + 1;
            }
        }
        Self(values)
    }

    fn optional(&self, name: &'static str) -> Option<&'a str> {
        HEADERS.iter().position(|header| *header == name).and_then(|place| self.0[place])
    }

    fn text(&self, name: &'static str) -> Result<&'a str, HeaderError> {
        self.optional(name).ok_or(HeaderError::Missing(name))
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &'static str) -> Result<T, HeaderError> {
        let wrong = |error: T::Err| HeaderError::Wrong { name, reason: error.to_string() };
        self.text(name)?.parse().map_err(wrong)
    }

    fn expect(&self, name: &'static str, wanted: &str) -> Result<(), HeaderError> {
        let found = self.text(name)?;
        if found == wanted {
            return Ok(());
        }
        Err(HeaderError::Wrong { name, reason: format!("expected {wanted:?}, found {found:?}") })
    }

    fn idempotency(&self) -> Result<Option<Idempotency>, HeaderError> {
        if self.optional("ce-idempotencykey").is_none() {
            return Ok(None);
        }
        let request_hash = self.text("ce-requesthash")?.to_owned();
        Ok(Some(Idempotency { key: self.parsed("ce-idempotencykey")?, request_hash }))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(name) => write!(f, "command/{name}"),
            Self::Timer(name) => write!(f, "timer/{name}"),
            Self::Event { service, sequence } => write!(f, "{}/{sequence}", service.stream()),
            Self::Recovery => f.write_str("recovery"),
        }
    }
}

/// A text that is no cause.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no cause: expected command/NAME, timer/NAME, STREAM/SEQUENCE or recovery")]
pub struct InvalidCause(String);

impl FromStr for Cause {
    type Err = InvalidCause;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidCause(text.chars().take(128).collect());
        match text.split_once('/') {
            None if text == "recovery" => Ok(Self::Recovery),
            Some(("command", name)) => Ok(Self::Command(name.to_owned())),
            Some(("timer", name)) => Ok(Self::Timer(name.to_owned())),
            Some((stream, sequence)) => Ok(Self::Event {
                service: Service::of_stream(stream).ok_or_else(invalid)?,
                sequence: sequence.parse().map_err(|_| invalid())?,
            }),
            None => Err(invalid()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Headers {
        Headers {
            sequence: 12,
            kind: "order.placed".parse().unwrap(),
            version: 1,
            id: "o-1".parse().unwrap(),
            time: Timestamp::from_micros(1_000_000),
            cause: Cause::Command("place".into()),
            vector: Vector::default(),
            history: HistoryId::from_bytes([7; 16]),
            traceparent: None,
            idempotency: Some(Idempotency {
                key: "k-1".parse().unwrap(),
                request_hash: "ab".into(),
            }),
            seal: Some("0badcafe.00112233445566778899aabbccddeeff".parse().unwrap()),
        }
    }

    #[test]
    fn headers_survive_their_canonical_text() {
        let text = headers().to_canonical();
        assert_eq!(Headers::parse(&text).unwrap(), headers());
        let from_wire =
            canonical_of(HEADERS.map(|name| lines(&text).find(|(n, _)| *n == name).map(|l| l.1)));
        assert_eq!(from_wire, text);
    }

    #[test]
    fn a_missing_or_foreign_header_is_named() {
        let text = headers().to_canonical();
        let without: String = text.lines().filter(|l| !l.starts_with("ce-id")).collect();
        assert!(Headers::parse(&without).is_err());
        let foreign = text.replace("ce-source:order", "ce-source:payment");
        let error = Headers::parse(&foreign).unwrap_err().to_string();
        assert!(error.contains("ce-source"), "{error}");
    }

    #[test]
    fn causes_survive_their_text() {
        for text in ["command/place", "timer/deadline", "INVENTORY/12", "recovery"] {
            assert_eq!(text.parse::<Cause>().unwrap().to_string(), text);
        }
        assert!("nonsense".parse::<Cause>().is_err());
        assert!("INVENTORY/x".parse::<Cause>().is_err());
    }
}
