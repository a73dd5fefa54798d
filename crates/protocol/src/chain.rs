//! The chain: what makes two copies of one history comparable at a single row.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// Hash over the previous chain, the subject, the headers and the raw payload: the first 128 bits
/// of SHA-256. It shows damage and disagreement. It has no key, so it does not show a forger who
/// rewrites every store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Chain([u8; 16]);

/// The random name of one history of a stream, born with its row 1 and carried by every row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HistoryId([u8; 16]);

/// A text that is no 32 hexadecimal digits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no 32 hexadecimal digits")]
pub struct InvalidHex(String);

impl Chain {
    /// The chain before row 1.
    pub const START: Self = Self([0; 16]);

    /// The chain of the row that follows this one. Lengths are hashed with the parts, so that
    /// bytes cannot move from one part to another unseen.
    #[must_use]
    pub fn next(self, subject: &str, headers: &str, payload: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        for part in [subject.as_bytes(), headers.as_bytes(), payload] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut first = [0; 16];
        first.copy_from_slice(&hash.finalize()[..16]);
        Self(first)
    }

    /// The raw bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl HistoryId {
    /// From random bytes, handed in.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

fn write_hex(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0u8; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn parse_hex(text: &str) -> Result<[u8; 16], InvalidHex> {
    let invalid = || InvalidHex(text.chars().take(64).collect());
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return Err(invalid());
    }
    let mut bytes = [0; 16];
    // Looked at once, in the end: a branch for each digit costs more than all the rest.
    let mut seen = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        *byte = high << 4 | low & 15;
        seen |= high | low;
    }
    if seen > 15 { Err(invalid()) } else { Ok(bytes) }
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

macro_rules! hex_text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidHex;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_hex(text).map(Self)
            }
        }
    };
}

impl From<[u8; 16]> for Chain {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

hex_text!(Chain);
hex_text!(HistoryId);

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
