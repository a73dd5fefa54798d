//! Why a command is refused.

use contracts::Sku;

/// The most units of one product that may ever come in. Bounds every sum over stock far below what
/// the database and a JSON reader can count.
pub const STOCKED_MAX: u64 = 1_000_000_000_000;

/// Why a command to the inventory service is refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// This service has not heard of the product.
    #[error("there is no product {0}, or inventory has not heard of it yet")]
    UnknownProduct(Sku),
    /// Discontinued products are not stocked any more.
    #[error("product {0} is discontinued")]
    ProductDiscontinued(Sku),
    /// No units at all.
    #[error("quantity must be at least 1")]
    NoQuantity,
    /// More units than can be counted.
    #[error("product {sku} was stocked {stocked} units so far, and {STOCKED_MAX} is the most")]
    TooMuch {
        /// The product.
        sku: Sku,
        /// Units that came in so far.
        stocked: u64,
    },
}
