//! Tallies as answers show them: a flat list, one entry for each currency.

use contracts::Currency;
use schemars::JsonSchema;
use serde::Serialize;

use crate::records::{Tallies, Tally};

/// What some completed orders in one currency come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TallyAnswer {
    /// The currency.
    pub currency: Currency,
    /// Orders.
    pub orders: u64,
    /// Units in them.
    pub units: u64,
    /// What they brought in, in minor units.
    pub minor: i128,
}

impl TallyAnswer {
    /// One currency.
    #[must_use]
    pub const fn of(currency: Currency, tally: Tally) -> Self {
        let Tally { orders, units, minor } = tally;
        Self { currency, orders, units, minor }
    }

    /// All currencies, in their order.
    #[must_use]
    pub fn list(tallies: &Tallies) -> Vec<Self> {
        tallies.iter().map(|(currency, tally)| Self::of(currency, tally)).collect()
    }
}
