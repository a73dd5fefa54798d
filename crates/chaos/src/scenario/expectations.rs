//! What a scenario expects. Everything comes about in its time: an expectation is looked at again
//! and again until it is met or its time is over. Nothing here sleeps and hopes.

use std::ops::ControlFlow;
use std::time::Duration;

use auditor::subset;
use client::wait::wait_until;
use contracts::{OrderId, service};
use hyper::StatusCode;
use serde_json::{Value, json};

use super::event_log::EventLog;
use super::expectation_failed::ExpectationFailed;
use super::steps::{
    ChargeExpected, EventsExpected, Money, OrderExpected, StateExpected, Step, StockExpected,
};
use super::world::World;
use crate::values::{AnyOf, came_as_expected};

/// How long an expectation may take to be met, if the file says nothing else. A service that was
/// killed is back well within it.
const MET_WITHIN: Duration = Duration::from_secs(20);

/// Waits until a step's expectation is met.
pub(crate) async fn meet(
    world: &World,
    log: &EventLog,
    step: &Step,
) -> Result<(), ExpectationFailed> {
    let within = match step {
        Step::Order(expected) => expected.within.map(|span| span.0),
        _ => None,
    };
    let look = async || {
        let looked = look(world, log, step).await;
        Ok(looked.map_or_else(ControlFlow::Continue, ControlFlow::Break))
    };
    wait_until(within.unwrap_or(MET_WITHIN), look, |failed| failed).await
}

async fn look(world: &World, log: &EventLog, step: &Step) -> Result<(), ExpectationFailed> {
    match step {
        Step::Order(expected) => order(world, expected).await,
        Step::Stock(expected) => stock(world, expected).await,
        Step::Owes(expected) => outstanding(world, expected).await,
        Step::Charge(expected) => charge(world, expected).await,
        Step::Shipment(expected) => shipment(world, expected).await,
        Step::Events(expected) => events(world, log, expected),
        Step::View(expected) => view(world, log, expected).await,
        Step::Place(_)
        | Step::Cancel(_)
        | Step::Close(_)
        | Step::Discontinue(_)
        | Step::Settle(_)
        | Step::Kill(_)
        | Step::Stop(_)
        | Step::Pause(_)
        | Step::Start(_) => Ok(()),
    }
}

async fn order(world: &World, expected: &OrderExpected) -> Result<(), ExpectationFailed> {
    let mut wanted = json!({});
    if let Some(reason) = &expected.reason {
        wanted["reason"] = json!(reason);
    }
    if let Some(total) = expected.total {
        wanted["total"] = json!(total.0);
    }
    for id in world.orders(&expected.order)? {
        let seen = answer(world, format!("{}/orders/{id}", world.url(service::ORDER)?)).await?;
        compare(&any_state(&expected.state, &wanted), &seen, &[id])?;
    }
    Ok(())
}

async fn stock(world: &World, expected: &StockExpected) -> Result<(), ExpectationFailed> {
    let mut wanted = json!({});
    if let Some(on_hand) = expected.on_hand {
        wanted["on_hand"] = json!(on_hand);
    }
    if let Some(reserved) = expected.reserved {
        wanted["reserved"] = json!(reserved);
    }
    let sku = world.id_of(&expected.product)?;
    let seen = answer(world, format!("{}/stock/{sku}", world.url(service::INVENTORY)?)).await?;
    compare(&[wanted], &seen, &[])
}

async fn outstanding(world: &World, expected: &Money) -> Result<(), ExpectationFailed> {
    let wanted = json!({ "outstanding": expected.amount.0 });
    let customer = world.id_of(&expected.customer)?;
    let url = format!("{}/accounts/{customer}", world.url(service::PAYMENT)?);
    compare(&[wanted], &answer(world, url).await?, &[])
}

