//! `murmur stuck`: the streams that a service holds, and the orders that wait for longer than they should, by
//! the service that is awaited. Orders are read from the streams themselves: the read side may be what is
//! behind.

use std::collections::BTreeMap;
use std::time::Duration;

use client::process::Process;
use client::streams::Streams;
use contracts::choreography::MURMURATION;
use contracts::{OrderId, StoredEvent};
use protocol::choreography::State;
use protocol::choreography::next::{Next, Occurrence, next};
use protocol::{Kind, Service, Timestamp};
use serde::Serialize;
use serde_json::json;
use supervisor::service_status::{Held, Services, ask_services};
use terminal::verdict::Verdict;
use terminal::{line, table};

use crate::global::Global;

/// What `murmur stuck` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long an order may wait for one event, such as 500ms, 30s or 5m.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    older_than: Duration,
}

/// One order that waits for one service.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Waiting {
    order_id: OrderId,
    state: State,
    /// What the service has to publish.
    one_of: Vec<Kind>,
    /// What calls for it: an event, or a timer that is due.
    on: String,
    since: Timestamp,
    for_ms: i64,
}

/// A service that stands before a row which it cannot handle.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Holding {
    pub(crate) service: Process,
    #[serde(flatten)]
    pub(crate) held: Held,
}

/// Shows them. A stream that is held is a finding, and so is an order that waits for that long.
pub(crate) async fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let held = holding(ask_services(&running).await);
    if !global.json {
        // What is held may be what a build of this age does not understand, either.
        show_held(&held);
    }
    let orders = Streams::open(&running).await?.of_orders().await?;
    let stuck = stuck(&orders, args.older_than, runtime::handle::now());
    if global.json {
        line!("{}", json!({ "orders": orders.len(), "stuck": stuck, "held": held }));
    } else {
        show(&stuck, args.older_than);
    }
    let is_clean = stuck.is_empty() && held.is_empty();
    Ok(if is_clean { Verdict::Clean } else { Verdict::Found })
}

/// What each service says that it holds. One that says nothing is told of by `murmur status`.
pub(crate) fn holding(services: Services) -> Vec<Holding> {
    let reports =
        services.into_iter().filter_map(|(service, report)| Some((service, report.ok()?)));
    let held = reports.flat_map(|(service, report)| {
        report.held.into_iter().map(move |held| Holding { service, held })
    });
    held.collect()
}

pub(crate) fn show_held(all: &[Holding]) {
    for Holding { service, held: Held { stream, row, reason } } in all {
        let stream = stream.as_deref().unwrap_or("its own work");
        let row = row.map(|row| format!(" before row {row}")).unwrap_or_default();
        line!("{service} holds {stream}{row}: {reason}");
    }
}

/// The orders that wait, by whom they wait for; those that wait longest first.
fn stuck(
    orders: &BTreeMap<OrderId, Vec<StoredEvent>>,
    older_than: Duration,
    now: Timestamp,
) -> BTreeMap<Service, Vec<Waiting>> {
    let mut stuck: BTreeMap<Service, Vec<Waiting>> = BTreeMap::new();
    for (order, events) in orders {
        let events: Vec<Occurrence> = events.iter().map(Occurrence::from).collect();
        for (service, waiting) in waiting(order, next(&MURMURATION, &events), now) {
            if u128::try_from(waiting.for_ms).is_ok_and(|waited| waited >= older_than.as_millis()) {
                stuck.entry(service).or_default().push(waiting);
            }
        }
    }
    for waiting in stuck.values_mut() {
        waiting
            .sort_by(|one, other| (one.since, &one.order_id).cmp(&(other.since, &other.order_id)));
    }
    stuck
}

/// What the order waits for. A timer is waited for once it is due.
fn waiting(order: &OrderId, next: Next, now: Timestamp) -> Vec<(Service, Waiting)> {
    let Next { state, owed, .. } = next;
    let waiting = owed.into_iter().map(|owed| {
        let since = owed.due.unwrap_or(owed.since);
        let waiting = Waiting {
            order_id: order.clone(),
            state,
            one_of: owed.emits.to_vec(),
            on: owed.on,
            since,
            for_ms: now.millis_since(since),
        };
        (owed.service, waiting)
    });
    waiting.collect()
}

fn show(stuck: &BTreeMap<Service, Vec<Waiting>>, older_than: Duration) {
    if stuck.is_empty() {
        line!("no order waits for longer than {older_than:?}");
        return;
    }
    let mut table = table::with_header(["service", "order", "state", "owes", "on", "since", "for"]);
    for (service, orders) in stuck {
        for waiting in orders {
            let one_of: Vec<_> = waiting.one_of.iter().map(Kind::to_string).collect();
            let waited = u64::try_from(waiting.for_ms).unwrap_or_default();
            table.add_row([
                service.to_string(),
                waiting.order_id.to_string(),
                waiting.state.to_owned(),
                one_of.join(" or "),
                waiting.on.clone(),
                waiting.since.to_string(),
                format!("{:?}", Duration::from_millis(waited)),
            ]);
        }
    }
    line!("{table}");
    for (service, orders) in stuck {
        line!("{service} is awaited by {}", count(orders.len()));
    }
}

fn count(orders: usize) -> String {
    if orders == 1 { "1 order".to_owned() } else { format!("{orders} orders") }
}

/// A number with a unit. A bare number would be read as whatever unit its reader thinks of.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time: write 500ms, 30s, 5m or 2h");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::{kind, service};
    use supervisor::service_status::ServiceReport;

    fn occurrence(kind: Kind, millis: i64, due: Option<i64>) -> Occurrence {
        Occurrence {
            kind,
            sequence: 1,
            time: Timestamp::from_micros(millis * 1_000),
            cause: "command/place".parse().unwrap(),
            vector: protocol::Vector::default(),
            due: due.map(|millis| Timestamp::from_micros(millis * 1_000)),
        }
    }

    #[test]
    fn an_order_waits_for_whoever_owes_and_for_its_own_timer_only_when_that_is_due() {
        let placed = [occurrence(kind::ORDER_PLACED, 0, Some(30_000))];
        let waiting_at = |millis: i64| {
            let next = next(&MURMURATION, &placed);
            let now = Timestamp::from_micros(millis * 1_000);
            let waiting = waiting(&"o-1".parse().unwrap(), next, now);
            waiting.into_iter().map(|(service, one)| (service, one.for_ms)).collect::<Vec<_>>()
        };
        let early = waiting_at(10_000);
        assert_eq!(early, [(service::ORDER, -20_000), (service::INVENTORY, 10_000)]);
        let late = waiting_at(31_000);
        assert_eq!(late, [(service::ORDER, 1_000), (service::INVENTORY, 31_000)]);
    }

    #[test]
    fn what_a_service_holds_is_told_with_its_place_and_silence_is_not() {
        let reason = "row 7: shipping.created has version 2".to_owned();
        let held = Held { stream: Some("SHIPPING".to_owned()), row: Some(7), reason };
        let report = ServiceReport { held: vec![held.clone()], ..ServiceReport::default() };
        let order = Process::Service(service::ORDER);
        let silent = Err("it does not answer".to_owned());
        let services = Services::from([(order, Ok(report)), (Process::Query, silent)]);
        assert_eq!(holding(services), [Holding { service: order, held }]);
    }

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for wrong in ["30", "s", "", "-3s", "3 s", "5d", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
