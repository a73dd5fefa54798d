//! Which request an event answers, by its client's key, so that a repeat gets the same answer.

use std::fmt;
use std::str::FromStr;

/// Longest idempotency key, in bytes: enough for any UUID or digest, small enough for a header.
pub const IDEMPOTENCY_KEY_LENGTH_MAX: usize = 128;

/// Stands between the hash of what was asked and that of who asked.
const BY: char = '/';

/// Which request an event answers, so that a repeat gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Idempotency {
    /// The client's key.
    pub key: IdempotencyKey,
    /// SHA-256 over what was asked, in hexadecimal, and behind a slash one over who asked, if that is known.
    pub request_hash: String,
}

/// A client's idempotency key: 1 to 128 visible ASCII characters, without `"`, `%` and space, so that it
/// stands in a header as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

/// A text that is no idempotency key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is no idempotency key: use 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} visible ASCII characters \
     without quotes, percent signs and spaces"
)]
pub struct InvalidIdempotencyKey(String);

impl Idempotency {
    /// The same request of a caller that is known by this hash: nobody else is told what became of it.
    #[must_use]
    pub fn asked_by(self, caller: &str) -> Self {
        let request_hash = format!("{}{BY}{caller}", self.request_hash);
        Self { request_hash, ..self }
    }

    /// Whether it repeats the request that was accepted with its key: the same is asked, and by the same
    /// caller where both are known.
    #[must_use]
    pub fn repeats(&self, accepted: &str) -> bool {
        let ((asked, caller), (accepted, first)) = (parts(&self.request_hash), parts(accepted));
        asked == accepted && caller.zip(first).is_none_or(|(caller, first)| caller == first)
    }
}

/// What was asked, and by whom.
fn parts(request_hash: &str) -> (&str, Option<&str>) {
    let parts = request_hash.split_once(BY);
    parts.map_or((request_hash, None), |(asked, caller)| (asked, Some(caller)))
}

impl IdempotencyKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'%';
        if text.is_empty() || text.len() > IDEMPOTENCY_KEY_LENGTH_MAX || !text.bytes().all(fits) {
            return Err(InvalidIdempotencyKey(text.chars().take(64).collect()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_cannot_stand_in_a_header_are_refused() {
        for bad in ["", "a b", "a\"b", "a%20", "a\nb", "ä", &"x".repeat(129)] {
            assert!(bad.parse::<IdempotencyKey>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_request_is_repeated_by_its_caller_and_by_all_where_one_of_both_is_not_known() {
        let unnamed = Idempotency { key: "k-1".parse().unwrap(), request_hash: "ab".to_owned() };
        let shop = unnamed.clone().asked_by("01");
        assert_eq!(shop.request_hash, "ab/01");
        for (accepted, by_the_shop, by_somebody) in [
            ("ab", true, true),
            ("ab/01", true, true),
            ("ab/02", false, true),
            ("ac", false, false),
            ("ac/01", false, false),
        ] {
            assert_eq!(shop.repeats(accepted), by_the_shop, "{accepted}");
            assert_eq!(unnamed.repeats(accepted), by_somebody, "{accepted}");
        }
    }
}