async fn charge(world: &World, expected: &ChargeExpected) -> Result<(), ExpectationFailed> {
    for id in world.orders(&expected.order)? {
        let seen = answer(world, format!("{}/charges/{id}", world.url(service::PAYMENT)?)).await?;
        compare(&any_state(&expected.state, &json!({})), &seen, &[id])?;
    }
    Ok(())
}

async fn shipment(world: &World, expected: &StateExpected) -> Result<(), ExpectationFailed> {
    let reason = expected.reason.as_ref().map(|reason| json!({ "reason": reason }));
    let wanted = reason.unwrap_or_else(|| json!({}));
    for id in world.orders(&expected.order)? {
        let url = format!("{}/shipments/{id}", world.url(service::SHIPPING)?);
        compare(&any_state(&expected.state, &wanted), &answer(world, url).await?, &[id])?;
    }
    Ok(())
}

fn events(
    world: &World,
    log: &EventLog,
    expected: &EventsExpected,
) -> Result<(), ExpectationFailed> {
    for id in world.orders(&expected.order)? {
        let seen = log.kinds_of(&id);
        if !came_as_expected(&expected.are, &seen) {
            let wanted: Vec<_> = expected.are.iter().map(ToString::to_string).collect();
            let names: Vec<_> = seen.iter().map(|kind| kind.name()).collect();
            let (expected, seen) = (wanted.join(", "), names.join(", "));
            return Err(ExpectationFailed { expected, seen, orders: vec![id] });
        }
    }
    Ok(())
}

/// The read model has settled the order, in that state, and shows as many events as there are.
async fn view(
    world: &World,
    log: &EventLog,
    expected: &StateExpected,
) -> Result<(), ExpectationFailed> {
    for id in world.orders(&expected.order)? {
        let mut seen = answer(world, format!("{}/orders/{id}", world.query()?)).await?;
        seen["events"] = json!(seen["timeline"].as_array().map_or(0, Vec::len));
        let wanted = json!({ "settled": true, "events": log.of(&id).len() });
        compare(&any_state(&expected.state, &wanted), &seen, &[id])?;
    }
    Ok(())
}

/// The JSON of an answer. What is not there is in the state `none`.
async fn answer(world: &World, url: String) -> Result<Value, ExpectationFailed> {
    let answer = world.read(url).await?;
    if answer.status == StatusCode::NOT_FOUND {
        return Ok(json!({ "state": "none" }));
    }
    Ok(answer.value())
}

fn any_state(states: &AnyOf<String>, wanted: &Value) -> Vec<Value> {
    let with = |state: &String| {
        let mut wanted = wanted.clone();
        wanted["state"] = json!(state);
        wanted
    };
    states.all().iter().map(with).collect()
}

/// One of the alternatives has to be what is seen, as far as it says anything.
fn compare(
    alternatives: &[Value],
    seen: &Value,
    orders: &[OrderId],
) -> Result<(), ExpectationFailed> {
    if alternatives.iter().any(|wanted| subset::of(seen, wanted) == *wanted) {
        return Ok(());
    }
    let texts: Vec<_> = alternatives.iter().map(ToString::to_string).collect();
    let shown =
        alternatives.first().map_or_else(|| seen.clone(), |wanted| subset::of(seen, wanted));
    Err(ExpectationFailed {
        expected: texts.join(" or "),
        seen: shown.to_string(),
        orders: orders.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_the_states_is_well_and_others_are_told() {
        let states = AnyOf::Several(vec!["voided".to_owned(), "refunded".to_owned()]);
        let alternatives = any_state(&states, &json!({ "order_id": "o" }));
        let seen = json!({ "state": "refunded", "order_id": "o", "more": 1 });
        assert!(compare(&alternatives, &seen, &[]).is_ok());
        let failed = compare(&alternatives, &json!({ "state": "charged" }), &[]).unwrap_err();
        assert!(failed.expected.contains("voided") && failed.expected.contains("refunded"));
        assert!(failed.seen.contains("charged"), "{}", failed.seen);
    }
}
