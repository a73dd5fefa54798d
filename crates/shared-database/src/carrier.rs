//! Carries requests to the services, and says what became of each. A request is sent until its service has
//! answered; what it refuses is an outcome like any other.

use std::time::Duration;

use anyhow::{Context as _, bail};
use client::consistency_token::ConsistencyToken;
use client::http::{Answer, Call};
use client::run_file::RunFile;
use client::wait::Deadline;
use contracts::service;
use futures_util::{StreamExt as _, stream};
use hyper::{Method, StatusCode};
use protocol::Service;
use serde_json::Value;
use workload::retail::sender::Sender;

use crate::item::{Ending, Item, Outcome, Request};

/// How often an order is looked at until it has ended. Most have within some 20 ms.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What carries.
#[derive(Debug)]
pub struct Carrier<'a> {
    running: &'a RunFile,
    sender: Sender,
    /// The name of the import, which all of its idempotency keys are within.
    import: String,
    /// How far the services were when a pass began, as a consistency token.
    heads: String,
}

/// One attempt to carry an item.
struct Attempt<'a> {
    item: &'a Item,
    /// Which it is: the same is the same request, and has one effect.
    number: u64,
}

impl<'a> Carrier<'a> {
    /// One that waits that long for an answer, or an order's end.
    pub fn new(running: &'a RunFile, import: &str, patience: Duration) -> Self {
        let (sender, import) = (Sender::new(running, patience), import.to_owned());
        Self { running, sender, import, heads: String::new() }
    }

    /// Lets what is sent from here on wait until its service has seen all that is there: also what an
    /// earlier run has moved a moment ago.
    ///
    /// # Errors
    /// When a service cannot be used at all.
    pub async fn catch_up(&mut self) -> anyhow::Result<()> {
        let mut heads = Vec::new();
        for service in service::ALL {
            let head = self.get(service, "/status").await?.value()["head"].as_u64();
            let head = head.with_context(|| format!("{service} does not say how far it is"))?;
            heads.push(format!("{}={head}", service.stream()));
        }
        self.heads = heads.join(",");
        Ok(())
    }

    /// All that is there, as a consistency token.
    pub fn seen(&self) -> String {
        let mut seen = ConsistencyToken::default();
        seen.note(&self.heads);
        seen.note(&self.sender.seen());
        seen.to_string()
    }

    /// Carries all of these, so many at once, each with the number of its attempt.
    ///
    /// # Errors
    /// When a service cannot be used at all. What became of those that were under way is not known then.
    pub async fn carry(
        &self,
        items: Vec<Item>,
        attempts: Vec<u64>,
        at_once: usize,
        carried: impl Fn(),
    ) -> anyhow::Result<Vec<(Item, Outcome)>> {
        let all = stream::iter(items.into_iter().zip(attempts)).map(async |(item, number)| {
            let outcome = self.carry_one(&Attempt { item: &item, number }).await;
            let outcome =
                outcome.with_context(|| format!("{} {}", item.entity.name(), item.key))?;
            carried();
            anyhow::Ok((item, outcome))
        });
        let mut all = std::pin::pin!(all.buffer_unordered(at_once.max(1)));
        let mut outcomes = Vec::new();
        while let Some(outcome) = all.next().await {
            outcomes.push(outcome?);
        }
        Ok(outcomes)
    }

    async fn carry_one(&self, attempt: &Attempt<'_>) -> anyhow::Result<Outcome> {
        let request = &attempt.item.request;
        let call = self.call(attempt, request.service, &request.method, &request.path, "")?;
        let call = match &request.body {
            Some(body) => call.body(body)?,
            None => call,
        };
        // What it is about may have been made a moment ago, by another service.
        let answer = self.sender.send(call.after(&self.seen())).await?;
        let outcome = self.outcome(request, &answer).await?;
        match request.ending {
            Some(ending) if outcome == Outcome::Moved => self.end(attempt, ending).await,
            _ => Ok(outcome),
        }
    }

