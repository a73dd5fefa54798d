//! Why a command is refused, as data.

use contracts::events::TEXT_BYTES_MAX;
use contracts::money::UnacceptableAmount;
use contracts::{CustomerId, Money};

/// Why a command to the customer service is refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The id is taken.
    #[error("customer {0} is registered already")]
    AlreadyRegistered(CustomerId),
    /// There is no such customer.
    #[error("there is no customer {0}")]
    Unknown(CustomerId),
    /// Closed customers do not change any more.
    #[error("customer {0} is closed and changes no more")]
    Closed(CustomerId),
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
