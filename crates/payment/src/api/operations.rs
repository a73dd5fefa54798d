//! The API of charges and accounts, as data.

use contracts::events::payment::Settled;
use contracts::problems;
use runtime::http::Scope::{Operate, Read};
use runtime::http::moment::MOMENT;
use runtime::http::openapi::{Document, Operation, standing};
use serde_json::json;

use super::bodies::{AccountBody, AuditedEvent, Settlement};
use crate::tables::Charge;

pub(super) fn document() -> Document {
    const NO_CHARGE: &str = "Nothing was heard of the order";
    let mut all = vec![
        Operation::get(Read, "/accounts/{customer_id}", "What a customer owes")
            .at(&["ann"])
            .query::<String>(
                MOMENT,
                "As it was after this event's number, or at this time; without the limit of then",
            )
            .answers::<AccountBody>(200, "The account")
            .problem(404, "The customer is not known here and was never charged"),
        Operation::command(Operate, "post", "/accounts/{customer_id}/settle", "A customer pays in")
            .undated()
            .at(&["ann"])
            .body::<Settlement>()
            .example(json!({ "amount": { "minor": 100, "currency": "GBP" } }))
            .answers::<Settled>(200, "What was paid in, and what is still owed"),
        Operation::get(Read, "/charges/{order_id}", "The charge of an order")
            .at(&["o-1"])
            .answers::<Charge>(200, "The charge")
            .problem(404, NO_CHARGE),
        Operation::get(Read, "/charges/{order_id}/events", "The audit trail of a charge")
            .at(&["o-1"])
            .answers::<Vec<AuditedEvent>>(200, "All of its events")
            .problem(404, NO_CHARGE),
    ];
    all.extend(standing());
    Document::new("payment", "Charges, refunds, and what each customer owes.", all, &problems::ALL)
}
