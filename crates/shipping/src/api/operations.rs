//! The API of shipments, as data.

use contracts::problems;
use runtime::http::Scope::Read;
use runtime::http::openapi::{Document, Operation, PageOf, standing};

use super::ShipmentBody;

pub(super) fn document() -> Document {
    let mut all =
        vec![
            Operation::get(Read, "/shipments", "Shipments, by their orders")
                .paged()
                .answers::<PageOf<ShipmentBody>>(200, "A page of shipments"),
            Operation::get(Read, "/shipments/{order_id}", "The shipment of an order")
                .at(&["o-1"])
                .answers::<ShipmentBody>(200, "The shipment")
                .problem(404, "There is no such shipment"),
        ];
    all.extend(standing());
    Document::new(
        "shipping",
        "Shipments. They follow from events; nobody commands them.",
        all,
        &problems::ALL,
    )
}
