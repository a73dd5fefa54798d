//! A token as its holder has it, and the hash that is all a process keeps of it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};
use warp::http::header::{AUTHORIZATION, HeaderMap};

use crate::http::page::hexadecimal;

/// Bytes of chance in a token or a code: not to be guessed by anybody who may try for ever.
const RANDOM_BYTES: usize = 32;

/// Bytes of a hash.
const HASH_BYTES: usize = 32;

/// Longest token that is looked at: longer than those that others issue.
const LENGTH_MAX: usize = 4096;

/// How tokens of ours begin, so that who finds one in a text knows what it is.
const PREFIX: &str = "murmur_";

/// A token.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(String);

/// SHA-256 of a token.
#[derive(Clone, Copy, Debug)]
pub struct TokenHash([u8; HASH_BYTES]);

/// A text that is no token. It may be a secret all the same, and is not shown.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("that is no token: letters, digits and -._~+/ only, and = at its end")]
pub struct InvalidToken;

/// A text that is no hash. It may be a token by mistake, and is not shown.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("that is no SHA-256 hash of a token: 64 hexadecimal digits")]
pub struct InvalidHash;

/// What a request brings.
#[derive(Debug)]
pub(super) enum Sent {
    /// No `Authorization`.
    Nothing,
    /// One that is no token.
    Nonsense,
    /// A token, which may be of any worth.
    Token(Bearer),
}

impl Bearer {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(format!("{PREFIX}{}", random_text()?)))
    }

    /// It, for who calls.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The value of `Authorization`.
    #[must_use]
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// What a process keeps of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// What these headers bring. Two of them would leave open which one counts.
    pub(super) fn sent(headers: &HeaderMap) -> Sent {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), next) = (values.next(), values.next()) else { return Sent::Nothing };
        let value = value.to_str().ok().filter(|_| next.is_none());
        let token = value.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().parse().ok())?
        });
        token.map_or(Sent::Nonsense, Sent::Token)
    }
}

impl TokenHash {
    /// Of this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Its bytes.
    pub(super) const fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Random bytes as hexadecimal text.
pub(super) fn random_text() -> Result<String, getrandom::Error> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hexadecimal(&bytes))
}

/// The same time whatever differs: it tells nobody how much was guessed.
impl ConstantTimeEq for TokenHash {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for Bearer {
    type Err = InvalidToken;

    /// As RFC 6750 has it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let body = text.trim_end_matches('=');
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        if body.is_empty() || text.len() > LENGTH_MAX || !body.bytes().all(is_plain) {
            return Err(InvalidToken);
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for TokenHash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.as_bytes();
        if digits.len() != 2 * HASH_BYTES || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(InvalidHash);
        }
        let mut bytes = [0; HASH_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidHash)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidHash)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    fn sent(values: &[&'static str]) -> Sent {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        Bearer::sent(&headers)
    }

    #[test]
    fn one_bearer_token_is_one_and_all_else_is_none() {
        assert!(matches!(sent(&[]), Sent::Nothing));
        for fine in ["Bearer abc", "bearer abc", "BEARER  abc"] {
            let Sent::Token(token) = sent(&[fine]) else { panic!("{fine}") };
            assert_eq!(token.expose(), "abc");
        }
        for wrong in ["", "Bearer", "Bearer ", "Basic YTpi", "abc", "Bearer a b", "Bearer =="] {
            assert!(matches!(sent(&[wrong]), Sent::Nonsense), "{wrong:?}");
        }
        assert!(matches!(sent(&["Bearer abc", "Bearer abc"]), Sent::Nonsense));
    }

    #[test]
    fn a_token_is_never_shown_and_its_hash_is_that_of_sha256sum() {
        let token: Bearer = "abc".parse().unwrap();
        assert_eq!(format!("{token:?}"), "***");
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(token.hash().to_string(), hash);
        assert_eq!(hash.to_ascii_uppercase().parse(), Ok(token.hash()));
        for wrong in ["", "abc", &hash[1..], &format!("{hash}0"), &hash.replace('b', "x")] {
            assert_eq!(wrong.parse::<TokenHash>(), Err(InvalidHash));
        }
    }

    #[test]
    fn each_new_token_is_another_one() {
        let (one, other) = (Bearer::random().unwrap(), Bearer::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.expose().parse(), Ok(one.clone()));
        assert_eq!(one.expose().len(), PREFIX.len() + 2 * RANDOM_BYTES);
    }
}
