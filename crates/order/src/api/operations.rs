//! The API of orders, as data.

use contracts::CustomerId;
use contracts::events::Snapshot;
use contracts::problems;
use runtime::http::Scope::{Read, Write};
use runtime::http::moment::MOMENT;
use runtime::http::openapi::{Document, Operation, PageOf, standing};
use serde_json::json;

use super::bodies::{AuditedEvent, Ended, NewOrder, PlacedOrder, ReplicatedProduct};
use super::details::OrderDetails;
use crate::OrderState;
use crate::tables::OrderRow;

pub(super) fn document() -> Document {
    let mut all = commands();
    all.extend(reads());
    all.extend(standing());
    let description = "Orders, from placed to their one end, with their full audit trail.";
    Document::new("order", description, all, &problems::ALL)
}

fn commands() -> Vec<Operation> {
    vec![
        Operation::command(Write, "post", "/orders", "Place an order")
            .body::<NewOrder>()
            .example(json!({ "customer_id": "ann", "lines": [{ "sku": "mug", "quantity": 2 }] }))
            .answers::<PlacedOrder<'_>>(201, "The order")
            .problem(
                403,
                "A scope is lacking: write, or price where it brings a price or business date",
            )
            .problem(409, "There is an order of that id"),
        Operation::command(Write, "post", "/orders/{id}/cancel", "Cancel an order")
            .at(&["o-2"])
            .answers::<Ended<'_>>(200, "The order is cancelled")
            .problem(404, "There is no such order")
            .problem(409, "It is too late, or the order was rejected"),
    ]
}

fn reads() -> Vec<Operation> {
    const NO_ORDER: &str = "There is no such order";
    vec![
        Operation::get(Read, "/orders", "Orders, newest first")
            .query::<OrderState>("state", "Only those that stand there")
            .query::<CustomerId>("customer", "Only those of this customer")
            .paged()
            .answers::<PageOf<OrderRow>>(200, "A page of orders"),
        Operation::get(Read, "/orders/{id}", "One order")
            .at(&["o-1"])
            .query::<String>(MOMENT, "As it was after this event's number, or at this time")
            .answers::<OrderRow>(200, "The order")
            .problem(404, NO_ORDER),
        Operation::get(
            Read,
            "/orders/{id}/details",
            "One order, joined with the replicas of this service",
        )
        .at(&["o-1"])
        .answers::<OrderDetails>(200, "The order, its customer and its products")
        .problem(404, NO_ORDER),
        Operation::get(Read, "/orders/{id}/events", "The audit trail of an order")
            .at(&["o-1"])
            .answers::<Vec<AuditedEvent>>(200, "All of its events")
            .problem(404, NO_ORDER),
        Operation::get(Read, "/replicas/customers/{id}", "A customer, as known here")
            .at(&["ann"])
            .answers::<Snapshot>(200, "The customer")
            .problem(404, "It is not known here, or not yet"),
        Operation::get(Read, "/replicas/products/{sku}", "A product, as known here")
            .at(&["mug"])
            .answers::<ReplicatedProduct>(200, "The product")
            .problem(404, "It is not known here, or not yet"),
    ]
}
