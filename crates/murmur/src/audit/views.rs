//! Asks the read model, once it stands where the fold does, for what it must say.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use auditor::fold::order::OrderFold;
use auditor::views as expected;
use auditor::{Checked, Fold, InFlight, Invariant, Place, subset};
use contracts::{Id, Service};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::http::{Call, Client};
use crate::running::Running;

/// How long the read model may take to fold what the streams hold.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(15);

/// Pause between two looks at it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Orders, customers or products that are compared one by one, spread evenly over all.
const COMPARED_MAX: usize = 2_000;

/// Answers that are asked for at once.
const ASKED_AT_ONCE: usize = 16;

/// What is compared.
pub(crate) const WHAT: &str = "figures, orders, customers, products and days";

/// Compares the read model with the fold.
pub(crate) async fn check(running: &Running, fold: &Fold) -> Checked {
    let checked = Checked::new(Invariant::Views, WHAT);
    match compare(running, fold, checked.clone()).await {
        Ok(compared) => compared,
        Err(error) => checked.unknown(format!("{error:#}")),
    }
}

async fn compare(running: &Running, fold: &Fold, mut checked: Checked) -> anyhow::Result<Checked> {
    let (client, url) = (Client::default(), running.query()?);
    let dashboard = dashboard_at(&client, url, fold).await?;
    for (name, expected) in expected::dashboard(fold) {
        checked.examined += 1;
        let seen = subset::of(&dashboard[name.as_str()], &expected);
        if seen != expected {
            let text = format!("{name}: expected {expected}, the read model says {seen}");
            checked.found("dashboard", Vec::new(), text);
        }
    }
    compare_one_by_one(&mut checked, &client, url, fold).await;
    Ok(checked)
}

/// The dashboard, once it stands exactly where the fold does.
async fn dashboard_at(client: &Client, url: &str, fold: &Fold) -> anyhow::Result<Value> {
    let deadline = Instant::now() + CATCH_UP_WITHIN;
    loop {
        let dashboard: Value = client.json(Call::get(format!("{url}/dashboard"))).await?;
        let differing = Service::ALL
            .into_iter()
            .find(|service| folded(&dashboard, *service) != Some(fold.rows(*service)));
        let Some(service) = differing else { return Ok(dashboard) };
        if Instant::now() > deadline {
            let (stream, rows) = (service.stream(), fold.rows(service));
            let at = folded(&dashboard, service).unwrap_or_default();
            anyhow::bail!("the read model has folded {at} rows of {stream}, the auditor {rows}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn folded(dashboard: &Value, service: Service) -> Option<u64> {
    dashboard["freshness"]["streams"][service.stream()]["folded"].as_u64()
}

/// Says what is different in an answer.
type Compare<'a> = dyn Fn(&Value) -> Option<String> + Send + Sync + 'a;

/// What one answer of the read model must be.
struct Expected<'a> {
    /// Where it is asked for.
    path: String,
    /// What it is about.
    about: String,
    /// The rows that show it.
    rows: Vec<Place>,
    /// What is different in an answer.
    difference: Box<Compare<'a>>,
}

/// Everything that is compared one by one: orders, customers, products, and a report.
fn one_by_one(fold: &Fold) -> Vec<Expected<'_>> {
    let orders = spread(&fold.orders).map(|(id, order)| Expected {
        path: format!("orders/{id}"),
        about: id.to_string(),
        rows: places_of(order),
        difference: Box::new(|seen| expected::difference_of_order(order, seen)),
    });
    let mut all: Vec<_> = orders.collect();
    let most = expected::ITEMS_MAX;
    let customers = expected::customers(fold);
    all.extend(spread(&customers).map(|(id, view)| {
        whole(format!("customers/{id}/orders?limit={most}"), format!("customer {id}"), view)
    }));
    let products = expected::products(fold);
    all.extend(
        spread(&products).map(|(sku, view)| {
            whole(format!("products/{sku}/sales"), format!("product {sku}"), view)
        }),
    );
    all.extend(expected::report_by_day(fold).map(|report| Expected {
        path: format!("reports/sales?from={}&to={}&by=day", report.from, report.to),
        about: format!("report of {} to {}", report.from, report.to),
        rows: Vec::new(),
        difference: Box::new(move |seen| report.difference(seen)),
    }));
    all
}

fn whole<'a>(path: String, about: String, view: &Value) -> Expected<'a> {
    let view = view.clone();
    let difference = Box::new(move |seen: &Value| expected::difference(&view, seen));
    Expected { path, about, rows: Vec::new(), difference }
}

/// At most so many as are compared, spread evenly over all.
fn spread<T>(all: &BTreeMap<Id, T>) -> impl Iterator<Item = (&Id, &T)> {
    all.iter().step_by(all.len().div_ceil(COMPARED_MAX).max(1))
}

async fn compare_one_by_one(checked: &mut Checked, client: &Client, url: &str, fold: &Fold) {
    for some in one_by_one(fold).chunks(ASKED_AT_ONCE) {
        let mut asked = JoinSet::new();
        for (nth, expected) in some.iter().enumerate() {
            let (client, call) = (client.clone(), Call::get(format!("{url}/{}", expected.path)));
            asked.spawn(async move { (nth, client.json::<Value>(call).await) });
        }
        for (nth, answer) in asked.join_all().await {
            let Expected { about, rows, difference, .. } = &some[nth];
            checked.examined += 1;
            let wrong = match answer.context("no answer") {
                Ok(seen) => difference(&seen),
                Err(error) => Some(format!("{error:#}")),
            };
            if let Some(text) = wrong {
                checked.found(about, rows.clone(), text);
            }
        }
    }
}

fn places_of(order: &OrderFold) -> Vec<Place> {
    order.by(Service::Order).map(|moment| moment.place()).collect()
}

/// What is in flight cannot be compared while it moves.
pub(crate) fn can_be_compared(fold: &Fold, in_flight: InFlight) -> bool {
    in_flight == InFlight::IsAFinding || fold.unsettled().next().is_none()
}
