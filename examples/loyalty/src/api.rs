//! The REST API: it only reads.

use contracts::CustomerId;
use protocol::problem_kinds;
use runtime::http::Scope::Read;
use runtime::http::openapi::{Document, Operation, standing};
use runtime::http::{self, Api, Problem, Response, StatusCode};
use runtime::warp::{self, Filter};
use runtime::{Handle, Token};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::LoyaltyDomain;
use crate::tables;

problem_kinds! {
    /// What else than points can be answered.
    pub(crate) PROBLEMS;
    NO_POINTS: 404, "no-points", "The customer has no points" {
        when: "The customer has placed no order, or loyalty has not heard of it yet.",
        remedy: "Check the id. Straight after placing, send the Murmur-Token of that answer.",
        example: "c-9 has placed no order",
    }
}

/// The points of a customer.
#[derive(Debug, Serialize, JsonSchema)]
struct PointsBody {
    customer_id: CustomerId,
    /// Earned.
    points: u64,
    /// Promised for orders that are under way.
    promised: u64,
}

/// The API of the loyalty service.
pub fn api(service: Handle<LoyaltyDomain>) -> Api {
    let service = warp::any().map(move || service.clone());
    let one = warp::path("points").and(http::id()).and(warp::path::end());
    let find = one.and(warp::get()).and(service).and(http::token()).then(find);
    Api::new(find.boxed(), document())
}

async fn find(customer_id: CustomerId, service: Handle<LoyaltyDomain>, after: Token) -> Response {
    let wanted = customer_id.clone();
    match service.read(after, move |state| tables::account(state, &wanted)).await {
        Ok(Some(tables::Account { points, promised })) => {
            http::json(StatusCode::OK, &PointsBody { customer_id, points, promised })
        }
        Ok(None) => {
            let detail = format!("{customer_id} has placed no order");
            Problem::new(&NO_POINTS).detail(detail).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

fn document() -> Document {
    let mut all = vec![
        Operation::get(Read, "/points/{customer_id}", "The points of a customer")
            .at(&["ann"])
            .answers::<PointsBody>(200, "The points")
            .problem(404, "The customer has placed no order"),
    ];
    all.extend(standing());
    Document::new(
        "loyalty",
        "Points. They follow from orders; nobody commands them.",
        all,
        &[PROBLEMS],
    )
}
