//! Why a command is refused, as data; its text is the sentence for the client.

use contracts::money::UnacceptableAmount;
use contracts::{Currency, CustomerId, Money};

/// Why a command is refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such customer is known here.
    #[error(
        "customer {0} is not known here: register it, or send the token of its registration as \
         Murmur-Token"
    )]
    UnknownCustomer(CustomerId),
    /// Nothing, or less, was to be paid in.
    #[error("{0} cannot be paid in: the amount must be positive")]
    Amount(Money),
    /// An amount that cannot be taken.
    #[error("amount: {0}")]
    Unacceptable(UnacceptableAmount),
    /// The customer has no account in this currency.
    #[error("the customer owes nothing in {found}: pay in {wanted}")]
    Currency {
        /// The currency of what was to be paid in.
        found: Currency,
        /// The currency of the customer's limit.
        wanted: Currency,
    },
    /// All that the customer ever paid in would not fit 64 bits.
    #[error("all that the customer ever paid in would not fit 64 bits of minor units: pay in less")]
    AmountOverflow,
}
