//! Makes the masters: over REST, each in its scope, so that the same file again changes nothing.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use client::http::idempotency_key::purpose;
use client::http::{Answer, Call, IF_MATCH};
use client::run_file::RunFile;
use contracts::money::AMOUNT_MINOR_MAX;
use contracts::{Currency, CustomerId, Money, Sku, service};
use hyper::{Method, StatusCode};
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::limit_raises::Raised;
use super::masters::{Article, Buyer, Masters};
use super::plan::Plan;
use super::sender::{Sender, run_at_once};

/// Largest stocking of one command.
const QUANTITY_MAX: u64 = u32::MAX as u64;

/// What became of the masters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// How many were made.
    pub new: usize,
    /// How many customers of before may owe more.
    pub raised: usize,
    /// How many stay as they are.
    pub already: usize,
    /// What was refused, and why.
    pub refused: Vec<String>,
}

/// What is read of a customer that another file has made.
#[derive(Deserialize)]
struct Known {
    version: u64,
    name: String,
    address: Value,
    credit_limit: Money,
}

/// A master that has to be made.
struct Make {
    what: String,
    call: Call,
    or_else: OrElse,
}

/// What to do when it is there already.
enum OrElse {
    /// Nothing: it can be used as it is.
    UseIt,
    /// Let the customer buy so much more.
    RaiseLimit(Raise),
}

/// More room under a customer's limit.
struct Raise {
    more: Money,
    url: String,
    scope: String,
}

/// What became of one.
enum Outcome {
    New,
    Raised,
    Already,
    Refused(String),
}

/// Makes customers and products, then stocks the products.
pub(crate) async fn make(
    running: &RunFile,
    plan: &Plan,
    masters: &Masters,
    (sender, raised): (&Arc<Sender>, &Arc<Raised>),
    bar: &ProgressBar,
) -> anyhow::Result<Made> {
    let mut first = Vec::new();
    for (id, buyer) in &masters.customers {
        first.push(customer(running, plan, id, buyer)?);
    }
    for (sku, article) in &masters.products {
        first.push(product(running, plan, sku, article)?);
    }
    let mut made = Made::default();
    all(plan, (sender, raised), bar, first, &mut made).await?;
    let mut stock = Vec::new();
    for (sku, article) in masters.products.iter().filter(|(_, article)| article.is_missing) {
        stock.extend(stocking(running, plan, sku, article, sender)?);
    }
    all(plan, (sender, raised), bar, stock, &mut made).await?;
    Ok(made)
}

async fn all(
    plan: &Plan,
    (sender, raised): (&Arc<Sender>, &Arc<Raised>),
    bar: &ProgressBar,
    makes: Vec<Make>,
    made: &mut Made,
) -> anyhow::Result<()> {
    let jobs = makes.into_iter().map(|make| make_one(Arc::clone(sender), Arc::clone(raised), make));
    run_at_once(plan.at_once, jobs, |outcome| {
        bar.inc(1);
        match outcome {
            Outcome::New => made.new += 1,
            Outcome::Raised => made.raised += 1,
            Outcome::Already => made.already += 1,
            Outcome::Refused(why) => made.refused.push(why),
        }
    })
    .await
}

async fn make_one(sender: Arc<Sender>, raised: Arc<Raised>, make: Make) -> anyhow::Result<Outcome> {
    let Make { what, call, or_else } = make;
    let answer = sender.send(call).await.with_context(|| what.clone())?;
    match (answer.status, or_else) {
        (status, _) if status.is_success() && answer.is_replayed() => Ok(Outcome::Already),
        (status, _) if status.is_success() => Ok(Outcome::New),
        (StatusCode::CONFLICT, OrElse::UseIt) => Ok(Outcome::Already),
        (StatusCode::CONFLICT, OrElse::RaiseLimit(raise)) => {
            raise_limit(&sender, &raised, &raise).await.with_context(|| what)
        }
        _ => refused(&what, &answer),
    }
}

