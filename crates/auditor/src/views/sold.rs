//! What the views of sales have to say: completed orders, by product and by business day.

use std::collections::BTreeMap;

use contracts::{Currency, Id, Kind};
use serde_json::{Value, json};

use crate::fold::Fold;
use crate::fold::order::Agreed;
use crate::fold::stock::Level;

/// A report by day, and what its rows have to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The first day.
    pub from: String,
    /// The last day: in the same year, since a report covers no more.
    pub to: String,
    /// One row for each day and currency of which something was completed.
    pub rows: Vec<Value>,
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

/// Each product: its newest state, what it brought in, and what is left of it.
#[must_use]
pub fn products(fold: &Fold) -> BTreeMap<Id, Value> {
    let mut sold: BTreeMap<&Id, BTreeMap<Currency, Tally>> = BTreeMap::new();
    for agreed in completed(fold) {
        for (sku, units) in &agreed.units {
            let minor = agreed.minor_by_sku.get(sku).copied().unwrap_or_default();
            let tallies = sold.entry(sku).or_default();
            tallies.entry(agreed.total.currency).or_default().add(*units, minor);
        }
    }
    let expected = |(sku, versions): (&Id, &BTreeMap<u64, _>)| {
        let total: Vec<_> = sold.remove(sku).unwrap_or_default().into_iter().map(told).collect();
        let newest = versions.values().next_back();
        (sku.clone(), json!({ "product": newest, "total": total, "stock": stock(fold, sku) }))
    };
    fold.products.iter().map(expected).collect()
}

/// The report over the newest year in which anything was placed; none if nothing ever was.
#[must_use]
pub fn report_by_day(fold: &Fold) -> Option<Report> {
    let dates = || fold.orders.values().filter_map(|order| order.agreed.as_ref());
    let dates = || dates().map(|agreed| agreed.business_date.as_str());
    let to = dates().max()?;
    let year = to.get(..4)?;
    let from = dates().filter(|date| date.starts_with(year)).min()?;
    let mut days: BTreeMap<(&str, Currency), Tally> = BTreeMap::new();
    for agreed in completed(fold).filter(|agreed| agreed.business_date.starts_with(year)) {
        let day = days.entry((&agreed.business_date, agreed.total.currency)).or_default();
        day.add(agreed.units.values().sum(), i128::from(agreed.total.minor));
    }
    let row = |((day, currency), tally): ((&str, Currency), Tally)| {
        let Tally { orders, units, minor } = tally;
        json!({ "key": day, "currency": currency, "orders": orders, "units": units, "revenue_minor": number(minor) })
    };
    let rows = days.into_iter().map(row).collect();
    Some(Report { from: from.to_owned(), to: to.to_owned(), rows })
}

impl Report {
    /// What is different in the report as it was seen. Days on which something was paid back and
    /// nothing completed are rows, too, and are left aside.
    #[must_use]
    pub fn difference(&self, seen: &Value) -> Option<String> {
        let rows = seen["rows"].as_array().cloned().unwrap_or_default();
        let sold = rows.into_iter().filter(|row| row["orders"] != 0).collect();
        super::difference(&Value::Array(self.rows.clone()), &sold)
    }
}

fn completed(fold: &Fold) -> impl Iterator<Item = &Agreed> {
    let completed = fold.orders.values().filter(|order| order.has(Kind::OrderCompleted));
    completed.filter_map(|order| order.agreed.as_ref())
}

fn told((currency, tally): (Currency, Tally)) -> Value {
    let Tally { orders, units, minor } = tally;
    json!({ "currency": currency, "orders": orders, "units": units, "minor": number(minor) })
}

fn stock(fold: &Fold, sku: &Id) -> Option<Value> {
    let movements = &fold.stock.get(sku)?.movements;
    let Level { on_hand, reserved } =
        movements.iter().fold(Level::default(), |level, m| level.after(m));
    Some(
        json!({ "on_hand": number(on_hand), "reserved": number(reserved), "available": number(on_hand - reserved) }),
    )
}

/// A number that JSON holds; what is larger is told as text, and so as different.
fn number(number: i128) -> Value {
    i64::try_from(number).map_or_else(|_| number.to_string().into(), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::histories::{cancelled_after_all, completed};

    #[test]
    fn a_completed_order_is_sold_and_a_cancelled_one_is_not() {
        let mug: Id = "mug".parse().unwrap();
        let sold = products(&completed().fold());
        let one = json!([{ "currency": "GBP", "orders": 1, "units": 2, "minor": 1_000 }]);
        assert_eq!(sold[&mug]["total"], one);
        assert_eq!(sold[&mug]["stock"], json!({ "on_hand": 8, "reserved": 0, "available": 8 }));
        assert_eq!(products(&cancelled_after_all().fold())[&mug]["total"], json!([]));
    }

    #[test]
    fn a_report_that_lacks_a_day_is_told() {
        let report = report_by_day(&completed().fold()).unwrap();
        assert_eq!((report.from.as_str(), report.to.as_str()), ("2026-01-31", "2026-01-31"));
        let seen = json!({ "rows": report.rows });
        assert_eq!(report.difference(&seen), None);
        assert!(report.difference(&json!({ "rows": [] })).is_some());
    }
}
