//! `murmur orders`: the newest orders, or those that are stuck, as the order service lists them.

use std::time::{Duration, SystemTime};

use anyhow::bail;
use client::orders::{ListedOrder, OrderFilter, OrderList, states};
use client::run_file::RunFile;
use contracts::{CustomerId, OrderId};
use protocol::Timestamp;
use protocol::choreography::{NONE, State};
use serde_json::json;
use terminal::output::plain;
use terminal::table::{self, judged};
use terminal::verdict::Verdict;
use terminal::{line, quantity};

use crate::global::Global;

/// Most orders that are listed: more is nothing for a table, and the API gives it page by page.
const ORDERS_MAX: u64 = 100_000;
/// A saga takes milliseconds, and a retry some seconds: who waits for longer waits for somebody.
const STUCK_AFTER: &str = "30s";

/// What `murmur orders` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only those in this state: placed, prepared, confirmed, completed, rejected or cancelled.
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<State>,
    /// Only those of this customer.
    #[arg(long, value_name = "ID")]
    customer: Option<CustomerId>,
    /// Only those placed since: a time (2026-01-31T08:26:00Z), a day, or so long ago (90s, 10m, 2h, 3d).
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<Timestamp>,
    /// Only those that are not at an end, and could have been for so long.
    #[arg(long, value_name = "AGE", num_args = 0..=1, default_missing_value = STUCK_AFTER,
        value_parser = age)]
    stuck: Option<Duration>,
    /// So many at most.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20,
        value_parser = clap::value_parser!(u64).range(1..=ORDERS_MAX))]
    limit: u64,
}

/// Lists them. That there is none is no finding, and that some are stuck is one.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let now = now();
    let due_before = args.stuck.map(|age| earlier(now, age));
    let filter =
        OrderFilter { state: args.state, customer: args.customer, since: args.since, due_before };
    let limit = usize::try_from(args.limit)?;
    let found = filter.list(&running, limit).await?;
    if global.json {
        line!("{}", json!(found));
    } else {
        show(&found, now);
    }
    let is_stuck = args.stuck.is_some() && !found.orders.is_empty();
    Ok(if is_stuck { Verdict::Found } else { Verdict::Clean })
}

/// The newest order, or the newest in one state.
///
/// # Errors
/// When there is none.
pub(crate) async fn newest(running: &RunFile, state: Option<State>) -> anyhow::Result<OrderId> {
    let filter = OrderFilter { state, ..OrderFilter::default() };
    let found = filter.list(running, 1).await?;
    match (found.orders.into_iter().next(), state) {
        (Some(order), _) => Ok(order.order_id),
        (None, Some(state)) => bail!("no order is {state}: `murmur orders` lists the others"),
        (None, None) => bail!("there is no order yet: `murmur scenario run FILE` places some"),
    }
}

/// A state of an order, by its name.
pub(crate) fn state(name: &str) -> Result<State, String> {
    let mut known = states().filter(|state| *state != NONE);
    known.find(|state| *state == name).ok_or_else(|| {
        let known: Vec<_> = states().filter(|state| *state != NONE).collect();
        format!("no order is ever {name:?}: use {}", known.join(", "))
    })
}

fn show(found: &OrderList, now: Timestamp) {
    if found.orders.is_empty() {
        line!("no such order");
        return;
    }
    let mut table = table::with_header(["order", "state", "customer", "total", "age", "reason"]);
    for order in &found.orders {
        table.add_row([
            order.order_id.to_string().into(),
            judged(&order.state, judgement(order)),
            order.customer_id.to_string().into(),
            order.total.to_string().into(),
            quantity::age(since(order.placed_at, now)).into(),
            reason(order).into(),
        ]);
    }
    line!("{table}");
    if found.more {
        line!("and more: --limit shows them");
    }
}

fn judgement(order: &ListedOrder) -> Option<bool> {
    if order.is_open() { None } else { Some(order.state == "completed") }
}

/// Why it ended; how long ago it moved last, if it has not.
fn reason(order: &ListedOrder) -> String {
    let said = order.detail.as_ref().filter(|text| !text.is_empty()).or(order.reason.as_ref());
    plain(&said.map(|text| text.replace('_', " ")).unwrap_or_default())
}

fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

fn earlier(now: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_sub(by))
}

fn since(then: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(now.millis_since(then)).unwrap_or_default())
}

fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(age) = age(text) {
        return Ok(earlier(now(), age));
    }
    let day = format!("{text}T00:00:00Z");
    text.parse().or_else(|_| day.parse()).map_err(|_: protocol::time::InvalidTimestamp| {
        format!("{text:?} is no time: use 2026-01-31T08:26:00Z, 2026-01-31, or 90s, 10m, 2h, 3d")
    })
}

/// How long: a number and its unit.
fn age(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time: use such as 90s, 10m, 2h or 3d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_moments_are_read_as_people_write_them() {
        assert_eq!(age("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(age("3d"), Ok(Duration::from_secs(259_200)));
        for wrong in ["", "s", "10", "10x", "-1s", "1.5h", "99999999999999999999d"] {
            assert!(age(wrong).is_err() && moment(wrong).is_err(), "{wrong}");
        }
        let day = moment("2026-01-31").unwrap();
        assert_eq!(moment("2026-01-31T00:00:00Z"), Ok(day));
        assert!(moment("1h").unwrap() > day);
    }

    #[test]
    fn only_states_of_an_order_are_asked_for() {
        assert_eq!(state("cancelled"), Ok("cancelled"));
        assert!(state("none").is_err());
        assert!(state("gone").unwrap_err().contains("placed, prepared, confirmed"));
    }
}
