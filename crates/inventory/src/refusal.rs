//! Why a command is refused.

use contracts::Id;

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
