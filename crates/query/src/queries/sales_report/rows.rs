//! The rows of a report: each group and currency once.

use std::collections::BTreeMap;

use contracts::Currency;
use schemars::JsonSchema;
use serde::Serialize;

use super::Question;
use crate::projections::Ledger;
use crate::records::{Grouping, Tallies, Tally};

/// The key of a total.
const TOTAL: &str = "total";

/// One group in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Row {
    /// The day, the SKU, the customer's id or the country; `total` for a total.
    pub key: String,
    /// The name of a product or a customer as of its last sale in these months, or else its last
    /// refund; empty for days, countries and totals.
    pub label: String,
    /// The currency.
    pub currency: Currency,
    /// Completed orders; 0 for a group that only refunds are of. An order with several products counts
    /// for each of them.
    pub orders: u64,
    /// Units in them.
    pub units: u64,
    /// What they brought in, in minor units. It may be wider than 64 bits.
    pub revenue_minor: i128,
    /// Orders that were paid back; none for a product, since a refund names none.
    pub refunds: Option<u64>,
    /// What was paid back, in minor units; likewise.
    pub refunded_minor: Option<i128>,
}

/// Which side of a group is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Sold,
    Refunded,
}

#[derive(Clone, Debug, Default)]
struct Group {
    label: String,
    /// Which side the label is from. That of a sale goes before that of a refund.
    named_by: Option<Side>,
    sold: Tally,
    refunded: Tally,
}

/// Groups that are being added up.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    question: &'a Question,
    groups: BTreeMap<(String, Currency), Group>,
}

impl<'a> Rows<'a> {
    pub(super) const fn new(question: &'a Question) -> Self {
        Self { question, groups: BTreeMap::new() }
    }

    /// Adds the days of ledgers over everything, each day as a group.
    pub(super) fn add_days(&mut self, sales: &[Ledger], refunds: &[Ledger]) {
        for (side, ledgers) in [(Side::Sold, sales), (Side::Refunded, refunds)] {
            for ledger in ledgers {
                for (date, tallies) in ledger.between(&self.question.from, &self.question.to) {
                    self.add(side, date, "", tallies);
                }
            }
        }
    }

    /// Adds the ledgers of groups. They come month by month, so that the newest name stays.
    pub(super) fn add_groups(&mut self, sales: &[(String, Ledger)], refunds: &[(String, Ledger)]) {
        for (side, ledgers) in [(Side::Sold, sales), (Side::Refunded, refunds)] {
            for (key, ledger) in ledgers {
                for (_, tallies) in ledger.between(&self.question.from, &self.question.to) {
                    self.add(side, key, &ledger.label, tallies);
                }
            }
        }
    }

    fn add(&mut self, side: Side, key: &str, label: &str, tallies: &Tallies) {
        for (currency, tally) in tallies.iter() {
            let group = self.groups.entry((key.to_owned(), currency)).or_default();
            match side {
                Side::Sold => group.sold.add(tally),
                Side::Refunded => group.refunded.add(tally),
            }
            if !label.is_empty() && (side == Side::Sold || group.named_by != Some(Side::Sold)) {
                label.clone_into(&mut group.label);
                group.named_by = Some(side);
            }
        }
    }

    /// One total for each currency, of days.
    pub(super) fn totals(&self) -> Vec<Row> {
        let mut totals: BTreeMap<Currency, Group> = BTreeMap::new();
        for ((_, currency), group) in &self.groups {
            let total = totals.entry(*currency).or_default();
            total.sold.add(group.sold);
            total.refunded.add(group.refunded);
        }
        let row = |(currency, group)| Row::of(TOTAL.to_owned(), currency, group, Grouping::Day);
        totals.into_iter().map(row).collect()
    }

    /// Days in their order.
    pub(super) fn into_days(self) -> Vec<Row> {
        self.rows().collect()
    }

    /// Groups with the most revenue first, currency by currency.
    pub(super) fn into_groups(self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.rows().collect();
        rows.sort_by(|a, b| {
            let currency = a.currency.cmp(&b.currency);
            let most = || b.revenue_minor.cmp(&a.revenue_minor);
            currency.then_with(most).then_with(|| a.key.cmp(&b.key))
        });
        rows
    }

    fn rows(self) -> impl Iterator<Item = Row> {
        let by = self.question.by;
        let row = move |((key, currency), group)| Row::of(key, currency, group, by);
        self.groups.into_iter().map(row)
    }
}

impl Row {
    fn of(key: String, currency: Currency, group: Group, by: Grouping) -> Self {
        let has_refunds = by != Grouping::Product;
        Self {
            key,
            label: group.label,
            currency,
            orders: group.sold.orders,
            units: group.sold.units,
            revenue_minor: group.sold.minor,
            refunds: has_refunds.then_some(group.refunded.orders),
            refunded_minor: has_refunds.then_some(group.refunded.minor),
        }
    }
}
