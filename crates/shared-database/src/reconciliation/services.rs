//! What the services hold: read page by page from their owners, and, for days and samples, from the read
//! model, once that has folded all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Context as _;
use client::http::{Call, Client, exact_json};
use client::run_file::RunFile;
use contracts::events::{Customer, Line, Product};
use contracts::{Currency, CustomerId, Money, OrderId, Sku, service};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use protocol::{Id, Service};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::carrier::Carrier;
use crate::source::snapshot::Snapshot;

/// Items of a page: the most that a service answers with.
const PAGE_ITEMS: usize = 500;
/// How long a service may be away.
const PATIENCE: Duration = Duration::from_secs(60);
/// Requests under way at once.
const AT_ONCE: usize = 32;

/// All of it, by the keys of the old database.
#[derive(Debug, Default)]
pub struct Services {
    pub customers: BTreeMap<String, Customer>,
    pub products: BTreeMap<String, Product>,
    pub stock: BTreeMap<String, Stock>,
    pub orders: BTreeMap<String, Order>,
    pub accounts: BTreeMap<String, Account>,
    /// Revenue of completed orders as the read model adds it up, by day and currency, in minor units.
    pub revenue: BTreeMap<(String, Currency), i128>,
    /// Some orders, as the read model has them joined.
    pub samples: BTreeMap<String, Sample>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Stock {
    pub sku: Sku,
    pub on_hand: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    pub order_id: OrderId,
    pub state: String,
    pub customer_id: CustomerId,
    pub lines: Vec<Line>,
    pub total: Money,
    pub business_date: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    pub outstanding: Money,
    pub paid_in: Money,
}

/// An order in the read model.
#[derive(Clone, Debug, Deserialize)]
pub struct Sample {
    pub state: String,
    pub total: Money,
    pub business_date: String,
    pub customer: SampleCustomer,
    pub payment: SamplePayment,
}

#[derive(Clone, Debug, Deserialize)]
pub struct SampleCustomer {
    pub id: CustomerId,
}

#[derive(Clone, Debug, Deserialize)]
pub struct SamplePayment {
    pub charged: Option<Money>,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

/// Where everything is read.
struct Reading<'a> {
    running: &'a RunFile,
    client: Client,
}

impl Services {
    pub(super) async fn read(
        running: &RunFile,
        old: &Snapshot,
        samples: usize,
    ) -> anyhow::Result<Self> {
        let reading = Reading { running, client: running.client() };
        let customers = reading.all::<Customer>(service::CUSTOMER, "customers").await?;
        let products = reading.all::<Product>(service::PRODUCT, "products").await?;
        let stock = reading.all::<Stock>(service::INVENTORY, "stock").await?;
        let orders = reading.all::<Order>(service::ORDER, "orders").await?;
        let mut services = Self {
            customers: by(customers, |one| &one.id),
            products: by(products, |one| &one.sku),
            stock: by(stock, |one| &one.sku),
            orders: by(orders, |one| &one.order_id),
            ..Self::default()
        };
        let there = old.customers.keys().filter(|id| services.customers.contains_key(*id));
        services.accounts = reading.accounts(there).await?;
        let mut carrier = Carrier::new(running, "", PATIENCE);
        carrier.catch_up().await?;
        let token = carrier.seen();
        services.revenue = reading.revenue(&days(old), &token).await?;
        let ids = evenly(old.orders.keys().filter(|id| services.orders.contains_key(*id)), samples);
        services.samples = reading.samples(ids, &token).await?;
        Ok(services)
    }
}

impl Reading<'_> {
    async fn all<T: DeserializeOwned>(&self, of: Service, path: &str) -> anyhow::Result<Vec<T>> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        let url = self.running.url(of)?;
        loop {
            let call = Call::get(format!("{url}/{path}?limit={PAGE_ITEMS}{cursor}"));
            let Page { items, next } = self.client.json(call).await?;
            all.extend(items);
            let Some(next) = next else { return Ok(all) };
            cursor = format!("&cursor={next}");
        }
    }

    async fn accounts(
        &self,
        customers: impl Iterator<Item = &String>,
    ) -> anyhow::Result<BTreeMap<String, Account>> {
        let url = self.running.url(service::PAYMENT)?;
        let accounts = stream::iter(customers.cloned()).map(async |id| {
            let account: Account =
                self.client.json(Call::get(format!("{url}/accounts/{id}"))).await?;
            anyhow::Ok((id, account))
        });
        accounts.buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn revenue(
        &self,
        days: &[(String, String)],
        token: &str,
    ) -> anyhow::Result<BTreeMap<(String, Currency), i128>> {
        let mut revenue = BTreeMap::new();
        for (from, to) in days {
            let url = format!("{}/reports/sales?from={from}&to={to}", self.running.query()?);
            let report = self.client.value(Call::get(url).after(token)).await?;
            for row in report["rows"].as_array().into_iter().flatten() {
                let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                let minor = exact_json::integer(&row["revenue_minor"]);
                let minor = minor.context("the sales report is not what was expected")?;
                revenue.insert((text("key"), text("currency").parse()?), minor);
            }
        }
        Ok(revenue)
    }

    async fn samples(
        &self,
        ids: Vec<String>,
        token: &str,
    ) -> anyhow::Result<BTreeMap<String, Sample>> {
        let url = self.running.query()?;
        let samples = stream::iter(ids).map(async |id| {
            let call = Call::get(format!("{url}/orders/{id}")).after(token);
            let order: Value = self.client.json(call).await?;
            anyhow::Ok((id, serde_json::from_value(order)?))
        });
        samples.buffer_unordered(AT_ONCE).try_collect().await
    }
}

