//! Sums of money over many orders, kept apart by currency.

use std::collections::BTreeMap;

use contracts::{Currency, Money};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One sum for each currency, in minor units. Wider than [`Money`], so that no number of orders
/// overflows it: every one of 2^63 events can add the largest amount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sums(BTreeMap<Currency, i128>);

/// One sum, as answers show it.
///
/// It may be wider than 64 bits: a reader that holds it in fewer, or in a float, shows another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sum {
    /// Minor units.
    pub minor: i128,
    /// The currency.
    pub currency: Currency,
}

impl Sum {
    /// So many units at a price. It always fits, as the product of 64 and 32 bits.
    #[must_use]
    pub fn of_units(price: Money, units: u32) -> Self {
        Self { minor: i128::from(price.minor) * i128::from(units), currency: price.currency }
    }
}

impl Sums {
    pub fn add(&mut self, amount: Money) {
        self.change(amount.currency, |sum| sum.saturating_add(i128::from(amount.minor)));
    }

    /// Adds everything of the other sums.
    pub fn add_all(&mut self, others: &Self) {
        for (currency, minor) in &others.0 {
            self.change(*currency, |sum| sum.saturating_add(*minor));
        }
    }

    /// These sums less those.
    #[must_use]
    pub fn less(mut self, others: &Self) -> Self {
        for (currency, minor) in &others.0 {
            self.change(*currency, |sum| sum.saturating_sub(*minor));
        }
        self
    }

    fn change(&mut self, currency: Currency, change: impl FnOnce(i128) -> i128) {
        let sum = self.0.entry(currency).or_default();
        *sum = change(*sum);
    }

    /// Each sum divided by the count of its currency, rounded towards zero; nothing where that is 0.
    #[must_use]
    pub fn per(&self, counts: &BTreeMap<Currency, u64>) -> Self {
        let quotient = |(currency, minor): (&Currency, &i128)| {
            let count = counts.get(currency).copied().unwrap_or(0);
            minor.checked_div(i128::from(count)).map(|minor| (*currency, minor))
        };
        Self(self.0.iter().filter_map(quotient).collect())
    }

    /// The sums, in order of their currencies.
    #[must_use]
    pub fn to_list(&self) -> Vec<Sum> {
        self.0.iter().map(|(currency, minor)| Sum { minor: *minor, currency: *currency }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbp(minor: i64) -> Money {
        Money::new(minor, "GBP".parse().unwrap())
    }

    #[test]
    fn sums_beyond_64_bits_survive_their_json() {
        let mut sums = Sums::default();
        for _ in 0..3 {
            sums.add(gbp(i64::MAX));
        }
        let json = serde_json::to_string(&sums).unwrap();
        assert_eq!(serde_json::from_str::<Sums>(&json).unwrap(), sums);
        assert_eq!(sums.to_list()[0].minor, 3 * i128::from(i64::MAX));
    }

    #[test]
    fn currencies_are_kept_apart() {
        let mut sums = Sums::default();
        sums.add(gbp(500));
        sums.add(Money::new(7, "EUR".parse().unwrap()));
        let mut paid = Sums::default();
        paid.add(gbp(600));
        let left = sums.less(&paid).to_list();
        assert_eq!(left.iter().map(|sum| sum.minor).collect::<Vec<_>>(), [7, -100]);
    }

    #[test]
    fn an_average_over_nothing_is_nothing() {
        let mut sums = Sums::default();
        sums.add(gbp(500));
        assert_eq!(sums.per(&BTreeMap::new()), Sums::default());
        assert_eq!(sums.per(&BTreeMap::from([(gbp(0).currency, 2)])).to_list()[0].minor, 250);
    }
}
