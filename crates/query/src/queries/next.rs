//! What happens next to one order: who owes which event, who awaits what since when, and how it can end. By the
//! same rules as `murmur trace`, from what is folded.

use contracts::choreography::MURMURATION;
use contracts::{OrderId, kind};
use protocol::choreography::next::{Next, Occurrence, next};
use protocol::{Timestamp, Vector};
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use schemars::JsonSchema;
use serde::Serialize;

use super::order::{FAMILIES, Records};
use crate::keys;
use crate::projections::OrderRecord;
use crate::query::{Answer, Answering, Fresh, NoAnswer, Query, Request};
use crate::reader::QueryReader;
use crate::records::Step;
use crate::saga::Saga;

/// `GET /orders/{id}/next`.
pub(super) struct NextQuery;

/// What happens next to an order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NextAnswer {
    /// The order.
    pub order_id: OrderId,
    /// What happens next to it.
    #[serde(flatten)]
    pub next: Next,
}

impl Query for NextQuery {
    fn operation(&self) -> Operation {
        Operation::get(Read, "/orders/{id}/next", "What happens next to one order")
            .at(&["o-1"])
            .answers::<Fresh<NextAnswer>>(200, "Who owes what, who awaits what, and the ends")
            .problem(404, "There is no such order")
    }

    fn answer<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let id = request.id()?;
            request.parts.end(&[])?;
            Ok(next_of(request.reader, &id).await?.into_json()?)
        })
    }
}

/// What happens next to an order, as far as the read model has come.
///
/// # Errors
/// When the read model cannot be read, or ORDER has not told of the order.
pub async fn next_of(reader: QueryReader, id: &OrderId) -> Result<Answer<NextAnswer>, NoAnswer> {
    let names: Vec<String> =
        FAMILIES.iter().map(|family| keys::record(family, id.as_str())).collect();
    let look = reader.look(&names, &[]).await?;
    let records = Records::of(&look.records)?;
    let saga = records.saga();
    let Some(order) = saga.order else { return Err(NoAnswer::unknown("order", id, look)) };
    let next = next(&MURMURATION, &occurrences(&saga, order));
    Ok(Answer::of(look, NextAnswer { order_id: id.clone(), next }))
}

/// How far each service had read the others is not folded: what made an event says enough of it.
fn occurrences(saga: &Saga<'_>, order: &OrderRecord) -> Vec<Occurrence> {
    let occurrence = |step: &Step| Occurrence {
        kind: step.kind,
        sequence: step.sequence,
        time: step.time,
        cause: step.cause.clone(),
        vector: Vector::default(),
        due: due(step, order),
    };
    saga.timeline().into_iter().map(occurrence).collect()
}

/// When the timer is due that a step has set, if it has set one.
fn due(step: &Step, order: &OrderRecord) -> Option<Timestamp> {
    match step.kind {
        kind::ORDER_PLACED => Some(order.deadline),
        kind::ORDER_PREPARED => order.until,
        _ => None,
    }
}
