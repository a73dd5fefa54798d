//! Asks the read model, once it stands where the fold does, for what it must say.

use std::time::Duration;

use anyhow::Context as _;
use auditor::fold::order::OrderFold;
use auditor::views as expected;
use auditor::{Checked, Fold, InFlight, Invariant, Place, subset};
use contracts::Service;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::http::{Call, Client};
use crate::running::Running;

/// How long the read model may take to fold what the streams hold.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(15);

/// Pause between two looks at it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Orders that are compared one by one, spread evenly over all.
const ORDERS_COMPARED_MAX: usize = 2_000;

/// Orders that are asked for at once.
const ASKED_AT_ONCE: usize = 16;

/// Compares the read model with the fold.
pub(crate) async fn check(running: &Running, fold: &Fold) -> Checked {
    let checked = Checked::new(Invariant::Views, "figures and orders");
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
    compare_orders(&mut checked, &client, url, fold).await;
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

async fn compare_orders(checked: &mut Checked, client: &Client, url: &str, fold: &Fold) {
    let step = fold.orders.len().div_ceil(ORDERS_COMPARED_MAX).max(1);
    let chosen: Vec<_> = fold.orders.iter().step_by(step).collect();
    for some in chosen.chunks(ASKED_AT_ONCE) {
        let mut asked = JoinSet::new();
        for (nth, (id, _)) in some.iter().enumerate() {
            let (client, call) = (client.clone(), Call::get(format!("{url}/orders/{id}")));
            asked.spawn(async move { (nth, client.json::<Value>(call).await) });
        }
        for (nth, answer) in asked.join_all().await {
            let (id, order) = some[nth];
            checked.examined += 1;
            let wrong = match answer.context("no answer") {
                Ok(seen) => expected::difference_of_order(order, &seen),
                Err(error) => Some(format!("{error:#}")),
            };
            if let Some(text) = wrong {
                checked.found(id, places_of(order), text);
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
