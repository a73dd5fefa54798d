//! The money in the read model against the money in the file, day by day, to the penny.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::anyhow;
use client::http::{Call, exact_json};
use client::wait::wait_until;
use contracts::Currency;
use serde::Serialize;
use serde_json::Value;

use super::book::Book;
use super::order_ends::Ends;
use super::plan::Plan;
use super::sender::Sender;

/// How long the read model may take to have folded everything: it may have to be rebuilt.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(60);

/// Revenue by day, in minor units.
pub(crate) type ByDay = BTreeMap<String, i128>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    pub day: String,
    /// Money in the file: of the lines whose orders were completed.
    pub file_minor: i128,
    /// Money in the read model, less what other orders brought in on that day.
    pub read_model_minor: Option<i128>,
}

impl Day {
    /// Whether the two are equal. A day that the read model does not show is not compared.
    pub fn is_well(&self) -> bool {
        self.read_model_minor.is_none_or(|minor| minor == self.file_minor)
    }
}

/// The dashboard, once it has folded this much of the ORDER stream.
///
/// # Errors
/// When it does not within its time.
pub(crate) async fn dashboard(sender: &Sender, url: &str, at_least: u64) -> anyhow::Result<Value> {
    let call = Call::get(format!("{url}/dashboard"));
    let look = async || {
        let seen = sender.client().value(call.clone()).await;
        let stands = match &seen {
            Ok(dashboard) => dashboard["freshness"]["streams"]["ORDER"]["folded"].as_u64(),
            Err(_) => None,
        };
        if stands.is_some_and(|folded| folded >= at_least) {
            return Ok(ControlFlow::Break(seen?));
        }
        Ok(ControlFlow::Continue(stands))
    };
    wait_until(CAUGHT_UP_WITHIN, look, |stands| {
        let stands = stands.map_or_else(|| "nowhere".to_owned(), |at| format!("at {at}"));
        anyhow!("the read model has not folded {at_least} rows of ORDER: it is {stands}")
    })
    .await
}

/// The revenue by day that a dashboard shows.
pub(crate) fn shown(dashboard: &Value, currency: Currency) -> ByDay {
    let days = dashboard["days"].as_array().into_iter().flatten();
    let revenue = |day: &Value| {
        let sums = day["revenue"].as_array().into_iter().flatten();
        let mut ours = sums.filter(|sum| sum["currency"] == currency.as_str());
        ours.next().and_then(|sum| exact_json::integer(&sum["minor"])).unwrap_or_default()
    };
    days.filter_map(|day| Some((day["date"].as_str()?.to_owned(), revenue(day)))).collect()
}

/// The money in the file of the orders that were completed.
pub(crate) fn of_file(book: &Book, plan: &Plan, ends: &Ends) -> anyhow::Result<ByDay> {
    let mut days = ByDay::new();
    for invoice in book.sales() {
        if ends.get(&plan.id(&invoice.number)?).is_some_and(|end| end.completed) {
            *days.entry(invoice.day.clone()).or_default() += invoice.total_minor();
        }
    }
    Ok(days)
}

/// Revenue of other orders: what was shown before, less what this file had brought in already.
pub(crate) fn of_others(shown: &ByDay, of_file: &ByDay) -> ByDay {
    let file = |day: &String| of_file.get(day).copied().unwrap_or_default();
    shown.iter().map(|(day, minor)| (day.clone(), minor - file(day))).collect()
}

/// Compares day by day. Days on which nothing of the file was sold are left out.
pub(crate) fn compare(of_file: &ByDay, shown: &ByDay, of_others: &ByDay) -> Vec<Day> {
    let days: BTreeSet<_> = of_file.keys().collect();
    let day = |day: &String| {
        let others = of_others.get(day).copied().unwrap_or_default();
        let seen = shown.get(day).map(|minor| minor - others);
        let file_minor = of_file.get(day).copied().unwrap_or_default();
        Day { day: day.clone(), file_minor, read_model_minor: seen }
    };
    days.into_iter().map(day).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn by_day(days: &[(&str, i128)]) -> ByDay {
        days.iter().map(|(day, minor)| ((*day).to_owned(), *minor)).collect()
    }

    #[test]
    fn the_dashboard_says_the_revenue_of_each_day_in_our_currency() {
        let dashboard = json!({ "days": [
            { "date": "2010-12-01", "revenue": [
                { "minor": 5, "currency": "EUR" }, { "minor": 700, "currency": "GBP" }] },
            { "date": "2010-12-02", "revenue": [] },
        ] });
        let shown = shown(&dashboard, "GBP".parse().unwrap());
        assert_eq!(shown, by_day(&[("2010-12-01", 700), ("2010-12-02", 0)]));
    }

    #[test]
    fn what_others_sold_on_the_same_day_is_left_out() {
        let others = of_others(&by_day(&[("1", 900)]), &by_day(&[("1", 200)]));
        let days = compare(&by_day(&[("1", 500)]), &by_day(&[("1", 1_200)]), &others);
        assert_eq!((days[0].read_model_minor, days[0].is_well()), (Some(500), true));
    }

    #[test]
    fn a_penny_too_little_is_no_equality() {
        let days = compare(&by_day(&[("1", 500)]), &by_day(&[("1", 499)]), &ByDay::new());
        assert!(!days[0].is_well());
    }

    #[test]
    fn a_day_that_is_not_shown_is_not_compared() {
        let days = compare(&by_day(&[("1", 500)]), &ByDay::new(), &ByDay::new());
        assert_eq!((days[0].read_model_minor, days[0].is_well()), (None, true));
    }
}
