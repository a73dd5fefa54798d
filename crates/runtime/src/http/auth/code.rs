//! Codes that sign a browser in, each once and within minutes: a link may show up in a history or a
//! list of processes, and is of no use there.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::bearer::{TokenHash, random_text};

/// How long a code is good: time to find the window in which a link was printed, and to follow it.
pub const GOOD_FOR: Duration = Duration::from_secs(5 * 60);

/// Codes that are kept at most. The oldest goes first: whoever prints links does not follow the old ones.
const CODES_MAX: usize = 64;

/// Codes that were given and not used yet.
#[derive(Debug, Default)]
pub(super) struct Codes(Mutex<Vec<Given>>);

#[derive(Debug)]
struct Given {
    code: TokenHash,
    /// The token that it stands for.
    token: TokenHash,
    until: Instant,
}

impl Codes {
    /// A new code that stands for this token.
    pub(super) fn give(&self, token: TokenHash, now: Instant) -> Result<String, getrandom::Error> {
        let code = random_text()?;
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|one| one.until > now);
        if given.len() >= CODES_MAX {
            given.remove(0);
        }
        given.push(Given { code: TokenHash::of(&code), token, until: now + GOOD_FOR });
        Ok(code)
    }

    /// The token that this code stands for, this one time.
    pub(super) fn take(&self, code: &str, now: Instant) -> Option<TokenHash> {
        let code = TokenHash::of(code);
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = given.iter().position(|one| one.code == code)?;
        let Given { token, until, .. } = given.remove(found);
        (until > now).then_some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_once_and_for_minutes() {
        let (codes, start, token) = (Codes::default(), Instant::now(), TokenHash::of("abc"));
        let code = codes.give(token, start).unwrap();
        assert_eq!(codes.take("other", start), None);
        assert_eq!(codes.take(&code, start + GOOD_FOR / 2), Some(token));
        assert_eq!(codes.take(&code, start), None);
        let late = codes.give(token, start).unwrap();
        assert_eq!(codes.take(&late, start + GOOD_FOR), None);
    }

    #[test]
    fn many_codes_push_out_the_oldest() {
        let (codes, now, token) = (Codes::default(), Instant::now(), TokenHash::of("abc"));
        let all: Vec<_> = (0..=CODES_MAX).map(|_| codes.give(token, now).unwrap()).collect();
        assert_eq!(codes.take(&all[0], now), None);
        assert_eq!(codes.take(&all[1], now), Some(token));
    }
}
