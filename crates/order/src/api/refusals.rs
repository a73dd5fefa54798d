//! What a client is told of a refusal.

use contracts::problems;
use protocol::ProblemKind;
use runtime::http::{Problem, StatusCode};

use crate::refusal::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let problem = Self::new(kind(&refusal));
        let problem = match in_the_body(&refusal) {
            true => problem.status(StatusCode::UNPROCESSABLE_ENTITY),
            false => problem,
        };
        problem.detail(refusal.to_string())
    }
}

fn kind(refusal: &Refusal) -> &'static ProblemKind {
    match refusal {
        Refusal::UnknownCustomer(_) => &problems::UNKNOWN_CUSTOMER,
        Refusal::CustomerClosed(_) => &problems::CUSTOMER_CLOSED,
        Refusal::UnknownProduct(_) => &problems::UNKNOWN_PRODUCT,
        Refusal::ProductDiscontinued(_) => &problems::PRODUCT_DISCONTINUED,
        Refusal::Currency { .. } => &problems::CURRENCY_MISMATCH,
        Refusal::UnitPrice { .. } => &problems::BAD_UNIT_PRICE,
        Refusal::UnacceptablePrice { error, .. } => error.problem(),
        Refusal::Quantity { .. } => &problems::BAD_QUANTITY,
        Refusal::AmountOverflow { .. } => &problems::AMOUNT_OVERFLOW,
        Refusal::NoLines => &problems::NO_LINES,
        Refusal::TooManyLines { .. } => &problems::TOO_MANY_LINES,
        Refusal::TooLarge { .. } => &problems::ORDER_TOO_LARGE,
        Refusal::Deadline { .. } => &problems::BAD_DEADLINE,
        Refusal::HandOver { .. } => &problems::BAD_HAND_OVER,
        Refusal::BusinessDate(_) => &problems::BAD_BUSINESS_DATE,
        Refusal::OrderExists(_) => &problems::ORDER_EXISTS,
        Refusal::UnknownOrder(_) => &problems::UNKNOWN_ORDER,
        Refusal::TooLate { .. } => &problems::TOO_LATE,
        Refusal::AlreadyRejected(_) => &problems::ALREADY_REJECTED,
    }
}

/// Whether it is about what a new order names, and not about what the path does.
const fn in_the_body(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::UnknownCustomer(_)
            | Refusal::CustomerClosed(_)
            | Refusal::UnknownProduct(_)
            | Refusal::ProductDiscontinued(_)
    )
}
