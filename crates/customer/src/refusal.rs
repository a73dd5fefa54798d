//! Why a command is refused.

use contracts::money::UnacceptableAmount;
use contracts::{Id, Money};
use runtime::http::Problem;
use runtime::warp::http::StatusCode;

use crate::domain::TEXT_BYTES_MAX;

/// Why a command to the customer service is refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The id is taken.
    #[error("customer {0} is registered already")]
    AlreadyRegistered(Id),
    /// There is no such customer.
    #[error("there is no customer {0}")]
    Unknown(Id),
    /// Closed customers do not change any more.
    #[error("customer {0} is closed and changes no more")]
    Closed(Id),
    /// A text that must be there is not.
    #[error("{field} must not be empty")]
    Empty {
        /// Where.
        field: &'static str,
    },
    /// A text is too long.
    #[error("{field} must not be longer than {TEXT_BYTES_MAX} bytes")]
    TooLong {
        /// Where.
        field: &'static str,
    },
    /// A text holds control characters.
    #[error("{field} must not hold control characters")]
    Unprintable {
        /// Where.
        field: &'static str,
    },
    /// A limit below zero.
    #[error("credit_limit must not be negative, it is {0}")]
    NegativeLimit(Money),
    /// A limit that cannot be taken.
    #[error("credit_limit: {0}")]
    UnacceptableLimit(#[from] UnacceptableAmount),
}

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
