//! Why a command is refused.

use contracts::Id;
use runtime::http::Problem;
use runtime::warp::http::StatusCode;

use crate::domain::STOCKED_MAX;

/// Why a command to the inventory service is refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// This service has not heard of the product.
    #[error("there is no product {0}, or inventory has not heard of it yet")]
    UnknownProduct(Id),
    /// Discontinued products are not stocked any more.
    #[error("product {0} is discontinued")]
    ProductDiscontinued(Id),
    /// No units at all.
    #[error("quantity must be at least 1")]
    NoQuantity,
    /// More units than can be counted.
    #[error("product {sku} was stocked {stocked} units so far, and {STOCKED_MAX} is the most")]
    TooMuch {
        /// The product.
        sku: Id,
        /// Units that came in so far.
        stocked: u64,
    },
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (slug, title) = match &refusal {
            Refusal::UnknownProduct(_) => ("unknown-product", "There is no such product"),
            Refusal::ProductDiscontinued(_) => {
                ("product-discontinued", "The product is discontinued")
            }
            Refusal::NoQuantity => ("invalid-quantity", "The quantity is too small"),
            Refusal::TooMuch { .. } => ("too-much-stock", "The quantity is too large"),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug, title).detail(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_says_what_is_wrong() {
        let sku: Id = "p-1".parse().unwrap();
        for (refusal, slug, said) in [
            (Refusal::UnknownProduct(sku.clone()), "unknown-product", "p-1"),
            (Refusal::ProductDiscontinued(sku.clone()), "product-discontinued", "p-1"),
            (Refusal::NoQuantity, "invalid-quantity", "at least 1"),
            (Refusal::TooMuch { sku, stocked: 7 }, "too-much-stock", "7 units"),
        ] {
            let problem = Problem::from(refusal);
            assert_eq!((problem.status.as_u16(), problem.slug), (422, slug));
            assert!(problem.detail.unwrap().contains(said), "{slug}");
        }
    }
}
