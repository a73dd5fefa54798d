//! Makes the masters: over REST, all with idempotency keys, so that the same file again changes
//! nothing.

use std::sync::Arc;

use anyhow::bail;
use contracts::{Currency, Id, Money, Service};
use hyper::{Method, StatusCode};
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Plan;
use super::masters::{Article, Buyer, Masters};
use super::sending::{Sender, run_at_once};
use crate::http::{Answer, Call};
use crate::running::Running;

/// Largest stocking of one command.
const QUANTITY_MAX: u64 = u32::MAX as u64;

/// What is read of a customer that another file has made.
#[derive(Deserialize)]
struct Known {
    name: String,
    address: Value,
    credit_limit: Money,
}

/// A master that has to be made.
struct Make {
    call: Call,
    or_else: OrElse,
}

/// What to do when it is there already.
enum OrElse {
    /// Nothing: it can be used as it is.
    UseIt,
    /// Let the customer buy so much more.
    RaiseLimit(Money, String),
}

/// Makes customers and products, then stocks the products.
pub(super) async fn make(
    running: &Running,
    plan: &Plan,
    masters: &Masters,
    sender: &Arc<Sender>,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let mut first = Vec::new();
    for (id, buyer) in &masters.customers {
        first.push(customer(running, plan, id, buyer)?);
    }
    for (sku, article) in &masters.products {
        first.push(product(running, plan, sku, article)?);
    }
    all(plan, sender, bar, first).await?;
    let mut stock = Vec::new();
    for (sku, article) in masters.products.iter().filter(|(_, article)| article.units > 0) {
        stock.push(stocking(running, plan, sku, article, sender)?);
    }
    all(plan, sender, bar, stock).await
}

async fn all(
    plan: &Plan,
    sender: &Arc<Sender>,
    bar: &ProgressBar,
    makes: Vec<Make>,
) -> anyhow::Result<()> {
    let jobs = makes.into_iter().map(|make| make_one(Arc::clone(sender), make));
    run_at_once(plan.at_once, jobs, |()| bar.inc(1)).await
}

async fn make_one(sender: Arc<Sender>, make: Make) -> anyhow::Result<()> {
    let url = make.call.url().to_owned();
    let answer = sender.send(make.call).await?;
    match (answer.status, make.or_else) {
        (status, _) if status.is_success() => Ok(()),
        (StatusCode::CONFLICT, OrElse::UseIt) => Ok(()),
        (StatusCode::CONFLICT, OrElse::RaiseLimit(more, customer)) => {
            raise_limit(&sender, &customer, more).await
        }
        _ => refused(&url, &answer),
    }
}

/// The key names what the limit was: repeated, it is raised once.
async fn raise_limit(sender: &Sender, customer: &str, more: Money) -> anyhow::Result<()> {
    let known = sender.send(Call::get(customer)).await?;
    let Known { name, address, credit_limit } = known.json()?;
    let raised = credit_limit.plus(more)?;
    let body = json!({ "name": name, "address": address, "credit_limit": raised });
    let key = format!("raise-{}-{}", credit_limit.minor, more.minor);
    let call = Call::new(Method::PUT, customer).body(&body)?.idempotency_key(&key);
    let answer = sender.send(call).await?;
    if answer.status.is_success() { Ok(()) } else { refused(customer, &answer) }
}

fn refused(url: &str, answer: &Answer) -> anyhow::Result<()> {
    bail!("{url} answered {}: {}", answer.status, answer.reason())
}

fn customer(running: &Running, plan: &Plan, id: &Id, buyer: &Buyer) -> anyhow::Result<Make> {
    let limit = money(buyer.buys_minor, plan.currency);
    let (url, id) = (running.url(Service::Customer)?, plan.id(id)?);
    let body = json!({
        "id": id,
        "name": format!("Customer {id}"),
        "address": { "country": buyer.country },
        "credit_limit": limit,
    });
    let call = Call::post(format!("{url}/customers")).body(&body)?;
    let call = call.idempotency_key(&plan.key(&format!("customer-{id}")));
    Ok(Make { call, or_else: OrElse::RaiseLimit(limit, format!("{url}/customers/{id}")) })
}

fn product(running: &Running, plan: &Plan, sku: &Id, article: &Article) -> anyhow::Result<Make> {
    let (url, sku) = (running.url(Service::Product)?, plan.id(sku)?);
    let price = money(article.price_minor, plan.currency);
    let body = json!({ "sku": sku, "name": article.name, "price": price });
    let call = Call::post(format!("{url}/products")).body(&body)?;
    let call = call.idempotency_key(&plan.key(&format!("product-{sku}")));
    Ok(Make { call, or_else: OrElse::UseIt })
}

fn stocking(
    running: &Running,
    plan: &Plan,
    sku: &Id,
    article: &Article,
    sender: &Sender,
) -> anyhow::Result<Make> {
    if article.units > QUANTITY_MAX {
        bail!("{} units of {sku} are too many for one stocking: split the file", article.units);
    }
    let (url, sku) = (running.url(Service::Inventory)?, plan.id(sku)?);
    let call = Call::post(format!("{url}/stock/{sku}"));
    let call = call.body(&json!({ "quantity": article.units }))?.after(&sender.seen());
    let call = call.idempotency_key(&plan.key(&format!("stock-{sku}")));
    Ok(Make { call, or_else: OrElse::UseIt })
}

const fn money(minor: i64, currency: Currency) -> Money {
    Money::new(minor, currency)
}
