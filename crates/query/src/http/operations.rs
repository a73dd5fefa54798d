//! The API of the read side, as data.
//!
//! Deliberately absent from the document: what belongs to the live page and to the operator, which have no promise of
//! staying as they are: `/live`, `/choreography` and `/generations`.

use contracts::Id;
use runtime::http::openapi::{Document, Operation, standing as of_every_process};

use super::standing::StatusAnswer;
use crate::answers::customer::CustomerOrdersAnswer;
use crate::answers::dashboard::Dashboard;
use crate::answers::mobile::MobileOrders;
use crate::answers::order::OrderAnswer;
use crate::answers::product::ProductSalesAnswer;
use crate::answers::report::SalesReport;
use crate::processes::Processes;
use crate::search::SearchAnswer;

const BUILT: &str = "The read model is being built, or cannot be reached";

const CSV: &str = "The report. As CSV, the column `row` tells groups from totals, and a key or a label \
    that would begin a formula begins with an apostrophe";

const QUESTION: &str = "An id, or words or their beginnings: at most the first eight count. Case, accents \
    and the form in which letters are encoded make no difference";

/// All operations.
#[must_use]
pub fn document() -> Document {
    let mut all = of_every_process();
    all.retain(|operation| operation.path() != "/status");
    all.push(
        Operation::plain("get", "/status", "How it stands")
            .answers::<StatusAnswer>(200, "How it stands"),
    );
    all.push(
        Operation::plain("get", "/processes", "How each service is, by its own word")
            .answers::<Processes>(200, "The broker, and the process of each service"),
    );
    all.extend(views());
    all.extend(lists());
    all.extend(hidden());
    let description =
        "The read side: all streams folded, and the questions that no service answers.";
    Document::new("query", description, &all)
}

fn views() -> Vec<Operation> {
    let all = [
        Operation::get("/orders/{id}", "One order, with all that belongs to it")
            .answers::<OrderAnswer>(200, "The order")
            .problem(404, "There is no such order"),
        Operation::get("/dashboard", "Everything at a glance")
            .answers::<Dashboard>(200, "The dashboard"),
        Operation::get("/products/{sku}/sales", "What was sold of a product")
            .answers::<ProductSalesAnswer>(200, "Its sales")
            .problem(404, "Nothing of it was ever sold, and it is not known"),
        Operation::get(
            "/reports/sales",
            "Sales by day, product, customer or country: 366 days at most",
        )
        .needs::<DayText>("from", "The first business day")
        .needs::<DayText>("to", "The last business day")
        .query::<GroupingText>("by", "What makes a row; days, if it is left out")
        .query::<FormatText>("format", "As what it is answered; as JSON, if it is left out")
        .answers::<SalesReport>(200, "The report")
        .answers_text(200, "text/csv", CSV)
        .problem(422, "It would have too many rows"),
    ];
    all.map(|operation| operation.problem(503, BUILT)).into()
}

fn hidden() -> [Operation; 12] {
    [
        Operation::file("/"),
        Operation::file("/page/{*file}"),
        Operation::file("/contract"),
        Operation::file("/contract/{*file}"),
        Operation::hidden("get", "/live"),
        Operation::hidden("get", "/choreography"),
        Operation::hidden("get", "/generations"),
        Operation::hidden("post", "/generations"),
        Operation::hidden("get", "/generations/{id}/comparison")
            .query::<String>("view", "Only this one"),
        Operation::hidden("get", "/generations/{id}/records")
            .query::<u64>("cursor", "The `next` of the page before")
            .query::<String>("index", "Of an index that a page has named as too large for it"),
        Operation::hidden("post", "/generations/{id}/activate"),
        Operation::hidden("delete", "/generations/{id}"),
    ]
}

fn lists() -> Vec<Operation> {
    let all = [
        Operation::get("/customers/{id}/orders", "A customer's orders, newest first")
            .paged()
            .answers::<CustomerOrdersAnswer>(200, "A page of orders")
            .problem(404, "There is no such customer"),
        Operation::get("/mobile/orders", "The same, small")
            .needs::<Id>("customer", "Whose orders")
            .paged()
            .answers::<MobileOrders>(200, "A page of orders")
            .problem(404, "There is no such customer"),
        Operation::get("/search", "Orders, customers and products, by their beginnings")
            .needs::<WordsText>("q", QUESTION)
            .query::<KindText>("kind", "Only of this kind")
            .query::<StateText>("state", "Only what is in this state, by the choreography's name")
            .query::<DayText>("from", "Only what is from this day on")
            .query::<DayText>("to", "Only what is up to this day")
            .paged()
            .answers::<SearchAnswer>(200, "What was found"),
    ];
    all.map(|operation| operation.problem(503, BUILT)).into()
}

runtime::described_text!(DayText, { "type": "string", "format": "date" });
runtime::described_text!(GroupingText, {
    "type": "string", "enum": ["day", "product", "customer", "country"]
});
runtime::described_text!(FormatText, { "type": "string", "enum": ["json", "csv"] });
runtime::described_text!(StateText, { "type": "string", "minLength": 1 });
runtime::described_text!(KindText, {
    "type": "string", "enum": ["orders", "products", "customers"]
});
runtime::described_text!(WordsText, { "type": "string", "minLength": 1, "maxLength": 200 });
