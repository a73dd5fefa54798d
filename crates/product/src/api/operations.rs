//! The API of products, as data.

use contracts::problems;
use runtime::http::Scope::{Price, Read};
use runtime::http::openapi::{Document, Operation, PageOf, standing};
use serde_json::json;

use super::{Listing, Versioned};
use crate::domain::Details;

pub(super) fn document() -> Document {
    let mut all = vec![
        Operation::get(Read, "/products", "Products, by their SKUs")
            .paged()
            .answers::<PageOf<Versioned>>(200, "A page of products"),
        Operation::command(Price, "post", "/products", "List a product")
            .body::<Listing>()
            .example(json!({ "sku": "cup", "name": "Cup", "price": { "minor": 180, "currency": "GBP" } }))
            .answers::<Versioned>(201, "The product")
            .problem(409, "There is a product of that SKU"),
        Operation::get(Read, "/products/{sku}", "One product")
            .at(&["mug"])
            .answers::<Versioned>(200, "The product")
            .problem(404, "There is no such product"),
        Operation::command(Price, "put", "/products/{sku}", "Change a product, wholly")
            .at(&["mug"])
            .body::<Details>()
            .example(json!({ "name": "Mug", "price": { "minor": 250, "currency": "GBP" } }))
            .answers::<Versioned>(200, "The product")
            .problem(404, "There is no such product")
            .problem(409, "The product is discontinued"),
        Operation::command(
            Price,
            "post",
            "/products/{sku}/discontinue",
            "Sell a product no longer",
        )
        .at(&["jug"])
        .answers::<Versioned>(200, "The product")
        .problem(404, "There is no such product"),
    ];
    all.extend(standing());
    Document::new("product", "The catalogue and its prices.", all, &problems::ALL)
}
