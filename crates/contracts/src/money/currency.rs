//! A currency: its code, and how its amounts are written.

use std::fmt;
use std::str::FromStr;

use protocol::as_text;
use serde::{Deserialize, Serialize};

use super::decimal::Decimal;
use super::iso4217;

/// Decimals of a code that is not in the list: an old one, in a row that has to be read all the
/// same. Most currencies have so many.
const DECIMALS_OTHERWISE: u32 = 2;

/// A currency code: three capital letters. Rows may hold any such code; what a client may newly
/// name is for [`Currency::is_active`] to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// A text that is no currency code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no currency: use a three-letter ISO 4217 code such as GBP")]
pub struct InvalidCurrency(String);

impl Currency {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The bytes were checked to be capital letters when the value was made.
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Whether it is an active currency of ISO 4217 that amounts can be named in.
    #[must_use]
    pub fn is_active(self) -> bool {
        iso4217::decimals(self).is_some()
    }

    /// How many decimals its amounts have: the exponent between its main and its minor unit.
    #[must_use]
    pub fn decimals(self) -> u32 {
        iso4217::decimals(self).unwrap_or(DECIMALS_OTHERWISE)
    }

    /// So many minor units as a decimal number of the main unit, such as `-12.05`. Wider than
    /// [`Money`](super::Money), for sums.
    #[must_use]
    pub fn decimal(self, minor: i128) -> Decimal {
        Decimal::new(minor, self.decimals())
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|byte| byte.is_ascii_uppercase()) => {
                Ok(Self([*a, *b, *c]))
            }
            _ => Err(InvalidCurrency(text.chars().take(16).collect())),
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        as_text::deserialize(deserializer)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_three_capital_letters_are_read_and_only_some_are_active() {
        let strange: Currency = serde_json::from_str("\"ZZZ\"").unwrap();
        assert!(!strange.is_active());
        assert_eq!(strange.decimals(), 2);
        assert!("GBP".parse::<Currency>().unwrap().is_active());
        for bad in ["gbp", "GB", "GBPS", "£", ""] {
            assert!(bad.parse::<Currency>().is_err(), "{bad}");
        }
    }
}
