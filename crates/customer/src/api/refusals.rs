//! What a client is told of a refusal.

use contracts::problems;
use runtime::http::Problem;

use crate::refusal::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match &refusal {
            Refusal::AlreadyRegistered(_) => &problems::CUSTOMER_EXISTS,
            Refusal::Unknown(_) => &problems::UNKNOWN_CUSTOMER,
            Refusal::Closed(_) => &problems::CUSTOMER_CLOSED,
            Refusal::Empty { .. } | Refusal::TooLong { .. } | Refusal::Unprintable { .. } => {
                &problems::INVALID_TEXT
            }
            Refusal::NegativeLimit(_) => &problems::NEGATIVE_LIMIT,
            Refusal::UnacceptableLimit(amount) => amount.problem(),
        };
        Self::new(kind).detail(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use contracts::CustomerId;

    use super::*;
    use contracts::Money;
    use contracts::money::UnacceptableAmount;

    #[test]
    fn each_refusal_has_its_status_and_says_what_is_wrong() {
        let id: CustomerId = "c-1".parse().unwrap();
        let limit = Money::new(-1, "GBP".parse().unwrap());
        let unknown = UnacceptableAmount::UnknownCurrency("ZZZ".parse().unwrap());
        let field = "name";
        for (refusal, status, slug, said) in [
            (Refusal::AlreadyRegistered(id.clone()), 409, "customer-exists", "c-1"),
            (Refusal::Unknown(id.clone()), 404, "unknown-customer", "c-1"),
            (Refusal::Closed(id), 409, "customer-closed", "c-1"),
            (Refusal::Empty { field }, 422, "invalid-text", "name"),
            (Refusal::TooLong { field }, 422, "invalid-text", "200 bytes"),
            (Refusal::Unprintable { field }, 422, "invalid-text", "name"),
            (Refusal::NegativeLimit(limit), 422, "negative-limit", "-0.01 GBP"),
            (Refusal::UnacceptableLimit(unknown), 422, "unknown-currency", "credit_limit: ZZZ"),
        ] {
            let problem = Problem::from(refusal);
            assert_eq!((problem.status.as_u16(), problem.kind.slug), (status, slug));
            assert!(problem.detail.unwrap().contains(said), "{slug}");
        }
    }
}
