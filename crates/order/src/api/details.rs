//! One order joined, in this service, with its own replicas of customer and products: no other
//! service is asked, and none has to be there.

use contracts::Id;
use contracts::events::Snapshot;
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

pub(super) async fn order_details(id: Id, service: Handle<OrderDomain>, after: Token) -> Response {
    let wanted = id.clone();
    match service.read(after, move |state| tables::order(state, &wanted)).await {
        Ok(Some(order)) => http::json(StatusCode::OK, &joined(order, &service)),
        Ok(None) => Problem::from(Refusal::UnknownOrder(id)).into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn joined(order: OrderRow, service: &Handle<OrderDomain>) -> OrderDetails {
    let replicas = service.replicas();
    let customer = replicas.customers().get(&order.customer_id).map(|entry| {
        let (version, customer) = entry.value().clone();
        Snapshot { version, customer }
    });
    let mut skus: Vec<&Id> = Vec::new();
    for line in &order.lines {
        if !skus.contains(&&line.sku) {
            skus.push(&line.sku);
        }
    }
    let product = |sku: &Id| {
        let entry = replicas.products().get(sku)?;
        let (version, product) = entry.value().clone();
        Some(ReplicatedProduct { version, product })
    };
    let products = skus.into_iter().filter_map(product).collect();
    OrderDetails { order, customer, products }
}