/// Lets a customer of before buy more, once for each file. Whether this file did so already tells the
/// stream, up to the version that is changed; that it is changed from this version the condition says.
async fn raise_limit(sender: &Sender, raised: &Raised, raise: &Raise) -> anyhow::Result<Outcome> {
    let deadline = Instant::now() + sender.patience();
    loop {
        let answer = sender.send(Call::get(&raise.url)).await?;
        let Known { version, name, address, credit_limit } = answer.json()?;
        let more = with_more(credit_limit, raise.more);
        let is_done = raised.has(&purpose(&raise.scope), version).await?;
        if is_done || more == credit_limit {
            return Ok(Outcome::Already);
        }
        if more.currency != raise.more.currency {
            let (has, wants) = (more.currency, raise.more.currency);
            let text = format!("{}: the customer's limit is in {has}, not in {wants}", raise.url);
            return Ok(Outcome::Refused(text));
        }
        let body = json!({ "name": name, "address": address, "credit_limit": more });
        let mut call = Call::new(Method::PUT, &raise.url).body(&body)?.once_in(&raise.scope);
        if let Some(tag) = answer.header("etag") {
            call = call.header(IF_MATCH, tag);
        }
        let answer = sender.send(call).await?;
        match answer.status {
            status if status.is_success() => return Ok(Outcome::Raised),
            StatusCode::PRECONDITION_FAILED if Instant::now() < deadline => {}
            _ => return refused(&raise.url, &answer),
        }
    }
}

/// As much more as services take. What stands above that stays.
fn with_more(limit: Money, more: Money) -> Money {
    let raised = limit.minor.saturating_add(more.minor).min(AMOUNT_MINOR_MAX);
    Money::new(raised.max(limit.minor), limit.currency)
}

/// A refusal concerns what was refused, and the orders that need it; all else goes on.
fn refused(what: &str, answer: &Answer) -> anyhow::Result<Outcome> {
    let text = format!("{what}: {}: {}", answer.status, answer.reason());
    if answer.status.is_client_error() { Ok(Outcome::Refused(text)) } else { bail!(text) }
}

fn customer(
    running: &RunFile,
    plan: &Plan,
    id: &CustomerId,
    buyer: &Buyer,
) -> anyhow::Result<Make> {
    let (url, id) = (running.url(service::CUSTOMER)?, plan.id(id)?);
    let limit = with_more(money(0, plan.currency), money(buyer.buys_minor, plan.currency));
    let body = json!({
        "id": id,
        "name": format!("Customer {id}"),
        "address": { "country": buyer.country },
        "credit_limit": limit,
    });
    let scope = plan.scope(&format!("room for {id}"));
    let call = Call::post(format!("{url}/customers")).body(&body)?.once_in(&scope);
    let (more, url) = (money(buyer.missing_minor, plan.currency), format!("{url}/customers/{id}"));
    let or_else = OrElse::RaiseLimit(Raise { more, url, scope });
    Ok(Make { what: format!("customer {id}"), call, or_else })
}

fn product(running: &RunFile, plan: &Plan, sku: &Sku, article: &Article) -> anyhow::Result<Make> {
    let (url, sku) = (running.url(service::PRODUCT)?, plan.id(sku)?);
    let price = money(article.price_minor, plan.currency);
    let body = json!({ "sku": sku, "name": article.name, "price": price });
    let call = Call::post(format!("{url}/products")).body(&body)?;
    let call = call.once_in(plan.scope(&format!("product {sku}")));
    Ok(Make { what: format!("product {sku}"), call, or_else: OrElse::UseIt })
}

/// All that is sold of it, in as many commands as that takes.
fn stocking(
    running: &RunFile,
    plan: &Plan,
    sku: &Sku,
    article: &Article,
    sender: &Sender,
) -> anyhow::Result<Vec<Make>> {
    let (url, sku) = (running.url(service::INVENTORY)?, plan.id(sku)?);
    let (mut makes, mut left) = (Vec::new(), article.units);
    while left > 0 {
        let units = left.min(QUANTITY_MAX);
        let call = Call::post(format!("{url}/stock/{sku}"));
        let call = call.body(&json!({ "quantity": units }))?.after(&sender.seen());
        let call = call.once_in(plan.scope(&format!("stock {sku} {}", makes.len())));
        makes.push(Make { what: format!("stock of {sku}"), call, or_else: OrElse::UseIt });
        left -= units;
    }
    Ok(makes)
}

const fn money(minor: i64, currency: Currency) -> Money {
    Money::new(minor, currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_grows_as_far_as_services_take_it_and_never_shrinks() {
        let grown = |limit, more| {
            let gbp = "GBP".parse().unwrap();
            with_more(money(limit, gbp), money(more, gbp)).minor
        };
        assert_eq!(grown(1_000, 500), 1_500);
        assert_eq!(grown(1_000, i64::MAX), AMOUNT_MINOR_MAX);
        assert_eq!(grown(i64::MAX, 500), i64::MAX);
    }
}
