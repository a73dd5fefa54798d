//! The API of stock and reservations, as data.

use contracts::events::inventory::Stocked;
use contracts::problems;
use runtime::http::Scope::{Read, Write};
use runtime::http::openapi::{Document, Operation, PageOf, standing};
use serde_json::json;

use super::{Delivery, ReservationBody, StockBody};

pub(super) fn document() -> Document {
    let mut all = vec![
        Operation::get(Read, "/stock", "Stock, by SKUs")
            .paged()
            .answers::<PageOf<StockBody>>(200, "A page of stock"),
        Operation::get(Read, "/stock/{sku}", "The stock of one product")
            .at(&["mug"])
            .answers::<StockBody>(200, "The stock")
            .problem(404, "Nothing of it was ever stocked"),
        Operation::command(Write, "post", "/stock/{sku}", "Goods come in")
            .undated()
            .at(&["mug"])
            .body::<Delivery>()
            .example(json!({ "quantity": 10 }))
            .answers::<Stocked>(201, "What came in, and what is there now"),
        Operation::get(Read, "/reservations/{order_id}", "What is reserved for an order")
            .at(&["o-1"])
            .answers::<ReservationBody>(200, "The reservation")
            .problem(404, "Nothing was heard of the order"),
    ];
    all.extend(standing());
    Document::new("inventory", "Stock and reservations.", all, &problems::ALL)
}
