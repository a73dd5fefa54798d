//! What a client may newly name as an amount.
//!
//! Deliberately absent: any bound on what is read. Rows, and what stands in tables, keep whatever
//! they hold, and everything that adds amounts up has to be ready for that.

use protocol::ProblemKind;

use super::{Currency, Money};
use crate::problems;

/// Largest amount that a client may name, in minor units: a price, a limit, a total, a payment. A
/// tenth of 2^53, so that JSON readers that know only floats read each of them, and the sum of
/// several, exactly; and sums of 64 bits hold thousands of them.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000_000;

/// Why an amount cannot be taken from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnacceptableAmount {
    /// Its currency does not exist.
    #[error("{0} is no active currency of ISO 4217: use a code such as GBP")]
    UnknownCurrency(Currency),
    /// It is too large.
    #[error("{0} is too large: {max} is the most", max = Money::new(AMOUNT_MINOR_MAX, .0.currency))]
    TooLarge(Money),
}

/// [`Money`] as a client may name it: for the descriptions of APIs.
#[derive(Clone, Copy, Debug)]
pub struct NewMoney;

impl Money {
    /// Whether a client may name it where nothing of the kind stands yet. Signs are for who knows
    /// what the amount means.
    ///
    /// # Errors
    /// When its currency does not exist, or it is too large.
    pub fn acceptable(self) -> Result<(), UnacceptableAmount> {
        if !self.currency.is_active() {
            return Err(UnacceptableAmount::UnknownCurrency(self.currency));
        }
        self.within_bound()
    }

    /// Whether a client may name so much, in a currency that stands already.
    ///
    /// # Errors
    /// When it is too large.
    pub fn within_bound(self) -> Result<(), UnacceptableAmount> {
        if self.minor > AMOUNT_MINOR_MAX {
            return Err(UnacceptableAmount::TooLarge(self));
        }
        Ok(())
    }
}

impl UnacceptableAmount {
    /// The problem that an API answers with.
    #[must_use]
    pub fn problem(&self) -> &'static ProblemKind {
        match self {
            Self::UnknownCurrency(_) => &problems::UNKNOWN_CURRENCY,
            Self::TooLarge(_) => &problems::AMOUNT_TOO_LARGE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(minor: i64, currency: &str) -> Option<String> {
        let amount = Money::new(minor, currency.parse().unwrap());
        amount.acceptable().err().map(|error| error.to_string())
    }

    #[test]
    fn what_is_refused_says_the_bound() {
        assert_eq!(refused(AMOUNT_MINOR_MAX, "GBP"), None);
        let large = refused(AMOUNT_MINOR_MAX + 1, "GBP").unwrap();
        assert!(large.contains("10000000000000.00 GBP is the most"), "{large}");
        let unknown = refused(1, "ZZZ").unwrap();
        assert!(unknown.contains("ZZZ is no active currency"), "{unknown}");
    }

    #[test]
    fn a_reader_that_knows_only_floats_reads_the_largest_amount_exactly() {
        let integers_in_a_float = 1_i64 << f64::MANTISSA_DIGITS;
        assert!(8 * AMOUNT_MINOR_MAX <= integers_in_a_float);
    }
}
