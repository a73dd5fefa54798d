//! The API of products, as data.

use runtime::http::Scope::{Price, Read};
use runtime::http::openapi::{Document, Operation, PageOf, standing};

use super::{Listing, Versioned};
use crate::domain::Details;

pub(super) fn document() -> Document {
    let mut all = vec![
        Operation::get(Read, "/products", "Products, by their SKUs")
            .paged()
            .answers::<PageOf<Versioned>>(200, "A page of products"),
        Operation::command(Price, "post", "/products", "List a product")
            .body::<Listing>()
            .answers::<Versioned>(201, "The product")
            .problem(409, "There is a product of that SKU"),
        Operation::get(Read, "/products/{sku}", "One product")
            .answers::<Versioned>(200, "The product")
            .problem(404, "There is no such product"),
        Operation::command(Price, "put", "/products/{sku}", "Change a product, wholly")
            .body::<Details>()
            .answers::<Versioned>(200, "The product")
            .problem(404, "There is no such product")
            .problem(409, "The product is discontinued"),
        Operation::command(
            Price,
            "post",
            "/products/{sku}/discontinue",
            "Sell a product no longer",
        )
        .answers::<Versioned>(200, "The product")
        .problem(404, "There is no such product"),
    ];
    all.extend(standing());
    Document::new("product", "The catalogue and its prices.", &all)
}
