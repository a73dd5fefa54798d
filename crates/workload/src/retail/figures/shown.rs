//! What the figures are: read from the JSON of the dashboard and the reports.

use client::http::exact_json;
use contracts::Currency;
use serde_json::Value;

use super::expected::DASHBOARD;
use super::{Figures, Section};

/// What the read model shows in one currency.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub dashboard: Value,
    /// Figures that grow with each order.
    pub figures: Figures,
    currency: Currency,
}

pub(crate) fn in_flight(dashboard: &Value) -> u64 {
    dashboard["sagas"]["in_flight"].as_u64().unwrap_or(u64::MAX)
}

impl Shown {
    pub(crate) fn of_dashboard(dashboard: Value, currency: Currency) -> Self {
        let mut shown = Self { dashboard: Value::Null, figures: Figures::new(), currency };
        shown.add_totals(&dashboard);
        for day in dashboard["days"].as_array().into_iter().flatten() {
            shown.add_day(day);
        }
        shown.dashboard = dashboard;
        shown
    }

    pub(crate) fn in_flight(&self) -> u64 {
        in_flight(&self.dashboard)
    }

    /// Whether no order was ever placed.
    pub(crate) fn is_empty(&self) -> bool {
        self.dashboard["orders"]["placed"] == 0
    }

    fn add_totals(&mut self, dashboard: &Value) {
        let (orders, payments) = (&dashboard["orders"], &dashboard["payments"]);
        let state = |state: &str| integer(&orders["by_state"][state]);
        let net = self.sum(&payments["charged"]) - self.sum(&payments["refunded"]);
        for (name, amount) in [
            ("orders placed", integer(&orders["placed"])),
            ("value of the orders placed", self.sum(&orders["value"])),
            ("orders completed", state("completed")),
            ("orders rejected or cancelled", state("rejected") + state("cancelled")),
            ("revenue", self.sum(&orders["revenue"])),
            ("units", integer(&orders["units"])),
            ("charges less refunds", net),
            ("outstanding", self.sum(&payments["outstanding"])),
            ("shipments dispatched", integer(&dashboard["shipments"]["dispatched"])),
            ("reservations committed", integer(&dashboard["stock"]["committed"])),
            ("units committed", integer(&dashboard["stock"]["units_committed"])),
        ] {
            self.add(DASHBOARD, name, amount);
        }
    }

    fn add_day(&mut self, day: &Value) {
        let date = day["date"].as_str().unwrap_or_default();
        for (name, amount) in [
            ("orders placed", integer(&day["placed"])),
            ("orders completed", integer(&day["by_state"]["completed"])),
            ("revenue", self.sum(&day["revenue"])),
            ("units", integer(&day["units"])),
        ] {
            self.add(DASHBOARD, &format!("{date} {name}"), amount);
        }
    }

    pub(crate) fn add_report(&mut self, section: Section, report: &Value) {
        let rows = report["rows"].as_array().into_iter().flatten();
        for row in rows.chain(report["totals"].as_array().into_iter().flatten()) {
            if row["currency"] != self.currency.as_str() {
                continue;
            }
            let key = row["key"].as_str().unwrap_or_default();
            for (name, field) in
                [("orders", "orders"), ("units", "units"), ("revenue", "revenue_minor")]
            {
                self.add(section, &format!("{key} {name}"), integer(&row[field]));
            }
        }
    }

    /// The average order, and who leads.
    pub(crate) fn alone(&self) -> Figures {
        let mut alone = Figures::new();
        let average = self.sum(&self.dashboard["orders"]["average_order"]);
        alone.insert((DASHBOARD, "average order".to_owned()), average);
        for (field, what) in [("top_products", "product"), ("top_customers", "customer")] {
            let leaders = self.dashboard[field].as_array().into_iter().flatten();
            let ours = leaders.filter(|leader| leader["currency"] == self.currency.as_str());
            for (nth, leader) in ours.enumerate() {
                let key = leader["id"].as_str().unwrap_or_default();
                let name = format!("top {what} {} is {key}", nth + 1);
                alone.insert((DASHBOARD, name), integer(&leader["minor"]));
            }
        }
        alone
    }

    /// Days that are too old for the dashboard cannot be compared with it.
    pub(crate) fn without_hidden_days(&self, mut figures: Figures) -> Figures {
        let days = self.dashboard["days"].as_array().into_iter().flatten();
        let dates: Vec<&str> = days.filter_map(|day| day["date"].as_str()).collect();
        figures.retain(|(section, name), _| {
            let date = name.split(' ').next().unwrap_or_default();
            *section != DASHBOARD || !is_date(date) || dates.contains(&date)
        });
        figures
    }

    fn add(&mut self, section: Section, name: &str, amount: i128) {
        *self.figures.entry((section, name.to_owned())).or_default() += amount;
    }

    fn sum(&self, sums: &Value) -> i128 {
        let ours = |sum: &&Value| sum["currency"] == self.currency.as_str();
        let found = sums.as_array().into_iter().flatten().find(ours);
        found.map_or(0, |sum| integer(&sum["minor"]))
    }
}

fn is_date(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
}

/// A whole number; one that is missing is reported as a figure that no file has.
fn integer(value: &Value) -> i128 {
    exact_json::integer(value).unwrap_or(i128::MIN / 4)
}
