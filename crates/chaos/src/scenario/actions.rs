//! What a scenario does: the masters that it needs, commands, and what befalls processes.

use anyhow::Context as _;
use client::http::{Answer, Call};
use contracts::OrderId;
use contracts::service;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::expectation_failed::ExpectationFailed;
use super::file::{CustomerGiven, Given, ProductGiven};
use super::steps::{Answers, Cancel, Money, Place};
use super::world::{World, send_until_answered};

/// Makes everything that is given.
pub(crate) async fn give(world: &mut World, given: &Given) -> Result<(), ExpectationFailed> {
    for (name, customer) in &given.customers {
        register(world, name, customer).await?;
    }
    for (name, product) in &given.products {
        list(world, name, product).await?;
    }
    Ok(())
}

async fn register(world: &mut World, name: &str, given: &CustomerGiven) -> anyhow::Result<()> {
    let body = json!({
        "id": world.id_of(name)?,
        "name": name,
        "address": { "country": given.country },
        "credit_limit": given.credit_limit.0,
    });
    let url = format!("{}/customers", world.url(service::CUSTOMER)?);
    world.must(Call::post(url).body(&body)?).await
}

async fn list(world: &mut World, name: &str, given: &ProductGiven) -> anyhow::Result<()> {
    let sku = world.id_of(name)?;
    let body = json!({ "sku": sku, "name": name, "price": given.price.0 });
    let url = format!("{}/products", world.url(service::PRODUCT)?);
    world.must(Call::post(url).body(&body)?).await?;
    if given.stock > 0 {
        let url = format!("{}/stock/{sku}", world.url(service::INVENTORY)?);
        world.must(Call::post(url).body(&json!({ "quantity": given.stock }))?).await?;
    }
    Ok(())
}

pub(crate) async fn close(world: &mut World, customer: &str) -> anyhow::Result<()> {
    let (id, url) = (world.id_of(customer)?, world.url(service::CUSTOMER)?);
    world.must(Call::post(format!("{url}/customers/{id}/close"))).await
}

pub(crate) async fn discontinue(world: &mut World, product: &str) -> anyhow::Result<()> {
    let (sku, url) = (world.id_of(product)?, world.url(service::PRODUCT)?);
    world.must(Call::post(format!("{url}/products/{sku}/discontinue"))).await
}

pub(crate) async fn settle(world: &mut World, money: &Money) -> anyhow::Result<()> {
    let (id, url) = (world.id_of(&money.customer)?, world.url(service::PAYMENT)?);
    let call = Call::post(format!("{url}/accounts/{id}/settle"));
    world.must(call.body(&json!({ "amount": money.amount.0 }))?).await
}

/// Places orders, all at once, each as often as asked for.
pub(crate) async fn place(world: &mut World, place: &Place) -> Result<(), ExpectationFailed> {
    let ids = world.new_orders(&place.order, place.orders)?;
    let mut sending = JoinSet::new();
    for id in &ids {
        let (body, key) = (order(world, place, id)?, world.next_key());
        let url = format!("{}/orders", world.url(service::ORDER)?);
        let call = Call::post(url).body(&body).context("an order cannot be written")?;
        let call = world.prepared(call.once_in(key));
        for _ in 0..place.sent {
            let (client, call, id) = (world.client().clone(), call.clone(), id.clone());
            sending.spawn(async move { (id, send_until_answered(&client, call).await) });
        }
    }
    let mut answers = Vec::new();
    for (id, answer) in sending.join_all().await {
        let answer = answer?;
        world.note_token(&answer);
        check(&place.answers, &answer, &id)?;
        answers.push((id, answer));
    }
    if place.sent > 1 { check_repeats(place, &answers) } else { Ok(()) }
}

fn order(world: &World, place: &Place, id: &OrderId) -> anyhow::Result<Value> {
    let line = |line: &super::steps::Line| {
        Ok(json!({ "sku": world.id_of(&line.product)?, "quantity": line.quantity }))
    };
    let lines = place.lines.iter().map(line).collect::<anyhow::Result<Vec<_>>>()?;
    let mut body =
        json!({ "id": id, "customer_id": world.id_of(&place.customer)?, "lines": lines });
    if let Some(deadline) = place.deadline {
        body["deadline_ms"] = json!(deadline.millis());
    }
    if let Some(hand_over) = place.hand_over {
        body["hand_over_ms"] = json!(hand_over.millis());
    }
    Ok(body)
}

/// Repeats get the answer of the first, and say that they are repeats.
fn check_repeats(place: &Place, answers: &[(OrderId, Answer)]) -> Result<(), ExpectationFailed> {
    let Some((id, first)) = answers.first() else { return Ok(()) };
    let orders = vec![id.clone()];
    if let Some((_, other)) = answers.iter().find(|(_, answer)| answer.body != first.body) {
        let text = |answer: &Answer| String::from_utf8_lossy(&answer.body).into_owned();
        let expected = format!("each answer is the same: {}", text(first));
        return Err(ExpectationFailed { expected, seen: text(other), orders });
    }
    let new = answers.iter().filter(|(_, answer)| !answer.is_replayed()).count();
    if place.answers.is_success() && new != 1 {
        let expected = "one answer is new, all others say that they are repeats".to_owned();
        return Err(ExpectationFailed { expected, seen: format!("{new} are new"), orders });
    }
    Ok(())
}

pub(crate) async fn cancel(world: &mut World, cancel: &Cancel) -> Result<(), ExpectationFailed> {
    for id in world.orders(&cancel.order)? {
        let key = world.next_key();
        let call = Call::post(format!("{}/orders/{id}/cancel", world.url(service::ORDER)?));
        let answer = world.send(call.once_in(key)).await?;
        check(&cancel.answers, &answer, &id)?;
    }
    Ok(())
}

fn check(expected: &Answers, answer: &Answer, order: &OrderId) -> Result<(), ExpectationFailed> {
    let problem = answer.problem().map(|problem| problem.kind);
    let status = match expected.status {
        Some(status) => answer.status.as_u16() == status,
        None => answer.status.is_success() == expected.is_success(),
    };
    if status && (expected.problem.is_none() || expected.problem == problem) {
        return Ok(());
    }
    let problem = problem.unwrap_or_default();
    Err(ExpectationFailed {
        expected: format!("the answer is {expected}"),
        seen: format!("{} {problem} ({})", answer.status.as_u16(), answer.reason()),
        orders: vec![order.clone()],
    })
}