fn by<T>(all: Vec<T>, id: impl Fn(&T) -> &Id) -> BTreeMap<String, T> {
    all.into_iter().map(|one| (id(&one).to_string(), one)).collect()
}

/// The days of the orders, in ranges that a report takes: each within one calendar year.
fn days(old: &Snapshot) -> Vec<(String, String)> {
    let days: BTreeSet<&str> = old.orders.values().flatten().map(|one| one.day.as_str()).collect();
    let mut ranges: Vec<(String, String)> = Vec::new();
    for day in days.into_iter().filter(|day| is_day(day)) {
        match ranges.last_mut() {
            Some((from, to)) if from.get(..4) == day.get(..4) => day.clone_into(to),
            Some(_) | None => ranges.push((day.to_owned(), day.to_owned())),
        }
    }
    ranges
}

/// Whether a text is a day at all: what is none was moved nowhere.
fn is_day(text: &str) -> bool {
    let midnight = format!("{text}T00:00:00Z").parse::<protocol::Timestamp>();
    midnight.is_ok_and(|midnight| midnight.day() == text)
}

/// So many, spread over all.
fn evenly<'a>(all: impl Iterator<Item = &'a String>, many: usize) -> Vec<String> {
    let all: Vec<&String> = all.collect();
    let step = (all.len() / many.max(1)).max(1);
    all.into_iter().step_by(step).take(many).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::snapshot::Scope;
    use crate::source::snapshot::tests::old_database;

    #[test]
    fn samples_are_spread_over_all() {
        let all: Vec<String> = (0..10).map(|nth| nth.to_string()).collect();
        assert_eq!(evenly(all.iter(), 3), ["0", "3", "6"]);
        assert_eq!(evenly(all.iter(), 100).len(), 10);
        assert!(evenly(all.iter(), 0).is_empty());
    }

    #[test]
    fn the_days_are_asked_for_year_by_year() {
        let (_folder, mut source) = old_database();
        let old = source.snapshot(Scope::Everything).unwrap();
        assert_eq!(days(&old), [("2010-12-01".to_owned(), "2010-12-02".to_owned())]);
    }
}
