//! The products and customers that brought in most. A fold of the ORDER stream.
//!
//! Exact, though only the first few are kept: a sum only grows, so whoever belongs among the first
//! does so from an order of its own, and is looked at then.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use contracts::Currency;
use serde::{Deserialize, Serialize};

use crate::records::{Booking, Grouping, Tally};

/// How many are kept in each currency.
pub const LEADERS_KEPT: usize = 10;

/// Those that brought in most, in each currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaders {
    pub products: BTreeMap<Currency, Vec<Leader>>,
    pub customers: BTreeMap<Currency, Vec<Leader>>,
}

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
    /// Looks at one that has just been booked to, and has so much in all.
    pub(crate) fn look_at(&mut self, booking: &Booking<'_>) {
        let Booking { grouping, key, label, currency, tally } = *booking;
        let lists = match grouping {
            Grouping::Product => &mut self.products,
            Grouping::Customer => &mut self.customers,
            Grouping::Day | Grouping::Country => return,
        };
        let list = lists.entry(currency).or_default();
        let rank = |leader: &Leader| {
            (Reverse(leader.tally.minor), leader.key.as_str()) < (Reverse(tally.minor), key)
        };
        if let Some(known) = list.iter().position(|leader| leader.key == key) {
            list.remove(known);
        }
        let before = list.partition_point(rank);
        if before < LEADERS_KEPT {
            list.truncate(LEADERS_KEPT - 1);
            list.insert(before, Leader { key: key.to_owned(), label: label.to_owned(), tally });
        }
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
                let (key, label, grouping) = (format!("p-{nth}"), "", Grouping::Product);
                let sum = all.entry(key.clone()).or_default();
                *sum += i128::from(minor);
                let tally = Tally { minor: *sum, ..Tally::default() };
                leaders.look_at(&Booking { grouping, key: &key, label, currency, tally });
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
