//! Why a command is refused.

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
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, slug, title) = match &refusal {
            Refusal::AlreadyListed(_) => {
                (StatusCode::CONFLICT, "product-exists", "The SKU is taken.")
            }
            Refusal::Unknown(_) => {
                (StatusCode::NOT_FOUND, "unknown-product", "There is no such product.")
            }
            Refusal::Discontinued(_) => {
                (StatusCode::CONFLICT, "product-discontinued", "The product is discontinued.")
            }
            Refusal::EmptyName | Refusal::LongName | Refusal::UnprintableName => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid-name", "The name cannot be taken.")
            }
            Refusal::NegativePrice(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "negative-price", "The price is negative.")
            }
        };
        Self::new(status, slug, title).detail(refusal.to_string())
    }
}
