//! Why a command is refused, as data.

use contracts::{Currency, Id, Money};

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such customer is known here.
    UnknownCustomer(Id),
    /// Nothing, or less, was to be paid in.
    Amount(Money),
    /// The customer has no account in this currency.
    Currency {
        /// The currency of what was to be paid in.
        found: Currency,
        /// The currency of the customer's limit.
        wanted: Currency,
    },
    /// All that the customer ever paid in would not fit 64 bits.
    AmountOverflow,
}
