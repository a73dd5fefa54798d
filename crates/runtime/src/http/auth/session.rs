//! A browser that has signed in: a cookie that says which token it has signed in by, and until when,
//! under a code that only who has the key can make.
//!
//! The cookie goes to every server of that host name, whatever its port. So it does not hold the token,
//! and is good for nothing but the processes that have its key: the one that gave it, and those on which its
//! page acts.
//!
//! Deliberately absent: a table of sessions. One ends by its time, or with its token.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use warp::http::header::{COOKIE, HeaderMap, HeaderValue};
use warp::http::uri::Authority;

use super::bearer::{TokenHash, random_text};
use super::code::Codes;
use super::tokens::{Entry, Tokens};
use crate::http::page::hexadecimal;

/// How long a browser stays signed in: a working day.
pub const GOOD_FOR: Duration = Duration::from_secs(12 * 60 * 60);

/// How the name of the cookie begins; the port follows, since one host may have several systems.
const NAME: &str = "murmur-session";

/// What the codes of cookies are for, so that no other use of the key makes one.
const PURPOSE: &[u8] = b"murmur session\n";

/// Shortest content of a file with a key.
const KEY_LENGTH_MIN: usize = 32;

/// Signs browsers in, and knows them again.
#[derive(Debug)]
pub struct Sessions {
    key: [u8; 32],
    codes: Codes,
}

impl Sessions {
    /// Under a key in a file, which outlives the process; without one, under a key of its own.
    ///
    /// # Errors
    /// When the file cannot be read or is too short to be a secret.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let secret = match file {
            None => random_text()?,
            Some(file) => {
                let cannot = || format!("the session key {} cannot be used", file.display());
                let text = fs::read_to_string(file).with_context(cannot)?;
                let long = text.trim().len() >= KEY_LENGTH_MIN;
                let checked = || -> anyhow::Result<()> {
                    ensure!(long, "it is shorter than {KEY_LENGTH_MIN} characters");
                    Ok(())
                };
                checked().with_context(cannot)?;
                text
            }
        };
        Ok(Self { key: Sha256::digest(secret.trim()).into(), codes: Codes::default() })
    }

    /// A code by which a browser signs in, once.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn give_code(&self, entry: &Entry) -> anyhow::Result<String> {
        Ok(self.codes.give(entry.hash, Instant::now())?)
    }

    /// The token that this code stands for. It is used up by that.
    #[must_use]
    pub fn take_code(&self, code: &str) -> Option<TokenHash> {
        self.codes.take(code, Instant::now())
    }

    /// The cookie of a browser that has signed in by this token. `over_tls`: it goes nowhere without.
    #[must_use]
    pub fn sign_in(&self, entry: &Entry, host: &Authority, over_tls: bool) -> Option<HeaderValue> {
        let until = (now() + GOOD_FOR).as_secs();
        let code = hexadecimal(&self.code(&entry.hash, until).finalize().into_bytes());
        let value = format!("{}.{until}.{code}", entry.hash);
        let secure = if over_tls { "; Secure" } else { "" };
        let (name, age) = (name(host), GOOD_FOR.as_secs());
        let cookie =
            format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
        HeaderValue::try_from(cookie).ok()
    }

    /// The token by which a browser has signed in, if it has and there still is that token.
    pub(super) fn find(
        &self,
        headers: &HeaderMap,
        host: &Authority,
        tokens: &Tokens,
    ) -> Option<Arc<Entry>> {
        let name = name(host);
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';'));
        let mut values = pairs.filter_map(|pair| pair.trim().split_once('='));
        values.find_map(|(one, value)| {
            let hash = (one == name).then(|| self.checked(value, now()))??;
            tokens.find_hash(&hash)
        })
    }

    /// The token that a cookie is of, if it is one of ours and its time is not over.
    fn checked(&self, value: &str, now: Duration) -> Option<TokenHash> {
        let (hash, rest) = value.split_once('.')?;
        let (until, code) = rest.split_once('.')?;
        let (hash, until) = (hash.parse().ok()?, until.parse().ok()?);
        // A code is as long as a hash, and as well hidden by how long a comparison takes.
        let code: TokenHash = code.parse().ok()?;
        self.code(&hash, until).verify_slice(code.bytes()).ok()?;
        (Duration::from_secs(until) > now).then_some(hash)
    }

    fn code(&self, hash: &TokenHash, until: u64) -> Hmac<Sha256> {
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block[..self.key.len()].copy_from_slice(&self.key);
        let mut code: Hmac<Sha256> = Hmac::new(&block);
        code.update(PURPOSE);
        code.update(hash.bytes());
        code.update(&until.to_be_bytes());
        code
    }
}

fn name(host: &Authority) -> String {
    host.port_u16().map_or_else(|| NAME.to_owned(), |port| format!("{NAME}-{port}"))
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_good_for_who_gave_it_until_its_time_is_over() {
        let (ours, others) = (Sessions::load(None).unwrap(), Sessions::load(None).unwrap());
        let (hash, until) = (TokenHash::of("abc"), (now() + GOOD_FOR).as_secs());
        let code = hexadecimal(&ours.code(&hash, until).finalize().into_bytes());
        let value = format!("{hash}.{until}.{code}");
        assert_eq!(ours.checked(&value, now()), Some(hash));
        assert_eq!(others.checked(&value, now()), None);
        assert_eq!(ours.checked(&value, Duration::from_secs(until)), None);
        let longer = format!("{hash}.{}.{code}", until + 1);
        let another = format!("{}.{until}.{code}", TokenHash::of("other"));
        for forged in [&*longer, &*another, &value[1..], "", "..", "a.1.b"] {
            assert_eq!(ours.checked(forged, now()), None, "{forged}");
        }
    }

    #[test]
    fn a_key_in_a_file_outlives_the_process_and_is_long() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        assert!(Sessions::load(Some(&file)).is_err());
        fs::write(&file, "short\n").unwrap();
        let said = format!("{:#}", Sessions::load(Some(&file)).unwrap_err());
        assert!(said.contains("shorter than 32") && !said.contains("short\n"), "{said}");
        fs::write(&file, "k".repeat(KEY_LENGTH_MIN)).unwrap();
        let [one, again] = [(); 2].map(|()| Sessions::load(Some(&file)).unwrap());
        assert_eq!(one.key, again.key);
    }
}
