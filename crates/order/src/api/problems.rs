//! What a client is told of a refusal.

use runtime::http::{Problem, StatusCode};

use crate::refusal::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, slug, title) = kind(&refusal);
        Self::new(status, slug, title).detail(refusal.to_string())
    }
}

const fn kind(refusal: &Refusal) -> (StatusCode, &'static str, &'static str) {
    const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    const CONFLICT: StatusCode = StatusCode::CONFLICT;
    match refusal {
        Refusal::UnknownCustomer(_) => (WRONG, "unknown-customer", "The customer is not known"),
        Refusal::CustomerClosed(_) => (WRONG, "customer-closed", "The customer is closed"),
        Refusal::UnknownProduct(_) => (WRONG, "unknown-product", "A product is not known"),
        Refusal::ProductDiscontinued(_) => {
            (WRONG, "product-discontinued", "A product is no longer sold")
        }
        Refusal::Currency { .. } => {
            (WRONG, "currency-mismatch", "A price is in another currency than the customer's")
        }
        Refusal::UnitPrice { .. } => (WRONG, "bad-unit-price", "A price is negative"),
        Refusal::UnacceptablePrice { error, .. } => {
            let (slug, title) = error.problem();
            (WRONG, slug, title)
        }
        Refusal::Quantity { .. } => (WRONG, "bad-quantity", "A quantity is out of bounds"),
        Refusal::AmountOverflow { .. } => (WRONG, "amount-overflow", "The total is too large"),
        Refusal::NoLines => (WRONG, "no-lines", "Nothing is ordered"),
        Refusal::TooManyLines { .. } => (WRONG, "too-many-lines", "The order has too many lines"),
        Refusal::TooLarge { .. } => (WRONG, "order-too-large", "The order is too large"),
        Refusal::Deadline { .. } => (WRONG, "bad-deadline", "The deadline is out of bounds"),
        Refusal::HandOver { .. } => (WRONG, "bad-hand-over", "The window is out of bounds"),
        Refusal::BusinessDate(_) => (WRONG, "bad-business-date", "The business date is no day"),
        Refusal::OrderExists(_) => (CONFLICT, "order-exists", "The order exists already"),
        Refusal::UnknownOrder(_) => {
            (StatusCode::NOT_FOUND, "unknown-order", "There is no such order")
        }
        Refusal::TooLate { .. } => (CONFLICT, "too-late", "It is too late to cancel the order"),
        Refusal::AlreadyRejected(_) => (CONFLICT, "already-rejected", "The order was rejected"),
    }
}
