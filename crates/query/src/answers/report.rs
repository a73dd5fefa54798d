//! The sales report: what completed orders brought in, over a range of days, by one grouping.
//!
//! What counts, and where:
//! * **Revenue, units and orders** are those of *completed* orders, on the order's business day, with
//!   the prices, names and the country that the order was placed with.
//! * **Refunds** are those that were paid back, on that day in UTC; PAYMENT knows no business day. They
//!   are not subtracted from the revenue: an order that is paid back was never completed. A refund is
//!   of a whole order, so that a report by product has none.
//! * **Orders that were placed** on these business days, whatever became of them, are shown beside it
//!   and are in no sum.
//!
//! Money in different currencies is never added up: each currency has rows and a total of its own. The
//! totals come from the days alone, so that they are the same for every grouping.

mod rows;

use std::collections::BTreeMap;

use contracts::Service;
use contracts::choreography::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::NoAnswer;
use super::dashboard::order_states;
use super::freshness::Freshness;
use crate::keys;
use crate::projections::ledgers::month_of;
use crate::projections::{Ledger, Sales};
use crate::reader::page::{Order, Page, PageRequest};
use crate::reader::{ReadError, Reader, record};
use crate::records::Grouping;
use crate::records::booking::EVERYTHING;
use crate::records::sums::{Sum, Sums};
use rows::Rows;

pub use rows::Row;

/// Days that a report covers at most.
pub const DAYS_MAX: usize = 366;

/// Groups in each month that a report has at most: Redis answers nobody else while it reads them.
pub const GROUPS_MAX: usize = 10_000;

/// What a report is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// The first day, such as `2026-01-01`.
    pub from: String,
    /// The last day.
    pub to: String,
    /// By what.
    pub by: Grouping,
}

/// A report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SalesReport {
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// By what the rows are grouped.
    pub by: &'static str,
    /// The rows: days in their order; other groups currency by currency, each with the most revenue
    /// first. Days and groups in which nothing was sold or paid back are left out.
    pub rows: Vec<Row>,
    /// One total for each currency in which anything was sold or paid back.
    pub totals: Vec<Row>,
    /// What was placed on these days, whatever became of it. It is in no row and no total.
    pub placed: Placed,
    /// How fresh all this is.
    pub freshness: Freshness,
}

/// Orders that were placed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Placed {
    /// How many.
    pub orders: u64,
    /// By the state that they are in now; every state is named.
    pub by_state: BTreeMap<State, u64>,
    /// What they ask for, in each currency that any of them is in.
    pub value: Vec<Sum>,
}

/// Reads a report. The range is taken as checked: [`months`] of it are few.
///
/// # Errors
/// When the read model cannot be read, or the report would be too large.
pub async fn sales_report(reader: &Reader, question: Question) -> Result<SalesReport, NoAnswer> {
    let months = months(&question.from, &question.to);
    let names: Vec<String> = DAY_STREAMS.iter().flat_map(|of| day_ledgers(*of, &months)).collect();
    let mut pages = vec![placed_days(&question)];
    if question.by != Grouping::Day {
        pages.extend(months.iter().map(|month| groups(Service::Order, question.by, month)));
        pages.extend(months.iter().map(|month| groups(Service::Payment, question.by, month)));
    }
    let look = reader.look(&names, &pages).await?;
    let (sales, refunds) = look.records.split_at(look.records.len().min(months.len()));
    let mut days = Rows::new(&question);
    days.add_days(&ledgers(sales.iter())?, &ledgers(refunds.iter())?);
    let totals = days.totals();
    let (placed, pages) = look.pages.split_first().ok_or_else(too_little)?;
    let rows = match question.by {
        Grouping::Day => days.into_days(),
        Grouping::Product | Grouping::Customer | Grouping::Country => {
            let (sales, refunds) = pages.split_at(pages.len().min(months.len()));
            let mut rows = Rows::new(&question);
            rows.add_groups(&grouped(sales)?, &grouped(refunds)?);
            rows.into_groups()
        }
    };
    let (placed, by) = (Placed::of(placed)?, question.by.name());
    let freshness = Freshness::of(&look.positions, &reader.standing());
    Ok(SalesReport { from: question.from, to: question.to, by, rows, totals, placed, freshness })
}

