//! Why a command is refused.

use contracts::money::UnacceptableAmount;
use contracts::{Id, Money};
use runtime::http::Problem;
use runtime::warp::http::StatusCode;

use crate::domain::NAME_BYTES_MAX;

/// Why a command to the product service is refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The SKU is taken.
    #[error("product {0} is listed already")]
    AlreadyListed(Id),
    /// There is no such product.
    #[error("there is no product {0}")]
    Unknown(Id),
    /// Discontinued products do not change any more.
    #[error("product {0} is discontinued and changes no more")]
    Discontinued(Id),
    /// There is no name.
    #[error("name must not be empty")]
    EmptyName,
    /// The name is too long.
    #[error("name must not be longer than {NAME_BYTES_MAX} bytes")]
    LongName,
    /// The name holds control characters.
    #[error("name must not hold control characters")]
    UnprintableName,
    /// A price below zero.
    #[error("price must not be negative, it is {0}")]
    NegativePrice(Money),
    /// A price that cannot be taken.
    #[error("price: {0}")]
    UnacceptablePrice(#[from] UnacceptableAmount),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, slug, title) = match &refusal {
            Refusal::AlreadyListed(_) => {
                (StatusCode::CONFLICT, "product-exists", "The SKU is taken")
            }
            Refusal::Unknown(_) => {
                (StatusCode::NOT_FOUND, "unknown-product", "There is no such product")
            }
            Refusal::Discontinued(_) => {
                (StatusCode::CONFLICT, "product-discontinued", "The product is discontinued")
            }
            Refusal::EmptyName | Refusal::LongName | Refusal::UnprintableName => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid-name", "The name cannot be taken")
            }
            Refusal::NegativePrice(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "negative-price", "The price is negative")
            }
            Refusal::UnacceptablePrice(amount) => {
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
        let sku: Id = "p-1".parse().unwrap();
        let price = Money::new(-1, "GBP".parse().unwrap());
        let unknown = UnacceptableAmount::UnknownCurrency("ZZZ".parse().unwrap());
        for (refusal, status, slug, said) in [
            (Refusal::AlreadyListed(sku.clone()), 409, "product-exists", "p-1"),
            (Refusal::Unknown(sku.clone()), 404, "unknown-product", "p-1"),
            (Refusal::Discontinued(sku), 409, "product-discontinued", "p-1"),
            (Refusal::EmptyName, 422, "invalid-name", "empty"),
            (Refusal::LongName, 422, "invalid-name", "200 bytes"),
            (Refusal::UnprintableName, 422, "invalid-name", "control characters"),
            (Refusal::NegativePrice(price), 422, "negative-price", "-0.01 GBP"),
            (Refusal::UnacceptablePrice(unknown), 422, "unknown-currency", "price: ZZZ"),
        ] {
            let problem = Problem::from(refusal);
            assert_eq!((problem.status.as_u16(), problem.slug), (status, slug));
            assert!(problem.detail.unwrap().contains(said), "{slug}");
        }
    }
}
