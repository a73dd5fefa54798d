//! Orders, units and money counted together, kept apart by currency.

use std::collections::BTreeMap;

use contracts::Currency;
use serde::{Deserialize, Serialize};

/// What some orders in one currency come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub orders: u64,
    pub units: u64,
    /// Money, in minor units. Wider than one amount, so that no number of orders overflows it.
    pub minor: i128,
}

/// One tally for each currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tallies(BTreeMap<Currency, Tally>);

impl Tally {
    /// Adds what other orders come to. What is full stays full: a record that no history can come to
    /// must not end the folding.
    pub const fn add(&mut self, other: Self) {
        self.orders = self.orders.saturating_add(other.orders);
        self.units = self.units.saturating_add(other.units);
        self.minor = self.minor.saturating_add(other.minor);
    }
}

impl Tallies {
    /// Adds what other orders in a currency come to.
    pub fn add(&mut self, currency: Currency, tally: Tally) {
        self.0.entry(currency).or_default().add(tally);
    }

    /// Adds everything of the other tallies.
    pub fn add_all(&mut self, others: &Self) {
        for (currency, tally) in others.iter() {
            self.add(currency, tally);
        }
    }

    /// The tally of one currency; zero if there is none.
    #[must_use]
    pub fn of(&self, currency: Currency) -> Tally {
        self.0.get(&currency).copied().unwrap_or_default()
    }

    /// All tallies, in the order of their currencies.
    pub fn iter(&self) -> impl Iterator<Item = (Currency, Tally)> {
        self.0.iter().map(|(currency, tally)| (*currency, *tally))
    }

    /// Units in all currencies: goods can be added up, money cannot.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.0.values().fold(0, |units, tally| units.saturating_add(tally.units))
    }
}
