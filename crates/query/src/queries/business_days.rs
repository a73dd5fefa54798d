//! The business days of a range, each with what was placed on it and what has become of that.

use runtime::http::Problem;
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use schemars::JsonSchema;
use serde::Serialize;

use super::DayText;
use super::dashboard::Day;
use super::sales_report::{DAYS_MAX, check_range};
use crate::keys;
use crate::query::request::Parts;
use crate::query::{Answer, Answering, Fresh, NoAnswer, Query, Request};
use crate::reader::QueryReader;
use crate::reader::page::{Order, PageRequest};

/// `GET /days`.
pub(super) struct BusinessDaysQuery;

/// The days of a range.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BusinessDays {
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// The days on which any order was placed, the newest first.
    pub days: Vec<Day>,
}

impl Query for BusinessDaysQuery {
    fn operation(&self) -> Operation {
        Operation::get(Read, "/days", "Business days with what was placed on them: 366 at most")
            .needs::<DayText>("from", "The first business day")
            .needs::<DayText>("to", "The last business day")
            .sample("from", "2026-01-01")
            .sample("to", "2026-12-31")
            .answers::<Fresh<BusinessDays>>(200, "The days")
    }

    fn answer<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let (from, to) = range(request.parts)?;
            Ok(business_days(request.reader, from, to).await?.into_json()?)
        })
    }
}

fn range(mut parts: Parts) -> Result<(String, String), Problem> {
    let from = parts.need("from", "the first business day, such as 2026-01-01")?;
    let to = parts.need("to", "the last business day, such as 2026-01-31")?;
    parts.end(&[])?;
    check_range(&from, &to)?;
    Ok((from, to))
}

async fn business_days(
    reader: QueryReader,
    from: String,
    to: String,
) -> Result<Answer<BusinessDays>, NoAnswer> {
    let page = PageRequest {
        low: keys::day_score(&from).to_string(),
        high: keys::day_score(&to).to_string(),
        ..PageRequest::of(keys::DAYS, Order::Down, DAYS_MAX, &[keys::DAY])
    };
    let mut look = reader.look(&[], &[page]).await?;
    let page = look.pages.pop().unwrap_or_default();
    let days = page.entries.iter().map(Day::of).collect::<Result<Vec<_>, _>>()?;
    let days = days.into_iter().flatten().collect();
    Ok(Answer::of(look, BusinessDays { from, to, days }))
}
