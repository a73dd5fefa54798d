//! The seal: what tells an owner's own rows from rows that somebody else has made well.
//!
//! The chain has no key: whoever may publish to a stream can compute it. The seal is a keyed hash over the
//! chain so far and the content of the row, under a key that only the owner of the stream has. Since it
//! covers the chain so far, a row that holds vouches for all rows before it.
//!
//! Readers have no key and check no seal: they trust the broker to let nobody but the owner publish. The
//! seal is what keeps a forged row from becoming the owner's own history.
//!
//! Beside the seal, the owner marks the chain of each row, by the same key. Others copy it into their events'
//! vectors, to say how far they have read. If both the row and the owner's copy of it are gone, the mark is
//! how the owner knows that there really was such a row, and that nobody has made it up.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::chain::{MARK_BYTES, parse_hex, write_hex};
use crate::{Chain, Position, Row};

/// The header with the seal: the last one, so that what it covers is all that stands before it.
pub const SEAL_HEADER: &str = "ce-seal";

/// Bytes of a key: as many as the hash has, so that guessing the one is no easier than the other.
pub const SEAL_KEY_BYTES: usize = 32;

/// Says what is hashed, so that no other use of the key can make a seal.
const PURPOSE: &[u8] = b"murmuration row seal 1";

/// The same of marks.
const MARK_PURPOSE: &[u8] = b"murmuration chain mark 1";

/// The same of files.
const FILE_PURPOSE: &[u8] = b"murmuration file seal 1";

/// The seal of one row: which key, and the first 128 bits of HMAC-SHA-256 (RFC 2104).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seal {
    key: [u8; 4],
    code: [u8; 16],
}

/// The keys of one owner: the newest makes seals, all are known.
#[derive(Clone)]
pub struct SealKeys {
    newest: SealKey,
    older: Vec<SealKey>,
    takes_unsealed: bool,
}

#[derive(Clone)]
struct SealKey {
    id: [u8; 4],
    code: Hmac<Sha256>,
}

/// Whose a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The owner's: its seal holds, or it has none and those are taken.
    Own,
    /// It has no seal.
    Unsealed,
    /// Its seal is not made with any known key, or not over this row at this place.
    Forged,
}

/// A text is no seal.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no seal: expected KEY.CODE, 8 and 32 hexadecimal digits")]
pub struct InvalidSeal(String);

/// A text holds no keys.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSealKeys {
    /// There is no line with a key.
    #[error("there is no key in it")]
    Empty,
    /// A line is something else.
    #[error("line {line} is no key: expected 64 hexadecimal digits")]
    Line {
        /// Its number, from 1.
        line: usize,
    },
}

impl SealKeys {
    /// One key, from random bytes, handed in.
    #[must_use]
    pub fn of_bytes(bytes: [u8; SEAL_KEY_BYTES]) -> Self {
        Self { newest: SealKey::new(&bytes), older: Vec::new(), takes_unsealed: false }
    }

    /// Takes rows without a seal for the owner's, as they are in a history that began without seals.
    #[must_use]
    pub fn taking_unsealed(self) -> Self {
        Self { takes_unsealed: true, ..self }
    }

    /// The seal of the row with this content that follows `before`. `headers` are those before the seal.
    #[must_use]
    pub fn seal(&self, before: Chain, subject: &str, headers: &str, payload: &[u8]) -> Seal {
        let code = self.newest.code(before, [subject.as_bytes(), headers.as_bytes(), payload]);
        Seal { key: self.newest.id, code }
    }

    /// The seal of a whole file with this SHA-256.
    #[must_use]
    pub fn seal_file(&self, digest: &[u8; 32]) -> Seal {
        Seal { key: self.newest.id, code: truncated(self.newest.of_file(digest)) }
    }

    /// Whether this owner has sealed a file with this SHA-256.
    #[must_use]
    pub fn has_sealed_file(&self, digest: &[u8; 32], seal: &Seal) -> bool {
        self.known().any(|key| {
            key.id == seal.key && key.of_file(digest).verify_truncated_left(&seal.code).is_ok()
        })
    }

    /// The chain of the row of that number, marked.
    #[must_use]
    pub fn mark(&self, sequence: u64, chain: Chain) -> Chain {
        let code = self.newest.mark(sequence, &chain).finalize().into_bytes();
        let mut mark = [0; MARK_BYTES];
        mark.copy_from_slice(&code[..MARK_BYTES]);
        chain.with_mark(mark)
    }

    /// Whether this owner has had a row of that number with that chain, as the mark on it says.
    #[must_use]
    pub fn has_marked(&self, at: Position) -> bool {
        if !at.chain.is_marked() {
            return self.takes_unsealed;
        }
        let holds = |key: &SealKey| {
            key.mark(at.sequence, &at.chain).verify_truncated_left(at.chain.mark()).is_ok()
        };
        self.known().any(holds)
    }

