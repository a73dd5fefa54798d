//! Money: integer minor units with a currency, never a float.
//!
//! # Layout
//!
//! * [`currency`]: a currency, and [`iso4217`]: how many decimals each has.
//! * [`decimal`]: amounts as text.
//! * [`bounds`]: what a client may name.

pub mod currency;
pub mod iso4217;

pub mod decimal;

pub mod bounds;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bounds::{AMOUNT_MINOR_MAX, NewMoney, UnacceptableAmount};
pub use currency::{Currency, InvalidCurrency};
pub use decimal::{Decimal, InvalidAmount};

/// An amount in minor units (pence, cents) of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Arithmetic on money that has no answer.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum MoneyError {
    /// Two currencies in one sum.
    #[error("cannot add {0} to {1}: convert one of them first")]
    Currencies(Currency, Currency),
    /// The result does not fit 64 bits.
    #[error("the amount is too large: it does not fit 64 bits of minor units")]
    Overflow,
}

impl Money {
    /// An amount of minor units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The sum.
    ///
    /// # Errors
    /// When the currencies differ or the sum overflows.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Currencies(other.currency, self.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The amount `quantity` times.
    ///
    /// # Errors
    /// When the product overflows.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(i64::from(quantity)).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency.decimal(self.minor.into()), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbp(minor: i64) -> Money {
        Money::new(minor, "GBP".parse().unwrap())
    }

    #[test]
    fn overflowing_money_is_an_error_and_no_wrap() {
        assert_eq!(gbp(i64::MAX).plus(gbp(1)), Err(MoneyError::Overflow));
        assert_eq!(gbp(i64::MAX / 2).times(3), Err(MoneyError::Overflow));
        assert_eq!(gbp(250).times(3), Ok(gbp(750)));
    }

    #[test]
    fn currencies_do_not_mix() {
        let eur = Money::new(1, "EUR".parse().unwrap());
        assert!(matches!(gbp(1).plus(eur), Err(MoneyError::Currencies(..))));
    }

    #[test]
    fn money_reads_well() {
        assert_eq!(gbp(-1205).to_string(), "-12.05 GBP");
    }
}
