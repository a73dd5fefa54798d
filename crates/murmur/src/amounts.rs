//! Amounts of money as scenario files write them, and currencies as the command line does.

use contracts::money::{InvalidAmount, UnacceptableAmount};
use contracts::{Currency, Money};
use serde::Deserialize;

/// An amount with its currency, such as `12.50 GBP` or `500 JPY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Amount(pub(crate) Money);

/// A currency that amounts can be named in.
///
/// # Errors
/// When the text is no code, or one that does not exist.
pub(crate) fn active_currency(code: &str) -> anyhow::Result<Currency> {
    let currency: Currency = code.parse()?;
    if currency.is_active() {
        return Ok(currency);
    }
    Err(UnacceptableAmount::UnknownCurrency(currency).into())
}

impl TryFrom<String> for Amount {
    type Error = InvalidAmount;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}
