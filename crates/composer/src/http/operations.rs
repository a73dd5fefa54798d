//! The API of the composer, as data.

use contracts::problems;
use runtime::http::Scope::Read;
use runtime::http::openapi::{Document, Operation, standing as of_every_process, tags};

use super::standing::{BreakerAnswer, StatusAnswer};
use crate::order_details::OrderDetails;
use crate::overview::Overview;

pub(super) fn document() -> Document {
    const AWAY: &str = "The owners cannot be asked, and nothing is known from before";
    let mut all = of_every_process();
    all.retain(|operation| operation.path() != "/status");
    all.extend([
        Operation::get(Read, "/order-details/{id}", "One order with all that belongs to it")
            .at(&["o-1"])
            .answers::<OrderDetails>(200, "The order; `complete` says whether nothing is missing")
            .problem(404, "There is no such order")
            .problem(503, AWAY),
        Operation::get(
            Read,
            "/customers/{id}/overview",
            "One customer with what is owed and ordered",
        )
        .at(&["ann"])
        .query::<String>("state", "Only orders that stand there")
        .paged()
        .answers::<Overview>(200, "The customer; `complete` says whether nothing is missing")
        .problem(404, "There is no such customer")
        .problem(503, AWAY),
        Operation::plain(Read, "get", "/breakers", "The circuit breaker of each owner")
            .tagged(tags::OPERATOR)
            .answers::<Vec<BreakerAnswer>>(200, "All breakers"),
        Operation::plain(Read, "get", "/status", "How it stands")
            .tagged(tags::PROCESS)
            .answers::<StatusAnswer>(200, "How it stands"),
    ]);
    Document::new(
        "composer",
        "Questions across services, answered by asking their owners.",
        all,
        &problems::ALL,
    )
}
