//! Why a command is refused, as data.

use contracts::events::TEXT_BYTES_MAX as NAME_BYTES_MAX;
use contracts::money::UnacceptableAmount;
use contracts::{Money, Sku};

/// Why a command to the product service is refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The SKU is taken.
    #[error("product {0} is listed already")]
    AlreadyListed(Sku),
    /// There is no such product.
    #[error("there is no product {0}")]
    Unknown(Sku),
    /// Discontinued products do not change any more.
    #[error("product {0} is discontinued and changes no more")]
    Discontinued(Sku),
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
