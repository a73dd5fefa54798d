//! The fixture of the load: customers who may owe enough, and products of which there is enough.

use client::consistency_token::ConsistencyToken;
use client::http::{Call, Client};
use client::run_file::RunFile;
use contracts::{Currency, Money, service};
use serde_json::json;
use tokio::task::JoinSet;

/// Customers. Accounts are not what is measured: enough of them that none is hot.
const CUSTOMERS: u32 = 100;

const PRODUCTS: u32 = 100;

/// Units of each; no run sells as many.
const STOCK: u32 = 50_000_000;

/// What each may owe, in minor units; no run sells for as much.
const LIMIT_MINOR: i64 = 100_000_000_000;

/// What a unit costs, in minor units.
const PRICE_MINOR: i64 = 250;

/// Customers and products of one run.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// What the ids of orders begin with: different for each run on this fixture.
    pub orders: String,
    name: String,
    /// What a service must have seen to know all of it.
    pub seen: String,
    lines: u32,
}

impl Fixture {
    /// Makes it all.
    ///
    /// # Errors
    /// When a service refuses.
    pub async fn prepare(
        running: &RunFile,
        run: &str,
        currency: Currency,
        lines: u32,
    ) -> anyhow::Result<Self> {
        let money = |minor| Money::new(minor, currency);
        let (customers, products) =
            (running.url(service::CUSTOMER)?, running.url(service::PRODUCT)?);
        let mut calls = Vec::new();
        for nth in 0..CUSTOMERS {
            let (id, limit) = (format!("{run}-c{nth}"), money(LIMIT_MINOR));
            let address = json!({ "country": "Ireland" });
            let body = json!({ "id": id, "name": id, "address": address, "credit_limit": limit });
            calls.push(Call::post(format!("{customers}/customers")).body(&body)?);
        }
        for nth in 0..PRODUCTS {
            let sku = format!("{run}-p{nth}");
            let body = json!({ "sku": sku, "name": sku, "price": money(PRICE_MINOR) });
            calls.push(Call::post(format!("{products}/products")).body(&body)?);
        }
        let (client, mut seen) = (running.client(), ConsistencyToken::default());
        all(&client, calls, &mut seen).await?;
        let inventory = running.url(service::INVENTORY)?;
        let stock = |nth| {
            let call = Call::post(format!("{inventory}/stock/{run}-p{nth}"));
            Ok(call.after(&seen.to_string()).body(&json!({ "quantity": STOCK }))?)
        };
        let calls = (0..PRODUCTS).map(stock).collect::<anyhow::Result<Vec<_>>>()?;
        all(&client, calls, &mut ConsistencyToken::default()).await?;
        let (orders, name) = (format!("{run}-m"), run.to_owned());
        Ok(Self { orders, name, seen: seen.to_string(), lines })
    }

    /// The same fixture, for other orders.
    pub fn for_orders(&self, of: &str) -> Self {
        Self { orders: format!("{}-{of}", self.name), ..self.clone() }
    }

    /// The body of an order, by its number.
    pub fn order(&self, id: &str, number: u32) -> serde_json::Value {
        let name = &self.name;
        // The numbers are spread so that neighbours share neither a customer nor a product.
        let line = |nth: u32| {
            let product = (number.wrapping_mul(7) + nth * 31) % PRODUCTS;
            json!({ "sku": format!("{name}-p{product}"), "quantity": 1 + nth % 3 })
        };
        json!({
            "id": id,
            "customer_id": format!("{name}-c{}", number % CUSTOMERS),
            "lines": (0..self.lines).map(line).collect::<Vec<_>>(),
            // An order that is overtaken by the load still reaches its end by itself.
            "deadline_ms": 600_000,
        })
    }
}

/// Sends all calls at once, and takes note of what was seen.
async fn all(client: &Client, calls: Vec<Call>, seen: &mut ConsistencyToken) -> anyhow::Result<()> {
    let mut sending = JoinSet::new();
    for call in calls {
        let client = client.clone();
        sending.spawn(async move { client.send(call).await });
    }
    for answer in sending.join_all().await {
        let answer = answer?;
        if !answer.status.is_success() {
            anyhow::bail!("the masters cannot be made: {}: {}", answer.status, answer.reason());
        }
        seen.note(answer.token().unwrap_or_default());
    }
    Ok(())
}
