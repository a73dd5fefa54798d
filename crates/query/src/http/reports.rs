//! Reports: as JSON for programs, as CSV for spreadsheets.

mod sheet;

use runtime::http::server::Routes;
use runtime::http::{Problem, Response, TOKEN_HEADER};
use runtime::warp::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use runtime::warp::http::{HeaderValue, Response as HttpResponse};
use runtime::warp::{self, Filter};

use super::query::{Query, bad, day, query};
use super::{App, Read, insert, read};
use crate::answers::report::{DAYS_MAX, Question, SalesReport, sales_report};
use crate::records::Grouping;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
}

pub(super) fn routes(app: &App) -> Routes {
    warp::path!("reports" / "sales").and(query()).and(read(app)).then(get_sales).boxed()
}

async fn get_sales(query: Query, read: Read) -> Response {
    let answer = async {
        let (question, format) = asked(query)?;
        read.wait().await?;
        let report = sales_report(&read.app.0.reader, question).await;
        let report = report.map_err(|none| read.problem(none))?;
        match format {
            Format::Json => Ok(read.found(&report, &report.freshness)),
            Format::Csv => csv_response(&report),
        }
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

fn asked(mut query: Query) -> Result<(Question, Format), Problem> {
    let from = query.need("from", "the first business day, such as 2026-01-01")?;
    let to = query.need("to", "the last business day, such as 2026-01-31")?;
    let by = grouping(query.take("by").as_deref())?;
    let format = format(query.take("format").as_deref())?;
    query.end(&[])?;
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

fn check_range(from: &str, to: &str) -> Result<(), Problem> {
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

/// The rows, and after them the totals.
fn csv_response(report: &SalesReport) -> Result<Response, Problem> {
    let text = sheet::text(report).map_err(|error| Problem::defect(&error.to_string()))?;
    let mut response = HttpResponse::new(text.into());
    let headers = response.headers_mut();
    headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    let SalesReport { from, to, by, freshness, .. } = report;
    let name = format!("attachment; filename=\"sales-by-{by}-{from}-{to}.csv\"");
    insert(&mut response, CONTENT_DISPOSITION.as_str(), &name);
    insert(&mut response, TOKEN_HEADER, &freshness.token());
    insert(&mut response, super::STATE_HEADER, freshness.state);
    insert(&mut response, super::BEHIND_HEADER, &freshness.behind.to_string());
    Ok(response)
}
