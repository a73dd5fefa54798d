//! The products and customers that brought in most.

use std::collections::BTreeMap;

use contracts::Currency;
use schemars::JsonSchema;
use serde::Serialize;

use crate::projections::leaders::Leader;
use crate::queries::tally::TallyAnswer;

/// One of those that brought in most.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Best {
    /// The SKU, or the customer's id.
    pub id: String,
    /// What it was called in its last completed order.
    pub name: String,
    /// Its completed orders in this currency.
    #[serde(flatten)]
    pub tally: TallyAnswer,
}

/// Currency by currency, each with the most first: money in two currencies has no order.
pub(super) fn best(leaders: &BTreeMap<Currency, Vec<Leader>>) -> Vec<Best> {
    let of_one = |(currency, leaders): (&Currency, &Vec<Leader>)| {
        let currency = *currency;
        leaders.iter().map(move |leader| Best::of(currency, leader)).collect::<Vec<_>>()
    };
    leaders.iter().flat_map(of_one).collect()
}

impl Best {
    fn of(currency: Currency, leader: &Leader) -> Self {
        let (id, name) = (leader.key.clone(), leader.label.clone());
        Self { id, name, tally: TallyAnswer::of(currency, leader.tally) }
    }
}
