//! The kinds of events, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::{Id, Service, as_text};

/// Longest name of a kind, in bytes: it is the first two tokens of a subject.
pub const KIND_NAME_BYTES_MAX: usize = 46;

/// The kind of an event: its type without the version, such as `order.placed`. Any name of two tokens is
/// one: which ones there are is said by a [`Choreography`](crate::choreography::Choreography).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    name: Name<KIND_NAME_BYTES_MAX>,
    /// Bytes of the name before the dot.
    service: u8,
}

/// A text that cannot be the name of a kind, or no type on the wire.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no kind of event: expected SERVICE.EVENT, and a version behind it as a type")]
pub struct InvalidKind(String);

impl InvalidKind {
    /// Of this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.chars().take(128).collect())
    }
}

impl Kind {
    /// The kind of that name, known while the program is compiled.
    ///
    /// # Panics
    /// When the text cannot be a kind's name: in a constant, it does not compile.
    #[must_use]
    #[expect(clippy::panic, reason = "for constants, where it is an error of the compiler")]
    pub const fn named(service: Service, name: &str) -> Self {
        assert!(is_event_of(service.name().as_bytes(), name.as_bytes()), "no kind of that service");
        match Name::of(name) {
            Some(name) => Self { name, service: service.name_bytes() },
            None => panic!("the name of the kind is too long"),
        }
    }

    /// The kind with which `service` says that it was restored from its stream.
    ///
    /// # Panics
    /// Never: the longest name of a service leaves room.
    #[must_use]
    pub fn recovered(service: Service) -> Self {
        Self::named(service, &format!("{service}.recovered"))
    }

    /// The service that publishes it.
    #[must_use]
    pub const fn service(&self) -> Service {
        Service::of_prefix(&self.name, self.service)
    }

    /// Its name, such as `order.placed`.
    #[must_use]
    pub const fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Whether its service says with it that it was restored.
    #[must_use]
    pub fn is_recovered(&self) -> bool {
        self.name().ends_with(".recovered")
    }

    /// Its type on the wire in that version, such as `order.placed.v1`.
    #[must_use]
    pub fn event_type(&self, version: u16) -> String {
        format!("{self}.v{version}")
    }

    /// The kind and the version of a type on the wire.
    ///
    /// # Errors
    /// When the text is no type. Whether there is such a kind is another question.
    pub fn of_type(event_type: &str) -> Result<(Self, u16), InvalidKind> {
        let invalid = || InvalidKind::of(event_type);
        let (name, version) = event_type.rsplit_once(".v").ok_or_else(invalid)?;
        let is_plain = !version.starts_with(['0', '+']);
        let version = version.parse().ok().filter(|_| is_plain).ok_or_else(invalid)?;
        Ok((name.parse()?, version))
    }

    /// The subject of an event of this kind about `id`, such as `order.placed.o-17`.
    #[must_use]
    pub fn subject(&self, id: &Id) -> String {
        format!("{self}.{id}")
    }

    /// Whether this is the subject of such an event about `id`.
    #[must_use]
    pub fn has_subject(&self, id: &Id, subject: &str) -> bool {
        let rest = subject.strip_prefix(self.name()).and_then(|rest| rest.strip_prefix('.'));
        rest == Some(id.as_str())
    }
}

/// Whether `name` is the name of the service, a dot, and one token.
const fn is_event_of(service: &[u8], name: &[u8]) -> bool {
    if name.len() < service.len() + 2 || name[service.len()] != b'.' {
        return false;
    }
    let mut at = 0;
    while at < name.len() {
        let byte = name[at];
        let is_token = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let fits = if at < service.len() {
            byte == service[at]
        } else if at == service.len() {
            true
        } else {
            is_token
        };
        if !fits {
            return false;
        }
        at += 1;
    }
    true
}

impl FromStr for Kind {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidKind::of(text);
        let (service, _) = text.split_once('.').ok_or_else(invalid)?;
        let service: Service = service.parse().map_err(|_| invalid())?;
        if !is_event_of(service.name().as_bytes(), text.as_bytes()) {
            return Err(invalid());
        }
        Ok(Self { name: Name::of(text).ok_or_else(invalid)?, service: service.name_bytes() })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        as_text::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOYALTY: Service = Service::named("loyalty");
    const EARNED: Kind = Kind::named(LOYALTY, "loyalty.earned");

    #[test]
    fn a_kind_survives_its_type() {
        assert_eq!(EARNED.event_type(2), "loyalty.earned.v2");
        assert_eq!(Kind::of_type("loyalty.earned.v2"), Ok((EARNED, 2)));
        assert_eq!(EARNED.service(), LOYALTY);
    }

    #[test]
    fn texts_that_are_no_type_are_refused() {
        for bad in [
            "",
            "loyalty",
            "loyalty.earned",
            "loyalty.earned.2",
            "loyalty.earned.v0",
            "loyalty.earned.v02",
            "loyalty.earned.v+2",
            "loyalty.earned.v70000",
            "loyalty.earned.twice.v1",
            "loyalty..v1",
            ".earned.v1",
            "Loyalty.earned.v1",
            "loyalty.ear ned.v1",
            "loyalty.*.v1",
        ] {
            assert!(Kind::of_type(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_subject_is_of_one_kind_and_one_id() {
        let id: Id = "c-1".parse().unwrap();
        assert_eq!(EARNED.subject(&id), "loyalty.earned.c-1");
        assert!(EARNED.has_subject(&id, "loyalty.earned.c-1"));
        assert!(!EARNED.has_subject(&id, "loyalty.earned.c-10"));
        assert!(!EARNED.has_subject(&id, "loyalty.earnedc-1"));
    }
}