/// The streams from which days are folded: sales, and refunds.
const DAY_STREAMS: [Service; 2] = [Service::Order, Service::Payment];

fn too_little() -> ReadError {
    ReadError::Damaged("Redis answered too little".to_owned())
}

/// The months from that of the one day to that of the other.
#[must_use]
pub fn months(from: &str, to: &str) -> Vec<String> {
    let mut months = Vec::new();
    let (mut month, last) = (month_of(from).to_owned(), month_of(to));
    while month.as_str() <= last && months.len() <= DAYS_MAX {
        // As text, the month after December 9999 would come before it.
        let next = if month == last { None } else { month_after(&month) };
        months.push(month);
        let Some(next) = next else { break };
        month = next;
    }
    months
}

fn month_after(month: &str) -> Option<String> {
    let (year, month) = month.split_once('-')?;
    let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
    let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    Some(format!("{year:04}-{month:02}"))
}

fn day_ledgers(service: Service, months: &[String]) -> impl Iterator<Item = String> {
    let ledger = move |month: &String| {
        keys::record(keys::LEDGER, &keys::ledger(service, Grouping::Day, month, EVERYTHING))
    };
    months.iter().map(ledger)
}

fn placed_days(question: &Question) -> PageRequest {
    PageRequest {
        index: keys::DAYS.to_owned(),
        low: keys::day_score(&question.from).to_string(),
        high: keys::day_score(&question.to).to_string(),
        order: Order::Up,
        most: DAYS_MAX,
        families: &[keys::DAY],
    }
}

fn groups(service: Service, by: Grouping, month: &str) -> PageRequest {
    PageRequest {
        index: keys::ledgers(service, by, month),
        low: "-inf".to_owned(),
        high: "+inf".to_owned(),
        order: Order::Up,
        most: GROUPS_MAX,
        families: &[keys::LEDGER],
    }
}

fn ledgers<'a>(
    values: impl Iterator<Item = &'a Option<Vec<u8>>>,
) -> Result<Vec<Ledger>, ReadError> {
    let ledgers = values.map(|value| record(Some(value))).collect::<Result<Vec<_>, _>>()?;
    Ok(ledgers.into_iter().flatten().collect())
}

/// The ledgers of pages of groups, each with the group's key.
fn grouped(pages: &[Page]) -> Result<Vec<(String, Ledger)>, NoAnswer> {
    let mut found = Vec::new();
    for page in pages {
        if page.all > page.entries.len() as u64 {
            return Err(NoAnswer::TooLarge { most: GROUPS_MAX });
        }
        for entry in &page.entries {
            let ledger: Option<Ledger> = record(entry.records.first())?;
            let key = entry.member.splitn(4, '/').nth(3).unwrap_or_default();
            found.extend(ledger.map(|ledger| (key.to_owned(), ledger)));
        }
    }
    Ok(found)
}

impl Placed {
    fn of(page: &Page) -> Result<Self, ReadError> {
        let by_state = order_states().map(|state| (state, 0)).collect();
        let mut placed = Self { orders: 0, by_state, value: Vec::new() };
        let mut value = Sums::default();
        for entry in &page.entries {
            let sales: Sales = record(entry.records.first())?.unwrap_or_default();
            placed.orders = placed.orders.saturating_add(sales.orders);
            value.add_all(&sales.placed);
            for state in order_states() {
                *placed.by_state.entry(state).or_default() += sales.in_state(state);
            }
        }
        placed.value = value.to_list();
        Ok(placed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_go_on_across_the_year() {
        assert_eq!(
            months("2025-11-30", "2026-02-01"),
            ["2025-11", "2025-12", "2026-01", "2026-02"]
        );
        assert_eq!(months("2026-01-31", "2026-01-31"), ["2026-01"]);
        assert_eq!(months("9999-11-30", "9999-12-31"), ["9999-11", "9999-12"]);
        assert!(months("2026-02-01", "2026-01-31").is_empty());
    }
}
