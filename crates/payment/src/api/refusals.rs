//! What a client is told of a refusal.

use contracts::problems;
use runtime::http::{Problem, StatusCode};

use crate::refusal::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match &refusal {
            Refusal::UnknownCustomer(_) => &problems::UNKNOWN_CUSTOMER,
            Refusal::Amount(_) => &problems::BAD_AMOUNT,
            Refusal::Unacceptable(error) => error.problem(),
            Refusal::Currency { .. } => &problems::CURRENCY_MISMATCH,
            Refusal::AmountOverflow => &problems::AMOUNT_OVERFLOW,
        };
        Self::new(kind).status(StatusCode::UNPROCESSABLE_ENTITY).detail(refusal.to_string())
    }
}
