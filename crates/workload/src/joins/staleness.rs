//! How far behind each way is: a change is made at its owner, and each way is asked until it shows.
//!
//! The clock starts when the owner has answered that the change is kept, and stops when an answer
//! that shows it has arrived; so the time of one answer is in it.

use std::time::{Duration, Instant};

use anyhow::bail;
use client::http::{Call, Client};
use client::run_file::RunFile;
use contracts::service;
use hyper::Method;
use serde::Serialize;
use tokio::task::JoinSet;

use super::fixture::{Fixture, customer};
use super::tally::{Counted, Tally};
use super::ways::{Completeness, Kind, Way, holds};

/// How long a change may take to show.
const SHOWN_WITHIN: Duration = Duration::from_secs(20);

/// How far one way is behind.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Behind {
    pub way: Kind,
    /// From an accepted order to an answer that shows it.
    pub order: Counted,
    /// From a changed customer to an answer that shows it; none where the join keeps the customer as
    /// of the order.
    pub customer: Option<Counted>,
}

/// Makes so many changes of each kind.
pub async fn measure(
    running: &RunFile,
    ways: &[Way],
    fixture: &Fixture,
    changes: u32,
) -> anyhow::Result<Vec<Behind>> {
    let client = running.client();
    let (mut orders, mut customers) = (tallies(ways)?, tallies(ways)?);
    for nth in 0..changes {
        let order = fixture.new_order(nth);
        let place = usize::try_from(nth)?;
        fixture.place(running, &client, &order, place).await?;
        note(&mut orders, shown(ways, &order, order.clone()).await?)?;
        let name = format!("{} the {nth}th", fixture.customer_of(place));
        change_customer(running, &client, &fixture.customer_of(place), &name).await?;
        let current: Vec<_> =
            ways.iter().filter(|way| way.shows_current_customers()).cloned().collect();
        note(&mut customers, shown(&current, &order, name).await?)?;
    }
    let behind = ways.iter().map(|way| Behind {
        way: way.kind,
        order: counted(&orders, way.kind).unwrap_or_default(),
        customer: counted(&customers, way.kind).filter(|counted| counted.asked > 0),
    });
    Ok(behind.collect())
}

type Tallies = Vec<(Kind, Tally)>;

fn tallies(ways: &[Way]) -> anyhow::Result<Tallies> {
    ways.iter().map(|way| Ok((way.kind, Tally::new()?))).collect()
}

fn counted(tallies: &Tallies, kind: Kind) -> Option<Counted> {
    tallies.iter().find(|(of, _)| *of == kind).map(|(_, tally)| tally.counted())
}

fn note(tallies: &mut Tallies, times: Vec<(Kind, Duration)>) -> anyhow::Result<()> {
    for (kind, took) in times {
        let Some((_, tally)) = tallies.iter_mut().find(|(of, _)| *of == kind) else {
            bail!("nobody counts {}", kind.name());
        };
        tally.count(Completeness::Whole, took);
    }
    Ok(())
}

async fn change_customer(
    running: &RunFile,
    client: &Client,
    id: &str,
    name: &str,
) -> anyhow::Result<()> {
    let url = format!("{}/customers/{id}", running.url(service::CUSTOMER)?);
    let answer = client.send(Call::new(Method::PUT, url).body(&customer(name))?).await?;
    if !answer.status.is_success() {
        bail!("customer {id} cannot be changed: {}", answer.reason());
    }
    Ok(())
}

/// Asks all ways at once about an order, each until its answer holds the text.
async fn shown(ways: &[Way], order: &str, text: String) -> anyhow::Result<Vec<(Kind, Duration)>> {
    let changed = Instant::now();
    let mut asking = JoinSet::new();
    for way in ways.iter().cloned() {
        let (order, text) = (order.to_owned(), text.clone());
        asking.spawn(async move {
            let client = way.client(SHOWN_WITHIN);
            while changed.elapsed() < SHOWN_WITHIN {
                let answer = client.send(way.ask(&order)).await?;
                if answer.status.is_success() && holds(&answer.body, text.as_bytes()) {
                    return Ok((way.kind, changed.elapsed()));
                }
            }
            bail!("{} does not show {text:?} after {SHOWN_WITHIN:?}", way.kind.name())
        });
    }
    asking.join_all().await.into_iter().collect()
}
