//! What is asked about: orders of a few customers, settled before anything is measured.

use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{anyhow, bail};
use client::consistency_token::ConsistencyToken;
use client::http::{Call, Client};
use client::run_file::RunFile;
use client::wait::{Deadline, break_if, wait_until};
use contracts::service;
use serde_json::{Value, json};

use super::ways::{Completeness, Way};

/// Customers. Few enough that preparing takes a moment, enough that no account is hot.
const CUSTOMERS: usize = 20;

const PRODUCTS: usize = 20;

/// Orders that are asked about.
const ORDERS: usize = 200;

/// How long all of it may take to show everywhere.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// Customers, products and orders of one run.
#[derive(Clone, Debug)]
pub struct Fixture {
    name: String,
    pub orders: Vec<String>,
    /// What has seen all of it.
    pub seen: String,
}

impl Fixture {
    /// Makes it all, and waits until each way shows every order.
    ///
    /// # Errors
    /// When a service refuses, or an order does not show in time.
    pub async fn prepare(running: &RunFile, ways: &[Way], name: &str) -> anyhow::Result<Self> {
        let (client, mut seen) = (running.client(), ConsistencyToken::default());
        let customers = format!("{}/customers", running.url(service::CUSTOMER)?);
        for nth in 0..CUSTOMERS {
            let mut body = customer(&format!("{name}-c{nth}"));
            body["id"] = json!(format!("{name}-c{nth}"));
            seen.note(&post(&client, Call::post(customers.as_str()).body(&body)?).await?);
        }
        let products = format!("{}/products", running.url(service::PRODUCT)?);
        for nth in 0..PRODUCTS {
            let sku = format!("{name}-p{nth}");
            let body = json!({ "sku": sku, "name": sku, "price": money(250) });
            seen.note(&post(&client, Call::post(products.as_str()).body(&body)?).await?);
        }
        let stock = format!("{}/stock", running.url(service::INVENTORY)?);
        for nth in 0..PRODUCTS {
            let call = Call::post(format!("{stock}/{name}-p{nth}")).after(&seen.to_string());
            post(&client, call.body(&json!({ "quantity": 50_000_000 }))?).await?;
        }
        let orders = (0..ORDERS).map(|nth| format!("{name}-o{nth}")).collect();
        let fixture = Self { name: name.to_owned(), orders, seen: seen.to_string() };
        for (nth, order) in fixture.orders.iter().enumerate() {
            fixture.place(running, &client, order, nth).await?;
        }
        fixture.wait_until_shown(&client, ways).await?;
        Ok(fixture)
    }

    /// Places an order of the nth customer; when this returns, it is accepted and replicated.
    pub async fn place(
        &self,
        running: &RunFile,
        client: &Client,
        id: &str,
        nth: usize,
    ) -> anyhow::Result<()> {
        let name = &self.name;
        let sku = |add: usize| format!("{name}-p{}", (nth + add) % PRODUCTS);
        let lines =
            [json!({ "sku": sku(0), "quantity": 1 }), json!({ "sku": sku(7), "quantity": 2 })];
        let body = json!({ "id": id, "customer_id": self.customer_of(nth), "lines": lines });
        let call = Call::post(format!("{}/orders", running.url(service::ORDER)?));
        post(client, call.after(&self.seen).body(&body)?).await.map(drop)
    }

    /// The nth order, counted around.
    pub fn order(&self, nth: usize) -> &str {
        self.orders.get(nth % self.orders.len().max(1)).map_or("", String::as_str)
    }

    /// Who placed the nth order.
    pub fn customer_of(&self, nth: usize) -> String {
        format!("{}-c{}", self.name, nth % CUSTOMERS)
    }

    /// Orders that this run has not placed yet.
    pub fn new_order(&self, nth: u32) -> String {
        format!("{}-n{nth}", self.name)
    }

    async fn wait_until_shown(&self, client: &Client, ways: &[Way]) -> anyhow::Result<()> {
        let deadline = Deadline::from(SETTLED_WITHIN);
        for way in ways {
            for order in &self.orders {
                let look = async || Ok(is_shown(client, way, order).await);
                wait_until(deadline, look, |()| {
                    anyhow!("{} does not show {order}: see `murmur status`", way.kind.name())
                })
                .await?;
            }
        }
        Ok(())
    }
}

/// The body of a customer with this name.
pub fn customer(name: &str) -> Value {
    let address = json!({ "country": "Ireland" });
    json!({ "name": name, "address": address, "credit_limit": money(100_000_000_000_i64) })
}

fn money(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "EUR" })
}

async fn is_shown(client: &Client, way: &Way, order: &str) -> ControlFlow<()> {
    let answer = client.send(way.ask(order)).await;
    let is_shown = answer.is_ok_and(|answer| {
        way.completeness(&answer) == Completeness::Whole
            && super::ways::holds(&answer.body, b"\"completed\"")
    });
    break_if(is_shown)
}

/// Sends a command that must be accepted; its token.
async fn post(client: &Client, call: Call) -> anyhow::Result<String> {
    let url = call.url().to_owned();
    let answer = client.send(call).await?;
    if !answer.status.is_success() {
        bail!("{url} answered {}: {}", answer.status, answer.reason());
    }
    Ok(answer.token().unwrap_or_default().to_owned())
}
