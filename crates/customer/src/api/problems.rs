//! What a client is told of a refusal.

use runtime::http::{Problem, StatusCode};

use crate::refusal::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, slug, title) = match &refusal {
            Refusal::AlreadyRegistered(_) => {
                (StatusCode::CONFLICT, "customer-exists", "The id is taken")
            }
            Refusal::Unknown(_) => {
                (StatusCode::NOT_FOUND, "unknown-customer", "There is no such customer")
            }
            Refusal::Closed(_) => {
                (StatusCode::CONFLICT, "customer-closed", "The customer is closed")
            }
            Refusal::Empty { .. } | Refusal::TooLong { .. } | Refusal::Unprintable { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid-text", "A text cannot be taken")
            }
            Refusal::NegativeLimit(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "negative-limit", "The limit is negative")
            }
            Refusal::UnacceptableLimit(amount) => {
                let (slug, title) = amount.problem();
                (StatusCode::UNPROCESSABLE_ENTITY, slug, title)
            }
        };
        Self::new(status, slug, title).detail(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use contracts::Money;
    use contracts::money::UnacceptableAmount;
    use protocol::Id;

    use super::*;

    #[test]
    fn each_refusal_has_its_status_and_says_what_is_wrong() {
        let id: Id = "c-1".parse().unwrap();
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
            assert_eq!((problem.status.as_u16(), problem.slug), (status, slug));
            assert!(problem.detail.unwrap().contains(said), "{slug}");
        }
    }
}
