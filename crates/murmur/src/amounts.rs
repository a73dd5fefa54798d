//! Amounts of money as people and files write them: decimal text, read exactly and never through a
//! float.

use std::str::FromStr;

use contracts::{Currency, Money};
use serde::Deserialize;

/// Decimals of every currency that is read here.
const DECIMALS: usize = 2;

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAmount {
    /// It is no decimal number.
    #[error("{0:?} is no decimal number")]
    NoNumber(String),
    /// It has a fraction of the smallest unit.
    #[error("{0:?} has a fraction of the smallest unit")]
    Fraction(String),
    /// It does not fit.
    #[error("{0:?} is too large")]
    TooLarge(String),
    /// It does not name a currency.
    #[error("{0:?} is no amount: write it like 12.50 GBP")]
    NoCurrency(String),
}

/// An amount with its currency, such as `12.50 GBP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Amount(pub(crate) Money);

/// Reads a decimal number of the main unit as minor units: `12.5` is 1250.
///
/// # Errors
/// When it is none, or has a fraction of a minor unit, or does not fit.
pub(crate) fn minor_units(text: &str) -> Result<i64, NoAmount> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !is_number(whole) || !is_number(fraction) {
        return Err(NoAmount::NoNumber(shown(text)));
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > DECIMALS {
        return Err(NoAmount::Fraction(shown(text)));
    }
    let minor = format!("0{whole}{fraction:0<DECIMALS$}").parse::<i64>();
    let minor = minor.map_err(|_| NoAmount::TooLarge(shown(text)))?;
    Ok(if negative { -minor } else { minor })
}

/// Enough of a text to recognise it.
fn shown(text: &str) -> String {
    text.chars().take(32).collect()
}

impl FromStr for Amount {
    type Err = NoAmount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no_currency = || NoAmount::NoCurrency(shown(text));
        let (number, currency) = text.trim().split_once(' ').ok_or_else(no_currency)?;
        let currency: Currency = currency.trim().parse().map_err(|_| no_currency())?;
        Ok(Self(Money::new(minor_units(number)?, currency)))
    }
}

impl TryFrom<String> for Amount {
    type Error = NoAmount;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        let texts = ["12.5", "0.29", ".05", "7", "4.650", "-3.00", "1000000.01"];
        let minors = texts.map(|text| minor_units(text).unwrap());
        assert_eq!(minors, [1250, 29, 5, 700, 465, -300, 100_000_001]);
    }

    #[test]
    fn a_fraction_of_the_smallest_unit_is_no_amount() {
        assert_eq!(minor_units("0.001"), Err(NoAmount::Fraction("0.001".into())));
    }

    #[test]
    fn what_is_no_number_is_no_amount() {
        for text in ["", ".", "abc", "1.2.3", "1e3", "--1", "1,5", "٣"] {
            assert!(matches!(minor_units(text), Err(NoAmount::NoNumber(_))), "{text}");
        }
        let large = minor_units("99999999999999999999");
        assert!(matches!(large, Err(NoAmount::TooLarge(_))));
    }

    #[test]
    fn an_amount_names_its_currency() {
        let amount: Amount = "12.50 GBP".parse().unwrap();
        assert_eq!(amount.0.to_string(), "12.50 GBP");
        assert!("12.50".parse::<Amount>().is_err());
        assert!("12.50 pounds".parse::<Amount>().is_err());
    }
}
