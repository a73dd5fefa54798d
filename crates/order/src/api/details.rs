//! One order joined, in this service, with its own replicas of customer and products: no other
//! service is asked, and none has to be there.

use contracts::events::Snapshot;
use contracts::{OrderId, Sku};
use engine::StateError;
use runtime::http::{self, Problem, Response, StatusCode};
use runtime::{Handle, Token};
use schemars::JsonSchema;
use serde::Serialize;

use super::bodies::ReplicatedProduct;
use crate::tables::{self, OrderRow};
use crate::{OrderDomain, Refusal};

/// An order, and what is known here of its customer and products now.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct OrderDetails {
    order: OrderRow,
    /// None until the replica has heard of the customer.
    customer: Option<Snapshot>,
    /// In the order of the lines, each once.
    products: Vec<ReplicatedProduct>,
}

pub(super) async fn order_details(
    id: OrderId,
    service: Handle<OrderDomain>,
    after: Token,
) -> Response {
    let wanted = id.clone();
    match service.read(after, move |state| tables::order(state, &wanted)).await {
        Ok(Some(order)) => match joined(order, &service) {
            Ok(details) => http::json(StatusCode::OK, &details),
            Err(error) => Problem::from(error).into_response(),
        },
        Ok(None) => Problem::from(Refusal::UnknownOrder(id)).into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn joined(order: OrderRow, service: &Handle<OrderDomain>) -> Result<OrderDetails, StateError> {
    let replicas = service.replicas();
    let customer = replicas.find(&order.customer_id)?;
    let customer = customer.map(|(version, customer)| Snapshot { version, customer });
    let mut skus: Vec<&Sku> = Vec::new();
    for line in &order.lines {
        if !skus.contains(&&line.sku) {
            skus.push(&line.sku);
        }
    }
    let mut products = Vec::new();
    for sku in skus {
        let found = replicas.find(sku)?;
        products.extend(found.map(|(version, product)| ReplicatedProduct { version, product }));
    }
    Ok(OrderDetails { order, customer, products })
}