    /// Whose the row is, when it follows `before`.
    #[must_use]
    pub fn origin(&self, before: Chain, row: &Row) -> Origin {
        let Some((headers, seal)) = split(&row.headers) else {
            return if self.takes_unsealed { Origin::Own } else { Origin::Unsealed };
        };
        let Ok(seal) = seal.parse::<Seal>() else { return Origin::Forged };
        let parts = [row.subject.as_bytes(), headers.as_bytes(), &row.payload];
        let holds =
            self.known().any(|key| key.id == seal.key && key.holds(before, parts, &seal.code));
        if holds && self.has_marked(row.position()) { Origin::Own } else { Origin::Forged }
    }

    /// Whether the row is the owner's, when it follows `before`.
    #[must_use]
    pub fn is_own(&self, before: Chain, row: &Row) -> bool {
        self.origin(before, row) == Origin::Own
    }

    fn known(&self) -> impl Iterator<Item = &SealKey> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

/// The headers before the seal, and the seal.
fn split(headers: &str) -> Option<(&str, &str)> {
    let before_last = headers.strip_suffix('\n')?.rfind('\n').map_or(0, |end| end + 1);
    let (rest, last) = headers.split_at(before_last);
    Some((rest, last.trim_end_matches('\n').strip_prefix(SEAL_HEADER)?.strip_prefix(':')?))
}

impl SealKey {
    fn new(bytes: &[u8; SEAL_KEY_BYTES]) -> Self {
        let mut id = [0; 4];
        id.copy_from_slice(
            &Sha256::new().chain_update(PURPOSE).chain_update(bytes).finalize()[..4],
        );
        Self { id, code: keyed(bytes) }
    }

    fn code(&self, before: Chain, parts: [&[u8]; 3]) -> [u8; 16] {
        truncated(self.over(before, parts))
    }

    /// Compared in constant time.
    fn holds(&self, before: Chain, parts: [&[u8]; 3], code: &[u8; 16]) -> bool {
        self.over(before, parts).verify_truncated_left(code).is_ok()
    }

    fn mark(&self, sequence: u64, chain: &Chain) -> Hmac<Sha256> {
        let mut code = self.code.clone();
        code.update(MARK_PURPOSE);
        code.update(&sequence.to_be_bytes());
        code.update(chain.hash());
        code
    }

    fn of_file(&self, digest: &[u8; 32]) -> Hmac<Sha256> {
        let mut code = self.code.clone();
        code.update(FILE_PURPOSE);
        code.update(digest);
        code
    }

    fn over(&self, before: Chain, parts: [&[u8]; 3]) -> Hmac<Sha256> {
        let mut code = self.code.clone();
        code.update(PURPOSE);
        code.update(before.hash());
        for part in parts {
            code.update(&(part.len() as u64).to_be_bytes());
            code.update(part);
        }
        code
    }
}

fn truncated(code: Hmac<Sha256>) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&code.finalize().into_bytes()[..16]);
    first
}

fn keyed(bytes: &[u8; SEAL_KEY_BYTES]) -> Hmac<Sha256> {
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    block[..SEAL_KEY_BYTES].copy_from_slice(bytes);
    Hmac::new(&block)
}

/// One key a line, as 64 hexadecimal digits, the newest first; empty lines and `#` lines are left out.
impl FromStr for SealKeys {
    type Err = InvalidSealKeys;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let key = |(at, line): (usize, &str)| {
            parse_hex(line.as_bytes()).map(|bytes| SealKey::new(&bytes)).ok_or(at)
        };
        let keys: Result<Vec<_>, _> = lines.map(key).collect();
        let mut keys = keys.map_err(|at| InvalidSealKeys::Line { line: at + 1 })?.into_iter();
        let newest = keys.next().ok_or(InvalidSealKeys::Empty)?;
        Ok(Self { newest, older: keys.collect(), takes_unsealed: false })
    }
}

