//! The chain: what makes two copies of one history comparable at a single row.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// Bytes of the hash of a chain.
const HASH_BYTES: usize = 16;

/// Bytes of an owner's mark. Nobody can try out marks by themselves, so that 64 bits suffice.
pub(crate) const MARK_BYTES: usize = 8;

/// Hash over the previous chain, the subject, the headers and the raw payload: the first 128 bits
/// of SHA-256. It shows damage and disagreement. It has no key, so anybody can compute it: beside it
/// stands the owner's mark, by which the owner, and nobody else, knows it again wherever it is named
/// (see [`crate::seal`]). Rows from before there were marks have none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Chain {
    hash: [u8; HASH_BYTES],
    mark: [u8; MARK_BYTES],
}

/// The random name of one history of a stream, born with its row 1 and carried by every row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HistoryId([u8; 16]);

/// A text that is not as many hexadecimal digits as are needed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not 32 hexadecimal digits, nor a chain's 48")]
pub struct InvalidHex(String);

impl Chain {
    /// The chain before row 1.
    pub const START: Self = Self { hash: [0; HASH_BYTES], mark: [0; MARK_BYTES] };

    /// The chain of the row that follows this one, without a mark. Lengths are hashed with the parts, so
    /// that bytes cannot move from one part to another unseen.
    #[must_use]
    pub fn next(self, subject: &str, headers: &str, payload: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.hash);
        if self.is_marked() {
            hash.update(self.mark);
        }
        for part in [subject.as_bytes(), headers.as_bytes(), payload] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut first = [0; HASH_BYTES];
        first.copy_from_slice(&hash.finalize()[..HASH_BYTES]);
        Self { hash: first, mark: [0; MARK_BYTES] }
    }

    /// Whether both hash the same content, whoever has marked them.
    #[must_use]
    pub fn has_hash_of(&self, other: &Self) -> bool {
        self.hash == other.hash
    }

    /// The raw bytes: the hash, and the mark where there is one.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mark: &[u8] = if self.is_marked() { &self.mark } else { &[] };
        [&self.hash, mark].concat()
    }

    /// The chain of these bytes, if they are one's.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hash, mark) = bytes.split_first_chunk()?;
        let mark = if mark.is_empty() { [0; MARK_BYTES] } else { mark.try_into().ok()? };
        Some(Self { hash: *hash, mark })
    }

    /// Whether it has a mark.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.mark != [0; MARK_BYTES]
    }

    pub(crate) const fn hash(&self) -> &[u8; HASH_BYTES] {
        &self.hash
    }

    pub(crate) const fn mark(&self) -> &[u8; MARK_BYTES] {
        &self.mark
    }

    pub(crate) const fn with_mark(self, mark: [u8; MARK_BYTES]) -> Self {
        Self { mark, ..self }
    }
}

impl HistoryId {
    /// From random bytes, handed in.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

pub(crate) fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0u8; 2 * HASH_BYTES];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    f.write_str(std::str::from_utf8(&text[..2 * bytes.len()]).map_err(|_| fmt::Error)?)
}

/// As many bytes as are asked for, from exactly twice as many digits.
pub(crate) fn parse_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    // Looked at once, in the end: a branch for each digit costs more than all the rest.
    let mut seen = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        *byte = high << 4 | low & 15;
        seen |= high | low;
    }
    if seen > 15 { None } else { Some(bytes) }
}

/// The value of each hexadecimal digit; 255 for what is none.
const VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut value: u8 = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

fn invalid(text: &str) -> InvalidHex {
    InvalidHex(text.chars().take(64).collect())
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.hash, f)?;
        if self.is_marked() { write_hex(&self.mark, f) } else { Ok(()) }
    }
}

/// 32 hexadecimal digits, or 48 with a mark.
impl FromStr for Chain {
    type Err = InvalidHex;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (hash, mark) = text.as_bytes().split_at_checked(2 * HASH_BYTES)?;
            let mark = if mark.is_empty() { [0; MARK_BYTES] } else { parse_hex(mark)? };
            Some(Self { hash: parse_hex(hash)?, mark })
        };
        parse().ok_or_else(|| invalid(text))
    }
}

impl fmt::Display for HistoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl FromStr for HistoryId {
    type Err = InvalidHex;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text.as_bytes()).map(Self).ok_or_else(|| invalid(text))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for HistoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_byte_between_parts_changes_the_chain() {
        let one = Chain::START.next("a.b", "c", b"d");
        assert_ne!(one, Chain::START.next("a.bc", "", b"d"));
        assert_ne!(one, Chain::START.next("a.b", "cd", b""));
        assert_ne!(one, one.next("a.b", "c", b"d"));
    }

    #[test]
    fn a_mark_goes_with_its_chain_and_into_the_next_one() {
        let chain = Chain::START.next("s", "h", b"p");
        let marked = chain.with_mark([9; MARK_BYTES]);
        assert!(marked != chain && marked.has_hash_of(&chain));
        assert!(!marked.next("s", "h", b"p").has_hash_of(&chain.next("s", "h", b"p")));
        for either in [chain, marked] {
            assert_eq!(either.to_string().parse(), Ok(either));
            assert_eq!(Chain::from_bytes(&either.to_bytes()), Some(either));
        }
        assert!(format!("{chain}00").parse::<Chain>().is_err());
        assert_eq!(Chain::from_bytes(&[1; 17]), None);
    }

    #[test]
    fn a_chain_survives_its_text() {
        let chain = Chain::START.next("s", "h", b"p");
        assert_eq!(chain.to_string().parse(), Ok(chain));
        assert!("xyz".parse::<Chain>().is_err());
        assert!("é".repeat(16).parse::<Chain>().is_err());
        assert_eq!(chain.to_string().to_uppercase().parse(), Ok(chain));
        for at in 0..32 {
            let mut text = chain.to_string();
            text.replace_range(at..=at, "g");
            assert!(text.parse::<Chain>().is_err(), "{text}");
        }
    }
}
