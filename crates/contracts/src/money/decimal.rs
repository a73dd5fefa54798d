//! Amounts as people and files write them: decimal text of the main unit, written and read exactly
//! and never through a float.

use std::fmt;
use std::str::FromStr;

use super::{Currency, Money};

/// Minor units that show as a number of the main unit, with all decimals: `-12.05`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    minor: i128,
    decimals: u32,
}

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmount {
    /// It is no decimal number.
    #[error("{0:?} is no decimal number")]
    NoNumber(String),
    /// It has more decimals than its currency.
    #[error(
        "{0:?} has more decimals than {1}, whose amounts have {decimals}",
        decimals = .1.decimals()
    )]
    Decimals(String, Currency),
    /// It does not fit 64 bits.
    #[error("{0:?} is too large")]
    TooLarge(String),
    /// It is no number and a currency.
    #[error("{0:?} is no amount: write it like 12.50 GBP")]
    NoAmount(String),
    /// Its currency does not exist, so that nobody knows its decimals.
    #[error("{0} is no active currency of ISO 4217")]
    UnknownCurrency(Currency),
}

impl Decimal {
    pub(super) const fn new(minor: i128, decimals: u32) -> Self {
        Self { minor, decimals }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        let unit = 10_u128.pow(self.decimals);
        write!(f, "{sign}{}", minor / unit)?;
        match self.decimals {
            0 => Ok(()),
            _ => write!(f, ".{:0width$}", minor % unit, width = self.decimals as usize),
        }
    }
}

impl Money {
    /// Reads a decimal number of the currency's main unit: `12.5` is 1250 minor units of GBP,
    /// `500` is 500 of JPY. Zeros beyond the currency's decimals say nothing; other digits are
    /// refused, and nothing is rounded.
    ///
    /// # Errors
    /// When it is no number, has too many decimals or does not fit, or the currency does not exist.
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, InvalidAmount> {
        if !currency.is_active() {
            return Err(InvalidAmount::UnknownCurrency(currency));
        }
        let text = text.trim();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !is_number(whole) || !is_number(fraction) {
            return Err(InvalidAmount::NoNumber(shown(text)));
        }
        let (fraction, decimals) = (fraction.trim_end_matches('0'), currency.decimals() as usize);
        if fraction.len() > decimals {
            return Err(InvalidAmount::Decimals(shown(text), currency));
        }
        let minor = format!("{sign}0{whole}{fraction:0<decimals$}").parse();
        let minor = minor.map_err(|_| InvalidAmount::TooLarge(shown(text)))?;
        Ok(Self::new(minor, currency))
    }
}

impl FromStr for Money {
    type Err = InvalidAmount;

    /// Reads an amount with its currency, such as `12.50 GBP`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no_amount = || InvalidAmount::NoAmount(shown(text));
        let (number, currency) = text.trim().split_once(' ').ok_or_else(no_amount)?;
        let currency = currency.trim().parse().map_err(|_| no_amount())?;
        Self::from_decimal(number, currency)
    }
}

/// Enough of a text to recognise it.
fn shown(text: &str) -> String {
    text.chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    fn minor(text: &str, code: &str) -> Result<i64, InvalidAmount> {
        Money::from_decimal(text, currency(code)).map(|money| money.minor)
    }

    #[test]
    fn decimals_are_read_exactly() {
        let texts = ["12.5", "0.29", ".05", "7", "4.650", "-3.00", "1000000.01"];
        let minors = texts.map(|text| minor(text, "GBP").unwrap());
        assert_eq!(minors, [1250, 29, 5, 700, 465, -300, 100_000_001]);
        assert_eq!(minor("-92233720368547758.08", "GBP"), Ok(i64::MIN));
    }

    #[test]
    fn the_currency_says_what_a_number_is_worth() {
        for (code, worth) in [("JPY", 500), ("GBP", 50_000), ("KWD", 500_000), ("CLF", 5_000_000)] {
            assert_eq!(minor("500", code), Ok(worth), "{code}");
        }
        assert_eq!([minor("0.125", "BHD"), minor("0.0001", "UYW")], [Ok(125), Ok(1)]);
    }

    #[test]
    fn more_decimals_than_the_currency_has_are_no_amount() {
        for (text, code) in [("0.001", "GBP"), ("0.5", "JPY"), ("1.2345", "KWD")] {
            let refused = InvalidAmount::Decimals(text.into(), currency(code));
            assert_eq!(minor(text, code), Err(refused));
        }
        assert_eq!(minor("500.00", "JPY"), Ok(500));
    }

    #[test]
    fn what_is_no_number_is_no_amount() {
        for text in ["", ".", "abc", "1.2.3", "1e3", "--1", "1,5", "٣", "+1", "nan"] {
            assert!(matches!(minor(text, "GBP"), Err(InvalidAmount::NoNumber(_))), "{text}");
        }
        let large = minor("99999999999999999999", "GBP");
        assert!(matches!(large, Err(InvalidAmount::TooLarge(_))));
    }

    #[test]
    fn an_amount_names_its_currency() {
        let shown = |text: &str| text.parse::<Money>().map(|money| money.to_string());
        for text in ["12.50 GBP", "500 JPY", "-0.125 BHD", "38000.0001 CLF"] {
            assert_eq!(shown(text).as_deref(), Ok(text));
        }
        assert!(shown("12.50").is_err() && shown("12.50 pounds").is_err());
        let unknown = InvalidAmount::UnknownCurrency(currency("ZZZ"));
        assert_eq!(shown("12.50 ZZZ"), Err(unknown));
    }

    #[test]
    fn sums_wider_than_64_bits_are_shown_whole() {
        let sum = 3 * i128::from(i64::MAX);
        assert_eq!(currency("GBP").decimal(sum).to_string(), "276701161105643274.21");
        assert_eq!(currency("JPY").decimal(-sum).to_string(), "-27670116110564327421");
    }
}
