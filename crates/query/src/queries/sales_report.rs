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
mod sheet;

use std::collections::BTreeMap;

use contracts::service;
use protocol::Service;
use protocol::choreography::State;
use runtime::http::Problem;
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use schemars::JsonSchema;
use serde::Serialize;

use super::DayText;
use super::dashboard::order_states;
use crate::keys;
use crate::projections::ledgers::month_of;
use crate::projections::{Ledger, Sales};
use crate::query::request::{Parts, bad, day};
use crate::query::{Answer, Answering, Fresh, NoAnswer, Query, Request};
use crate::reader::page::{Order, Page, PageRequest};
use crate::reader::{QueryReader, ReadError, record, too_little};
use crate::records::Grouping;
use crate::records::booking::EVERYTHING;
use crate::records::sums::{Sum, Sums};
use rows::Rows;

pub use rows::Row;

/// `GET /reports/sales`: as JSON for programs, as CSV for spreadsheets.
pub(super) struct SalesReportQuery;

/// What is said of the CSV.
const CSV: &str = "The report. As CSV, the column `row` tells groups from totals, and a key or a label \
    that would begin a formula begins with an apostrophe";

runtime::described_text!(GroupingText, {
    "type": "string", "enum": ["day", "product", "customer", "country"]
});
runtime::described_text!(FormatText, { "type": "string", "enum": ["json", "csv"] });

/// Days that a report covers at most.
pub const DAYS_MAX: usize = 366;

/// Groups in each month that a report has at most: Redis answers nobody else while it reads them.
pub const GROUPS_MAX: usize = 10_000;

/// What a report is asked for.
#[derive(Clone, Debug)]
struct Question {
    /// The first day, such as `2026-01-01`.
    from: String,
    to: String,
    by: Grouping,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
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

impl Query for SalesReportQuery {
    fn operation(&self) -> Operation {
        Operation::get(
            Read,
            "/reports/sales",
            "Sales by day, product, customer or country: 366 days at most",
        )
        .needs::<DayText>("from", "The first business day")
        .needs::<DayText>("to", "The last business day")
        .sample("from", "2026-01-01")
        .sample("to", "2026-12-31")
        .query::<GroupingText>("by", "What makes a row; days, if it is left out")
        .query::<FormatText>("format", "As what it is answered; as JSON, if it is left out")
        .answers::<Fresh<SalesReport>>(200, "The report")
        .answers_text(200, "text/csv", CSV)
        .problem(422, "It would have too many rows")
    }

    fn answer<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let (question, format) = question(request.parts)?;
            let report = sales_report(request.reader, question).await?;
            match format {
                Format::Json => Ok(report.into_json()?),
                Format::Csv => Ok(report.map(|report| sheet::content(&report))?),
            }
        })
    }
}

fn question(mut parts: Parts) -> Result<(Question, Format), Problem> {
    let from = parts.need("from", "the first business day, such as 2026-01-01")?;
    let to = parts.need("to", "the last business day, such as 2026-01-31")?;
    let by = grouping(parts.take("by").as_deref())?;
    let format = format(parts.take("format").as_deref())?;
    parts.end(&[])?;
    check_range(&from, &to)?;
    Ok((Question { from, to, by }, format))
}

fn grouping(text: Option<&str>) -> Result<Grouping, Problem> {
    let Some(text) = text else { return Ok(Grouping::Day) };
    let found = Grouping::ALL.into_iter().find(|grouping| grouping.name() == text);
    found.ok_or_else(|| bad("by is one of day, product, customer, country"))
}

fn format(text: Option<&str>) -> Result<Format, Problem> {
    match text {
        None | Some("json") => Ok(Format::Json),
        Some("csv") => Ok(Format::Csv),
        Some(_) => Err(bad("format is json or csv")),
    }
}

pub(super) fn check_range(from: &str, to: &str) -> Result<(), Problem> {
    const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;
    let days = day("to", to)?.millis_since(day("from", from)?) / DAY_MILLIS + 1;
    match usize::try_from(days) {
        Ok(1..=DAYS_MAX) => Ok(()),
        Ok(0) | Err(_) => Err(bad("from is later than to")),
        Ok(_) => {
            Err(bad(&format!("the range has {days} days, and {DAYS_MAX} at most can be asked for")))
        }
    }
}

/// Reads a report. The range is taken as checked: [`months`] of it are few.
async fn sales_report(
    reader: QueryReader,
    question: Question,
) -> Result<Answer<SalesReport>, NoAnswer> {
    let months = months(&question.from, &question.to);
    let names: Vec<String> = DAY_STREAMS.iter().flat_map(|of| day_ledgers(*of, &months)).collect();
    let mut pages = vec![placed_days(&question)];
    if question.by != Grouping::Day {
        pages.extend(months.iter().map(|month| groups(service::ORDER, question.by, month)));
        pages.extend(months.iter().map(|month| groups(service::PAYMENT, question.by, month)));
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
    let Question { from, to, .. } = question;
    Ok(Answer::of(look, SalesReport { from, to, by, rows, totals, placed }))
}

/// The streams from which days are folded: sales, and refunds.
const DAY_STREAMS: [Service; 2] = [service::ORDER, service::PAYMENT];

/// The months from that of the one day to that of the other.
fn months(from: &str, to: &str) -> Vec<String> {
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
        low: keys::day_score(&question.from).to_string(),
        high: keys::day_score(&question.to).to_string(),
        ..PageRequest::of(keys::DAYS, Order::Up, DAYS_MAX, &[keys::DAY])
    }
}

fn groups(service: Service, by: Grouping, month: &str) -> PageRequest {
    PageRequest::of(keys::ledgers(service, by, month), Order::Up, GROUPS_MAX, &[keys::LEDGER])
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