    /// What an answer says, which may be that the thing is there already.
    async fn outcome(&self, request: &Request, answer: &Answer) -> anyhow::Result<Outcome> {
        if answer.status.is_success() {
            return Ok(Outcome::Moved);
        }
        // Nobody who is not let in is told so row by row.
        let is_let_in = ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answer.status);
        if !answer.status.is_client_error() || !is_let_in {
            bail!("{} answered {}: {}", request.service, answer.status, answer.reason());
        }
        if answer.status == StatusCode::CONFLICT
            && let (Some(path), Some(wanted)) = (&request.found_at, &request.body)
        {
            let there = self.get(request.service, path).await?;
            if there.status.is_success() && agrees(wanted, &there.value()) {
                return Ok(Outcome::Moved);
            }
        }
        Ok(Outcome::Refused(answer.reason()))
    }

    /// Waits until an order has the end that it is to have.
    async fn end(&self, attempt: &Attempt<'_>, ending: Ending) -> anyhow::Result<Outcome> {
        let id = order_of(&attempt.item.request)?;
        if ending == Ending::Cancelled {
            let path = format!("/orders/{id}/cancel");
            // Whether it could be cancelled is told by its end.
            self.sender.send(self.call(attempt, service::ORDER, "POST", &path, "cancel")?).await?;
        }
        let order = self.ended(id).await?;
        let state = order["state"].as_str().unwrap_or_default();
        if ending != Ending::Cancelled && state == "completed" {
            return Ok(Outcome::Moved);
        }
        if ending == Ending::Cancelled && state == "cancelled" {
            self.given_back(id).await?;
            return Ok(Outcome::Moved);
        }
        let [reason, detail] =
            ["reason", "detail"].map(|name| order[name].as_str().unwrap_or_default());
        Ok(Outcome::Refused(format!("it ended as {state} here: {reason}: {detail}")))
    }

    async fn ended(&self, id: &str) -> anyhow::Result<Value> {
        let deadline = Deadline::from(self.sender.patience()).every(LOOK_EVERY);
        loop {
            let order = self.get(service::ORDER, &format!("/orders/{id}")).await?.value();
            let state = order["state"].as_str().unwrap_or_default();
            if ["completed", "rejected", "cancelled"].contains(&state) {
                return Ok(order);
            }
            if !deadline.allows_another_look().await {
                bail!("the order has no end yet: `murmur trace {id}` says who is awaited");
            }
        }
    }

    /// Waits until what was set aside for a cancelled order is on the shelves again: others need it.
    async fn given_back(&self, id: &str) -> anyhow::Result<()> {
        let deadline = Deadline::from(self.sender.patience()).every(LOOK_EVERY);
        loop {
            let path = format!("/reservations/{id}");
            let reservation = self.get(service::INVENTORY, &path).await?.value();
            if ["released", "rejected"].contains(&reservation["state"].as_str().unwrap_or_default())
            {
                return Ok(());
            }
            if !deadline.allows_another_look().await {
                bail!("its stock is not given back: `murmur trace {id}` says who is awaited");
            }
        }
    }

    async fn get(&self, service: Service, path: &str) -> anyhow::Result<Answer> {
        self.sender.send(Call::get(format!("{}{path}", self.running.url(service)?))).await
    }

    /// A command whose idempotency key names the import, the thing, the attempt, and the whole request.
    fn call(
        &self,
        attempt: &Attempt<'_>,
        service: Service,
        method: &str,
        path: &str,
        step: &str,
    ) -> anyhow::Result<Call> {
        let Attempt { item: Item { entity, key, .. }, number } = attempt;
        let scope = format!("shared-db {} {} {key} {number} {step}", self.import, entity.name());
        let url = format!("{}{path}", self.running.url(service)?);
        let method = Method::from_bytes(method.as_bytes())?;
        Ok(Call::new(method, url).once_in(scope))
    }
}

fn order_of(request: &Request) -> anyhow::Result<&str> {
    let id = request.body.as_ref().and_then(|body| body["id"].as_str());
    id.context("an order without an id was to be placed")
}

/// Whether what is there is what was wanted, as far as both name it.
fn agrees(wanted: &Value, there: &Value) -> bool {
    match (wanted, there) {
        (Value::Object(wanted), Value::Object(there)) => wanted
            .iter()
            .filter_map(|(name, wanted)| Some((wanted, there.get(name)?)))
            .all(|(wanted, there)| agrees(wanted, there)),
        (Value::Array(wanted), Value::Array(there)) => {
            wanted.len() == there.len() && wanted.iter().zip(there).all(|(a, b)| agrees(a, b))
        }
        _ => wanted == there,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_there_agrees_if_all_that_was_agreed_is_the_same() {
        let price = json!({ "minor": 250, "currency": "GBP" });
        let line = |quantity| json!({ "sku": "mug", "quantity": quantity, "unit_price": price });
        let wanted = json!({ "id": "1", "customer_id": "ann", "lines": [line(2)] });
        let mut named = line(2);
        named["name"] = json!("Mug");
        let there =
            json!({ "order_id": "1", "customer_id": "ann", "lines": [named], "state": "placed" });
        assert!(agrees(&wanted, &there));
        for (name, other) in
            [("customer_id", json!("bob")), ("lines", json!([line(3)])), ("lines", json!([]))]
        {
            let mut there = there.clone();
            there[name] = other;
            assert!(!agrees(&wanted, &there), "{there}");
        }
    }
}
