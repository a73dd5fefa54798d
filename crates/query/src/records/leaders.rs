//! The products and customers that brought in most. A fold of the ORDER stream.
//!
//! Exact, though only the first few are kept: a sum only grows, so whoever belongs among the first
//! does so from an order of its own, and is looked at then.

use std::collections::BTreeMap;

use contracts::Currency;
use serde::{Deserialize, Serialize};

use super::Tally;
use super::booking::{Booking, Grouping};

/// How many are kept in each currency.
pub const LEADERS_KEPT: usize = 10;

/// Those that brought in most, in each currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaders {
    /// Products.
    pub products: BTreeMap<Currency, Vec<Leader>>,
    /// Customers.
    pub customers: BTreeMap<Currency, Vec<Leader>>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leader {
    /// The SKU, or the customer's id.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// All its completed orders in this currency.
    pub tally: Tally,
}

impl Leaders {
    /// Looks at one that has just been booked to, and has this much in all now.
    pub fn look_at(&mut self, booking: &Booking, tally: Tally) {
        let lists = match booking.grouping {
            Grouping::Product => &mut self.products,
            Grouping::Customer => &mut self.customers,
            Grouping::Day | Grouping::Country => return,
        };
        let list = lists.entry(booking.currency).or_default();
        list.retain(|leader| leader.key != booking.key);
        let (key, label) = (booking.key.clone(), booking.label.clone());
        list.push(Leader { key, label, tally });
        list.sort_by(|a, b| b.tally.minor.cmp(&a.tally.minor).then_with(|| a.key.cmp(&b.key)));
        list.truncate(LEADERS_KEPT);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_kept_few_are_the_first_of_all(
            sales in prop::collection::vec((0_u32..40, 1_i64..500), 0..400),
        ) {
            let currency = "GBP".parse().unwrap();
            let mut leaders = Leaders::default();
            let mut all: BTreeMap<String, i128> = BTreeMap::new();
            for (nth, minor) in sales {
                let (key, label) = (format!("p-{nth}"), String::new());
                let sum = all.entry(key.clone()).or_default();
                *sum += i128::from(minor);
                let tally = Tally { minor: *sum, ..Tally::default() };
                let grouping = Grouping::Product;
                leaders.look_at(&Booking { grouping, key, label, currency, tally }, tally);
            }
            let mut expected: Vec<_> = all.into_iter().map(|(key, sum)| (-sum, key)).collect();
            expected.sort();
            expected.truncate(LEADERS_KEPT);
            let kept = leaders.products.remove(&currency).unwrap_or_default();
            let kept: Vec<_> = kept.into_iter().map(|one| (-one.tally.minor, one.key)).collect();
            prop_assert_eq!(kept, expected);
        }
    }
}
