//! What the views of sales have to say: completed orders, by product and by business day.

use std::collections::BTreeMap;

use contracts::{Currency, Sku, kind};
use serde_json::{Value, json};

use super::number;
use crate::fold::Fold;
use crate::fold::order::{Agreed, OrderFold};
use crate::fold::stock::Level;

/// A report by day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The first day.
    pub from: String,
    /// The last day: in the same year, since a report covers no more.
    pub to: String,
}

/// What completed orders come to.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    orders: u64,
    units: u64,
    minor: i128,
}

impl Tally {
    fn add(&mut self, units: u64, minor: i128) {
        self.orders += 1;
        self.units += units;
        self.minor += minor;
    }
}

/// One product: its newest state, what it brought in, and what is left of it.
#[must_use]
pub fn product(fold: &Fold, sku: &Sku) -> Value {
    let mut total: BTreeMap<Currency, Tally> = BTreeMap::new();
    let orders = fold.orders_with.get(sku).into_iter().flatten();
    let orders = orders.filter_map(|id| fold.orders.get(id));
    for agreed in orders.filter_map(completed) {
        let units = agreed.units.get(sku).copied().unwrap_or_default();
        let minor = agreed.minor_by_sku.get(sku).copied().unwrap_or_default();
        total.entry(agreed.total.currency).or_default().add(units, minor);
    }
    let total: Vec<_> = total.into_iter().map(entry).collect();
    let newest = fold.products.get(sku).and_then(|versions| versions.values().next_back());
    json!({ "product": newest, "total": total, "stock": stock(fold, sku) })
}

impl Report {
    /// The range of the newest year in which anything was placed; none if nothing ever was.
    #[must_use]
    pub fn newest_year(fold: &Fold) -> Option<Self> {
        let dates = || fold.orders.values().filter_map(|order| order.agreed.as_ref());
        let dates = || dates().map(|agreed| agreed.business_date.as_str());
        let to = dates().max()?;
        let year = to.get(..4)?;
        let from = dates().filter(|date| date.starts_with(year)).min()?;
        Some(Self { from: from.to_owned(), to: to.to_owned() })
    }

    /// What is different in the report as it was seen. Days on which something was paid back and
    /// nothing completed are rows, too, and are left aside.
    #[must_use]
    pub fn difference(&self, fold: &Fold, seen: &Value) -> Option<String> {
        let rows = seen["rows"].as_array().cloned().unwrap_or_default();
        let sold = rows.into_iter().filter(|row| row["orders"] != 0).collect();
        super::difference(&Value::Array(self.rows(fold)), &sold)
    }

    /// One row for each day and currency of which something was completed.
    fn rows(&self, fold: &Fold) -> Vec<Value> {
        let range = self.from.as_str()..=self.to.as_str();
        let mut days: BTreeMap<(&str, Currency), Tally> = BTreeMap::new();
        for agreed in fold.orders.values().filter_map(completed) {
            if range.contains(&agreed.business_date.as_str()) {
                let day = days.entry((&agreed.business_date, agreed.total.currency)).or_default();
                day.add(agreed.units.values().sum(), i128::from(agreed.total.minor));
            }
        }
        let row = |((day, currency), tally): ((&str, Currency), Tally)| {
            let Tally { orders, units, minor } = tally;
            json!({ "key": day, "currency": currency, "orders": orders, "units": units, "revenue_minor": number(minor) })
        };
        days.into_iter().map(row).collect()
    }
}

/// What was agreed, if it is completed.
fn completed(order: &OrderFold) -> Option<&Agreed> {
    order.agreed.as_ref().filter(|_| order.has(kind::ORDER_COMPLETED))
}

fn entry((currency, tally): (Currency, Tally)) -> Value {
    let Tally { orders, units, minor } = tally;
    json!({ "currency": currency, "orders": orders, "units": units, "minor": number(minor) })
}

fn stock(fold: &Fold, sku: &Sku) -> Option<Value> {
    let movements = &fold.stock.get(sku)?.movements;
    let Level { on_hand, reserved } =
        movements.iter().fold(Level::default(), |level, m| level.after(m));
    Some(
        json!({ "on_hand": number(on_hand), "reserved": number(reserved), "available": number(on_hand - reserved) }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::histories::{cancelled_after_all, completed};

    #[test]
    fn a_completed_order_is_sold_and_a_cancelled_one_is_not() {
        let mug: Sku = "mug".parse().unwrap();
        let sold = product(&completed().fold(), &mug);
        let one = json!([{ "currency": "GBP", "orders": 1, "units": 2, "minor": 1_000 }]);
        assert_eq!(sold["total"], one);
        assert_eq!(sold["stock"], json!({ "on_hand": 8, "reserved": 0, "available": 8 }));
        assert_eq!(product(&cancelled_after_all().fold(), &mug)["total"], json!([]));
    }

    #[test]
    fn a_report_that_lacks_a_day_is_told() {
        let fold = completed().fold();
        let report = Report::newest_year(&fold).unwrap();
        assert_eq!((report.from.as_str(), report.to.as_str()), ("2026-01-31", "2026-01-31"));
        let seen = json!({ "rows": report.rows(&fold) });
        assert_eq!(report.difference(&fold, &seen), None);
        assert!(report.difference(&fold, &json!({ "rows": [] })).is_some());
    }
}