/// Never the key: this is what logs get.
impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKeys({} keys)", 1 + self.older.len())
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.key, f)?;
        f.write_str(".")?;
        write_hex(&self.code, f)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Seal {
    type Err = InvalidSeal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (key, code) = text.split_once('.')?;
            Some(Self { key: parse_hex(key.as_bytes())?, code: parse_hex(code.as_bytes())? })
        };
        parse().ok_or_else(|| InvalidSeal(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> SealKeys {
        SealKeys::of_bytes([7; SEAL_KEY_BYTES])
    }

    fn row(keys: &SealKeys, before: Chain) -> Row {
        let (subject, payload) = ("order.placed.o-1".to_owned(), b"{}".as_slice());
        let mut headers = "ce-id:1\nce-type:order.placed.v1\n".to_owned();
        let seal = keys.seal(before, &subject, &headers, payload);
        headers.push_str(&format!("{SEAL_HEADER}:{seal}\n"));
        let chain = keys.mark(1, before.next(&subject, &headers, payload));
        Row { sequence: 1, subject, headers, payload: payload.into(), chain }
    }

    #[test]
    fn a_seal_holds_for_its_row_at_its_place_and_for_nothing_else() {
        let row = row(&keys(), Chain::START);
        assert_eq!(keys().origin(Chain::START, &row), Origin::Own);
        let edits: [fn(&mut Row); 6] = [
            |row| row.subject.push('0'),
            |row| row.headers = row.headers.replace("ce-id:1", "ce-id:2"),
            |row| row.payload = b"{ }".as_slice().into(),
            |row| row.headers = row.headers.replace("ce-seal:", "ce-seal:0"),
            |row| row.chain = row.chain.with_mark([1; MARK_BYTES]),
            |row| row.chain = row.chain.with_mark([0; MARK_BYTES]),
        ];
        for edit in edits {
            let mut edited = row.clone();
            edit(&mut edited);
            assert_eq!(keys().origin(Chain::START, &edited), Origin::Forged, "{edited:?}");
        }
        assert_eq!(keys().origin(row.chain, &row), Origin::Forged);
        let other = SealKeys::of_bytes([8; SEAL_KEY_BYTES]);
        assert_eq!(other.origin(Chain::START, &row), Origin::Forged);
    }

    #[test]
    fn a_mark_holds_for_its_chain_at_its_number_and_for_nothing_else() {
        let chain = Chain::START.next("a", "b", b"c");
        let at = Position { sequence: 7, chain: keys().mark(7, chain) };
        assert!(keys().has_marked(at));
        assert!(!keys().has_marked(Position { sequence: 8, ..at }));
        assert!(!keys().has_marked(Position { chain, ..at }));
        let other = keys().mark(7, chain.next("a", "b", b"c"));
        assert!(!keys().has_marked(Position { chain: chain.with_mark(*other.mark()), ..at }));
        assert!(!SealKeys::of_bytes([8; SEAL_KEY_BYTES]).has_marked(at));
        assert!(keys().taking_unsealed().has_marked(Position { chain, ..at }));
    }

    #[test]
    fn a_row_without_a_seal_is_nobody_s_unless_such_rows_are_taken() {
        let row = Row { headers: "ce-id:1\n".to_owned(), ..row(&keys(), Chain::START) };
        assert_eq!(keys().origin(Chain::START, &row), Origin::Unsealed);
        assert_eq!(keys().taking_unsealed().origin(Chain::START, &row), Origin::Own);
        let without_headers = Row { headers: String::new(), ..row };
        assert_eq!(keys().origin(Chain::START, &without_headers), Origin::Unsealed);
    }

    #[test]
    fn older_keys_are_known_and_only_the_newest_seals() {
        let digits = |byte: u8| format!("{byte:02x}").repeat(SEAL_KEY_BYTES);
        let rotated: SealKeys =
            format!("# rotated\n{}\n\n{}\n", digits(8), digits(7)).parse().unwrap();
        let old = row(&keys(), Chain::START);
        assert!(rotated.is_own(Chain::START, &old));
        let new = row(&rotated, Chain::START);
        assert!(rotated.is_own(Chain::START, &new) && !keys().is_own(Chain::START, &new));
    }

    #[test]
    fn a_file_is_sealed_by_a_known_key_and_for_its_content_alone() {
        let seal = keys().seal_file(&[1; 32]);
        assert!(keys().has_sealed_file(&[1; 32], &seal));
        assert!(!keys().has_sealed_file(&[2; 32], &seal));
        let other = SealKeys::of_bytes([8; SEAL_KEY_BYTES]);
        assert!(!other.has_sealed_file(&[1; 32], &seal));
        let forged = Seal { key: other.newest.id, ..seal };
        assert!(!other.has_sealed_file(&[1; 32], &forged));
    }

    #[test]
    fn what_holds_no_key_is_refused_with_its_line() {
        assert_eq!("# none\n".parse::<SealKeys>().unwrap_err(), InvalidSealKeys::Empty);
        let short = format!("\n{}", "ab".repeat(31));
        assert_eq!(short.parse::<SealKeys>().unwrap_err(), InvalidSealKeys::Line { line: 2 });
        assert!(!format!("{:?}", keys()).contains("0707"));
    }

    #[test]
    fn a_seal_survives_its_text_and_other_texts_are_none() {
        let seal = keys().seal(Chain::START, "a", "b", b"c");
        assert_eq!(seal.to_string().parse(), Ok(seal));
        for text in ["", "é", "00000000", "0000000.00", &format!("{seal}0")] {
            assert_eq!(text.parse::<Seal>(), Err(InvalidSeal(text.to_owned())));
        }
    }
}
