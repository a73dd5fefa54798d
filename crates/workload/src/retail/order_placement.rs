//! Places the orders and cancels what the file cancels, in file order: so many at once, and those of
//! one customer one after the other.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use client::http::{Answer, Call};
use client::run_file::RunFile;
use contracts::{CustomerId, Money, service};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::book::{Book, Invoice};
use super::cancellation_match::{Earlier, Meant, meant};
use super::plan::Plan;
use super::sender::{Sender, run_at_once};

/// What became of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The order was placed.
    Placed,
    /// The order was there before, as it is in the file.
    AlreadyThere,
    /// The order that it means was cancelled.
    Cancelled,
    /// The order that it means had been cancelled before.
    AlreadyCancelled,
    /// The order that it means was confirmed already.
    TooLate,
    /// It means a part of an order only.
    PartOfAnOrder,
    /// It means no order.
    NoOrder,
    /// A service refused, for this kind of problem.
    Refused(String),
}

/// What is done for an invoice.
enum Act {
    /// An order, and where it is then.
    Place(Call, String),
    Cancel(Call),
    Nothing(Fate),
}

/// Sends everything. The fates are in the order of the invoices.
pub(crate) async fn order_all(
    running: &RunFile,
    plan: &Plan,
    book: &Book,
    sender: &Arc<Sender>,
    bar: &ProgressBar,
) -> anyhow::Result<Vec<Fate>> {
    let mut acts = Vec::with_capacity(book.invoices.len());
    let mut earlier: HashMap<&CustomerId, Vec<Earlier>> = HashMap::new();
    for invoice in &book.invoices {
        let earlier = earlier.entry(&invoice.customer).or_default();
        acts.push(act(running, plan, invoice, earlier, &sender.seen())?);
    }
    let mut fates = vec![Fate::NoOrder; acts.len()];
    let mut last_of: HashMap<&CustomerId, oneshot::Receiver<()>> = HashMap::new();
    let jobs = acts.into_iter().zip(&book.invoices).enumerate().map(|(nth, (act, invoice))| {
        let (done, next) = oneshot::channel();
        let before = last_of.insert(&invoice.customer, next);
        in_turn(nth, Arc::clone(sender), act, before, done)
    });
    run_at_once(plan.at_once, jobs, |(nth, fate): (usize, Fate)| {
        bar.inc(1);
        fates[nth] = fate;
    })
    .await?;
    Ok(fates)
}

async fn in_turn(
    nth: usize,
    sender: Arc<Sender>,
    act: Act,
    before: Option<oneshot::Receiver<()>>,
    done: oneshot::Sender<()>,
) -> anyhow::Result<(usize, Fate)> {
    if let Some(before) = before {
        // An error means that the one before is done, too: it has failed, and so will everything.
        if before.await.is_err() {}
    }
    let fate = match act {
        Act::Place(call, url) => {
            let wanted = call.json()?;
            let answer = sender.send(call).await.with_context(|| url.clone())?;
            placed(&sender, &answer, &url, &wanted).await?
        }
        Act::Cancel(call) => cancelled(&sender.send(call).await?),
        Act::Nothing(fate) => fate,
    };
    drop(done);
    Ok((nth, fate))
}

fn act(
    running: &RunFile,
    plan: &Plan,
    invoice: &Invoice,
    earlier: &mut Vec<Earlier>,
    seen: &str,
) -> anyhow::Result<Act> {
    let url = running.url(service::ORDER)?;
    if !invoice.cancels {
        let id = plan.id(&invoice.number)?;
        let call = Call::post(format!("{url}/orders")).body(&order(plan, invoice)?)?;
        let call = call.once_in(plan.scope(&format!("order {id}"))).after(seen);
        let place = format!("{url}/orders/{id}");
        earlier.push(Earlier { id, units: invoice.units(), taken: false });
        return Ok(Act::Place(call, place));
    }
    Ok(match meant(earlier, &invoice.units()) {
        Meant::Whole(id) => {
            let scope = plan.scope(&format!("cancel {}", invoice.number));
            Act::Cancel(Call::post(format!("{url}/orders/{id}/cancel")).once_in(scope))
        }
        Meant::Part => Act::Nothing(Fate::PartOfAnOrder),
        Meant::Nothing => Act::Nothing(Fate::NoOrder),
    })
}

fn order(plan: &Plan, invoice: &Invoice) -> anyhow::Result<Value> {
    let mut lines = Vec::with_capacity(invoice.lines.len());
    for line in &invoice.lines {
        lines.push(json!({
            "sku": plan.id(&line.sku)?,
            "quantity": line.quantity,
            "unit_price": Money::new(line.price_minor, plan.currency),
        }));
    }
    Ok(json!({
        "id": plan.id(&invoice.number)?,
        "customer_id": plan.id(&invoice.customer)?,
        "lines": lines,
        "business_date": invoice.day,
        "deadline_ms": plan.deadline_ms,
        "hand_over_ms": plan.hand_over_ms,
    }))
}

async fn placed(
    sender: &Sender,
    answer: &Answer,
    url: &str,
    wanted: &Value,
) -> anyhow::Result<Fate> {
    if answer.status.is_success() {
        return Ok(if answer.is_replayed() { Fate::AlreadyThere } else { Fate::Placed });
    }
    let fate = refused(answer);
    if fate == Fate::Refused("order-exists".to_owned()) {
        let there = sender.send(Call::get(url)).await?.value();
        if is_the_same(wanted, &there) {
            return Ok(Fate::AlreadyThere);
        }
    }
    Ok(fate)
}

/// Whether an order is the one that is wanted, whatever its times.
fn is_the_same(wanted: &Value, there: &Value) -> bool {
    let same = |a: &Value, b: &Value, names: &[&str]| names.iter().all(|name| a[name] == b[name]);
    let lines = |order: &Value| order["lines"].as_array().cloned().unwrap_or_default();
    let (wanted_lines, lines) = (lines(wanted), lines(there));
    same(wanted, there, &["customer_id", "business_date"])
        && wanted_lines.len() == lines.len()
        && wanted_lines
            .iter()
            .zip(&lines)
            .all(|(wanted, there)| same(wanted, there, &["sku", "quantity", "unit_price"]))
}

fn cancelled(answer: &Answer) -> Fate {
    if answer.status.is_success() {
        return if answer.is_replayed() { Fate::AlreadyCancelled } else { Fate::Cancelled };
    }
    match refused(answer) {
        Fate::Refused(problem) if problem == "too-late" => Fate::TooLate,
        other => other,
    }
}

fn refused(answer: &Answer) -> Fate {
    let problem = answer.problem().map(|problem| problem.kind).filter(|kind| !kind.is_empty());
    Fate::Refused(problem.unwrap_or_else(|| answer.status.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_of_the_same_number_is_the_same_only_if_all_that_was_agreed_is() {
        let order = |quantity: u32, day: &str, name: Option<&str>| {
            let price = json!({ "minor": 250, "currency": "GBP" });
            let mut line = json!({ "sku": "10001", "quantity": quantity, "unit_price": price });
            if let Some(name) = name {
                line["name"] = json!(name);
            }
            json!({ "customer_id": "7", "business_date": day, "lines": [line] })
        };
        let wanted = order(2, "2010-12-01", None);
        assert!(is_the_same(&wanted, &order(2, "2010-12-01", Some("MUG"))));
        assert!(!is_the_same(&wanted, &order(3, "2010-12-01", Some("MUG"))));
        assert!(!is_the_same(&wanted, &order(2, "2010-12-02", Some("MUG"))));
        assert!(!is_the_same(&wanted, &json!({ "customer_id": "7" })));
    }
}
