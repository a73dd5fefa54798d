//! The API of customers, as data.

use contracts::events::Snapshot;
use contracts::problems;
use runtime::http::Scope::{Price, Read};
use runtime::http::openapi::{Document, Operation, PageOf, standing};
use serde_json::{Value, json};

use super::Registration;
use crate::domain::Details;

pub(super) fn document() -> Document {
    let mut all = vec![
        Operation::get(Read, "/customers", "Customers, by their ids")
            .paged()
            .answers::<PageOf<Snapshot>>(200, "A page of customers"),
        Operation::command(Price, "post", "/customers", "Register a customer")
            .body::<Registration>()
            .example(customer())
            .answers::<Snapshot>(201, "The customer")
            .problem(409, "There is a customer of that id"),
        Operation::get(Read, "/customers/{id}", "One customer")
            .at(&["ann"])
            .answers::<Snapshot>(200, "The customer")
            .problem(404, "There is no such customer"),
        Operation::command(Price, "put", "/customers/{id}", "Change a customer, wholly")
            .at(&["ann"])
            .body::<Details>()
            .example(customer())
            .answers::<Snapshot>(200, "The customer")
            .problem(404, "There is no such customer")
            .problem(409, "The customer is closed"),
        Operation::command(
            Price,
            "post",
            "/customers/{id}/close",
            "Close a customer: no more orders",
        )
        .at(&["bob"])
        .answers::<Snapshot>(200, "The customer")
        .problem(404, "There is no such customer"),
    ];
    all.extend(standing());
    Document::new("customer", "Customers, their addresses and credit limits.", all, &problems::ALL)
}

fn customer() -> Value {
    json!({
        "name": "Ann",
        "address": { "country": "Ireland" },
        "credit_limit": { "minor": 500_000, "currency": "GBP" },
    })
}
