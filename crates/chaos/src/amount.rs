//! Amounts of money as step files write them.

use contracts::Money;
use contracts::money::InvalidAmount;
use serde::Deserialize;

/// An amount with its currency, such as `12.50 GBP` or `500 JPY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Amount(pub Money);

impl TryFrom<String> for Amount {
    type Error = InvalidAmount;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}
