//! Why a command is refused.

use contracts::{Currency, Id};

use crate::domain::place::{
    DEADLINE_MS_MAX, DEADLINE_MS_MIN, HAND_OVER_MS_MAX, LINES_MAX, PLACED_BYTES_MAX,
};

/// Characters of a wrong date that are said back.
const DATE_CHARACTERS_SHOWN_MAX: usize = 32;

/// Why a command to the order service is refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The id is taken.
    #[error("order {0} exists already: place another order under another id")]
    OrderExists(Id),
    /// The customer is not in the replica.
    #[error(
        "customer {0} is not known here: register the customer, or send the consistency token of \
         the registration"
    )]
    UnknownCustomer(Id),
    /// The customer places no more orders.
    #[error("customer {0} is closed and places no more orders")]
    CustomerClosed(Id),
    /// A product is not in the replica.
    #[error("product {0} is not known here: list it, or send the consistency token of the listing")]
    UnknownProduct(Id),
    /// A product is not sold any more.
    #[error("product {0} is discontinued")]
    ProductDiscontinued(Id),
    /// A price in another currency than the customer's.
    #[error("the price of {sku} is in {price}, the customer's orders are in {customer}")]
    CurrencyMismatch {
        /// The line's product.
        sku: Id,
        /// The currency of its price.
        price: Currency,
        /// The currency of the customer's limit.
        customer: Currency,
    },
    /// The total does not fit.
    #[error("the total does not fit 64 bits of minor units: order less")]
    AmountOverflow,
    /// Nothing is ordered.
    #[error("an order needs at least one line")]
    NoLines,
    /// More is ordered than one event carries.
    #[error("{0} lines are too many, {LINES_MAX} is the limit: place several orders")]
    TooManyLines(usize),
    /// The order is too large for a message, with few lines but long names.
    #[error("an order of {0} bytes is too large, {PLACED_BYTES_MAX} is the limit: place several")]
    TooLarge(usize),
    /// A line of no units.
    #[error("the line of {0} has the quantity 0: order at least 1")]
    NoUnits(Id),
    /// A price below zero.
    #[error("the unit_price of {0} is negative")]
    NegativePrice(Id),
    /// A deadline too near or too far.
    #[error("deadline_ms is {0}, it must be from {DEADLINE_MS_MIN} to {DEADLINE_MS_MAX}")]
    DeadlineOutOfBounds(u32),
    /// A window too long.
    #[error("hand_over_ms is {0}, it must be from 0 to {HAND_OVER_MS_MAX}")]
    HandOverOutOfBounds(u32),
    /// What is no day.
    #[error("business_date {0:?} is no day: write it like 2026-01-31")]
    BadBusinessDate(String),
    /// There is no such order.
    #[error("there is no order {0}")]
    UnknownOrder(Id),
    /// The order has been confirmed, and may have left.
    #[error("order {0} is confirmed: it is too late to cancel it")]
    TooLate(Id),
    /// The order has ended otherwise.
    #[error("order {0} was rejected: there is nothing to cancel")]
    AlreadyRejected(Id),
}

impl Refusal {
    /// The date is none.
    #[must_use]
    pub fn bad_business_date(date: &str) -> Self {
        Self::BadBusinessDate(date.chars().take(DATE_CHARACTERS_SHOWN_MAX).collect())
    }
}
