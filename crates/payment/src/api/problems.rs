//! What a client is told of a refusal.

use runtime::http::{Problem, StatusCode};

use crate::refusal::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (slug, title) = match refusal {
            Refusal::UnknownCustomer(_) => ("unknown-customer", "The customer is not known"),
            Refusal::Amount(_) => ("bad-amount", "The amount is not positive"),
            Refusal::Unacceptable(error) => error.problem(),
            Refusal::Currency { .. } => ("currency-mismatch", "The customer has another currency"),
            Refusal::AmountOverflow => ("amount-overflow", "The amount is too large"),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug, title).detail(refusal.to_string())
    }
}
