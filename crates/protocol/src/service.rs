//! The services that own a stream.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::as_text;
use crate::name::Name;

/// Longest name of a service, in bytes: it is a token of each subject and a part of names of files.
pub const SERVICE_NAME_BYTES_MAX: usize = 23;

/// A service that owns a stream, by its name: 1 to 23 of `a-z 0-9 -`, a letter first. Each owns exactly
/// one, and is the only one that publishes to it. Any name is a service's: which ones there are is said by
/// a [`Choreography`](crate::choreography::Choreography).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    name: Name<SERVICE_NAME_BYTES_MAX>,
    stream: Name<SERVICE_NAME_BYTES_MAX>,
}

/// A text that cannot be the name of a service.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is no service: use 1 to {SERVICE_NAME_BYTES_MAX} of the characters a-z, 0-9 and -, a letter first"
)]
pub struct InvalidService(String);

impl Service {
    /// The service of that name, known while the program is compiled.
    ///
    /// # Panics
    /// When the text cannot be a service's name: in a constant, it does not compile.
    ///
    /// ```
    /// use protocol::Service;
    ///
    /// const LOYALTY: Service = Service::named("loyalty");
    /// assert_eq!((LOYALTY.name(), LOYALTY.stream()), ("loyalty", "LOYALTY"));
    /// ```
    #[must_use]
    #[expect(clippy::panic, reason = "for constants, where it is an error of the compiler")]
    pub const fn named(name: &str) -> Self {
        match Self::of(name) {
            Some(service) => service,
            None => panic!("no service can have that name"),
        }
    }

    const fn of(name: &str) -> Option<Self> {
        let bytes = name.as_bytes();
        if bytes.is_empty() || !bytes[0].is_ascii_lowercase() {
            return None;
        }
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            if !byte.is_ascii_lowercase() && !byte.is_ascii_digit() && byte != b'-' {
                return None;
            }
            at += 1;
        }
        match Name::of(name) {
            Some(name) => Some(Self { name, stream: name.uppercase() }),
            None => None,
        }
    }

    pub(crate) const fn name_bytes(&self) -> u8 {
        self.name.length()
    }

    /// The service whose name is the first so many bytes of another name.
    pub(crate) const fn of_prefix<const N: usize>(of: &Name<N>, bytes: u8) -> Self {
        let name = of.prefix(bytes);
        Self { name, stream: name.uppercase() }
    }

    /// The name: first token of its subjects, name of its process, `ce-source` of its events.
    #[must_use]
    pub const fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The name of its stream.
    #[must_use]
    pub const fn stream(&self) -> &str {
        self.stream.as_str()
    }

    /// The service that owns the stream of that name.
    #[must_use]
    pub fn of_stream(stream: &str) -> Option<Self> {
        let is_upper = !stream.bytes().any(|byte| byte.is_ascii_lowercase());
        Self::of(&stream.to_ascii_lowercase()).filter(|_| is_upper)
    }

    /// The request subject on which a consumer asks the owner to look at its stream.
    #[must_use]
    pub fn verify_subject(&self) -> String {
        format!("{}.verify", self.name())
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Service {
    type Err = InvalidService;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::of(name).ok_or_else(|| InvalidService(name.chars().take(64).collect()))
    }
}

impl Serialize for Service {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Service {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        as_text::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_known_by_its_stream_and_by_nothing_that_looks_like_it() {
        let service: Service = "gift-cards".parse().unwrap();
        assert_eq!(service.stream(), "GIFT-CARDS");
        assert_eq!(Service::of_stream("GIFT-CARDS"), Some(service));
        for stream in ["gift-cards", "Gift-Cards", "", "GIFT CARDS", "GIFT.CARDS", "*", ">"] {
            assert_eq!(Service::of_stream(stream), None, "{stream}");
        }
    }

    #[test]
    fn names_that_cannot_stand_in_a_subject_are_refused() {
        for bad in ["", "Order", "or der", "a.b", "ä", "1st", "-x", &"x".repeat(24)] {
            assert!(bad.parse::<Service>().is_err(), "{bad}");
        }
    }

    #[test]
    fn services_are_ordered_by_their_names() {
        let [order, orders] = ["order", "orders"].map(|name| name.parse::<Service>().unwrap());
        assert!(order < orders && "inventory".parse::<Service>().unwrap() < order);
    }
}
