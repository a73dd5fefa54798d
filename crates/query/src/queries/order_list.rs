//! All orders, newest first, by what is known of those that are looked for.

use std::time::Duration;

use contracts::Currency;
use contracts::CustomerId;
use contracts::events::order::EndReason;
use protocol::Timestamp;
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use runtime::http::page::bad_cursor;
use runtime::http::{PageRequest, Problem};

use super::dashboard::order_states;
use super::{AgeText, DayText};
use crate::freshness::Freshness;
use crate::positions::Positions;
use crate::projector_status::ProjectorStatus;
use crate::query::request::{Parts, bad, day, span};
use crate::query::{Answer, Answering, Content, Context, Fresh, Query, Request, problems};
use crate::reader::TOKEN_PATIENCE;
use crate::search::orders::{OrderList, WantedOrders};

/// `GET /orders`.
pub(super) struct OrderListQuery;

runtime::described_text!(OrderStateText, {
    "type": "string",
    "enum": ["placed", "prepared", "confirmed", "completed", "rejected", "cancelled"]
});
runtime::described_text!(MinorNumber, { "type": "integer" });

impl Query for OrderListQuery {
    fn operation(&self) -> Operation {
        Operation::get(Read, "/orders", "All orders, newest first")
            .query::<OrderStateText>("state", "Only those in this state")
            .query::<EndReason>("reason", "Only those that ended for this reason")
            .query::<CustomerId>("customer", "Only those of this customer")
            .query::<Currency>("currency", "Only those in this currency")
            .query::<MinorNumber>(
                "min",
                "Only those of so many minor units or more; takes a currency",
            )
            .query::<MinorNumber>(
                "max",
                "Only those of so many minor units or fewer; takes a currency",
            )
            .query::<AgeText>("older_than", "Only those placed at least so long ago, such as 15m")
            .query::<AgeText>("newer_than", "Only those placed at most so long ago, such as 2d")
            .query::<DayText>("from", "Only those of this business day or a later one")
            .query::<DayText>("to", "Only those of this business day or an earlier one")
            .paged()
            .answers::<Fresh<OrderList>>(200, "A page of orders")
    }

    /// The index is in memory already.
    fn kept_for(&self) -> Duration {
        Duration::ZERO
    }

    fn answer<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let Request { page, parts, token, context: Context { search, clock, .. }, .. } =
                request;
            let wanted = wanted(&page, parts, clock())?;
            let waited = search.wait_for(&token.0, TOKEN_PATIENCE).await;
            waited.map_err(|missing| problems::not_caught_up(&missing, &search.standing()))?;
            let listed = search.list(wanted).await;
            let (list, positions) = listed.map_err(|error| Problem::defect(&error.to_string()))?;
            let last = list.last.map(|last| last.to_string());
            let content = Content::json(&list)?.linked(&page, last.as_deref());
            Ok(Answer { content, dependencies: Vec::new(), positions })
        })
    }

    fn freshness(
        &self,
        positions: &Positions,
        _: &ProjectorStatus,
        context: &Context,
    ) -> Freshness {
        context.search.freshness(positions)
    }
}

fn wanted(page: &PageRequest, mut parts: Parts, now: Timestamp) -> Result<WantedOrders, Problem> {
    let state = parts.take("state").map(state).transpose()?;
    let reason = parts.take("reason").map(reason).transpose()?;
    let customer = parts.take("customer").map(|text| customer(&text)).transpose()?;
    let currency = parts.take("currency").map(|text| currency(&text)).transpose()?;
    let (min, max) = amounts(&mut parts, currency.as_deref())?;
    let (since, until) = ages(&mut parts, now)?;
    let (from, to) = days(&mut parts)?;
    parts.end(&["limit", "cursor"])?;
    let after = page.after.as_deref().map(number).transpose()?;
    let (limit, wanted) = (page.limit, WantedOrders::default());
    let wanted = WantedOrders { state, reason, customer, currency, min, max, ..wanted };
    Ok(WantedOrders { since, until, from, to, limit, after, ..wanted })
}

fn state(text: String) -> Result<String, Problem> {
    if order_states().any(|state| state == text) {
        return Ok(text);
    }
    let all: Vec<_> = order_states().collect();
    Err(bad(&format!("state is none of an order: use one of {}", all.join(", "))))
}

fn reason(text: String) -> Result<EndReason, Problem> {
    serde_json::from_value(serde_json::Value::String(text)).map_err(|_| {
        bad("reason is none: use one of dispatched, out_of_stock, payment_declined, requested, \
             deadline_passed, shipment_failed")
    })
}

fn customer(text: &str) -> Result<CustomerId, Problem> {
    text.parse().map_err(|error| bad(&format!("customer is no id: {error}")))
}

fn currency(text: &str) -> Result<String, Problem> {
    let parsed = text.parse::<Currency>().map_err(|error| bad(&format!("currency: {error}")))?;
    Ok(parsed.to_string())
}

/// From which amount to which. Amounts in two currencies have no order.
fn amounts(
    parts: &mut Parts,
    currency: Option<&str>,
) -> Result<(Option<i64>, Option<i64>), Problem> {
    let mut amount = |name: &str| {
        let minor = |text: String| {
            text.parse::<i64>().map_err(|_| bad(&format!("{name} is no number of minor units")))
        };
        parts.take(name).map(minor).transpose()
    };
    let (min, max) = (amount("min")?, amount("max")?);
    if (min.is_some() || max.is_some()) && currency.is_none() {
        return Err(bad("min and max are amounts of a currency: name it, such as currency=GBP"));
    }
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        return Err(bad("min is more than max"));
    }
    Ok((min, max))
}

/// From when to when they were placed.
fn ages(
    parts: &mut Parts,
    now: Timestamp,
) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let mut age = |name: &str| {
        let micros = parts.take(name).map(|text| span(name, &text)).transpose()?;
        Ok::<_, Problem>(micros.map(|age| Timestamp::from_micros(now.micros().saturating_sub(age))))
    };
    let (since, until) = (age("newer_than")?, age("older_than")?);
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        return Err(bad("no order is older than older_than and newer than newer_than"));
    }
    Ok((since, until))
}

fn days(parts: &mut Parts) -> Result<(Option<String>, Option<String>), Problem> {
    let (from, to) = (parts.take("from"), parts.take("to"));
    let first = from.as_deref().map(|text| day("from", text)).transpose()?;
    let last = to.as_deref().map(|text| day("to", text)).transpose()?;
    if first.zip(last).is_some_and(|(first, last)| first > last) {
        return Err(bad("from is later than to"));
    }
    Ok((from, to))
}

fn number(cursor: &str) -> Result<i64, Problem> {
    cursor.parse().map_err(|_| bad_cursor())
}
