//! Why a command is refused, as data; its text is the sentence for the client.

use contracts::money::{AMOUNT_MINOR_MAX, UnacceptableAmount};
use contracts::{Currency, CustomerId, Money, OrderId, Sku};

use crate::domain::decide::place::{LINES_MAX, ORDER_BYTES_MAX, QUANTITY_MAX};
use crate::domain::state::OrderState;
use crate::domain::{DEADLINE_MS_MAX, DEADLINE_MS_MIN, HAND_OVER_MS_MAX};

/// Why a command is refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such customer is known here.
    #[error(
        "customer {0} is not known here: register it, or send the token of its registration as \
         Murmur-Token"
    )]
    UnknownCustomer(CustomerId),
    /// The customer takes no more orders.
    #[error("customer {0} is closed and places no more orders")]
    CustomerClosed(CustomerId),
    /// No such product is known here.
    #[error(
        "product {0} is not known here: list it, or send the token of its listing as Murmur-Token"
    )]
    UnknownProduct(Sku),
    /// The product is no longer sold.
    #[error("product {0} is discontinued")]
    ProductDiscontinued(Sku),
    /// A price in another currency than the customer's.
    #[error("the price of {sku} is in {found}, but the customer's orders are in {wanted}")]
    Currency {
        /// The product.
        sku: Sku,
        /// The currency of its price.
        found: Currency,
        /// The customer's currency.
        wanted: Currency,
    },
    /// A negative price.
    #[error("the unit_price of {sku} is {unit_price}: it must not be negative")]
    UnitPrice {
        /// The product.
        sku: Sku,
        /// The price asked for.
        unit_price: Money,
    },
    /// A price that cannot be taken.
    #[error("the unit_price of {sku}: {error}")]
    UnacceptablePrice {
        /// The product.
        sku: Sku,
        /// Why not.
        error: UnacceptableAmount,
    },
    /// A quantity that nobody can order.
    #[error("the quantity of {sku} is {quantity}: it must be from 1 to {QUANTITY_MAX}")]
    Quantity {
        /// The product.
        sku: Sku,
        /// The quantity asked for.
        quantity: i64,
    },
    /// The total is more than an order may come to.
    #[error(
        "the total is more than {}, the most that an order may come to: order less",
        Money::new(AMOUNT_MINOR_MAX, *currency)
    )]
    AmountOverflow {
        /// The customer's currency.
        currency: Currency,
    },
    /// An order of nothing.
    #[error("an order needs at least one line")]
    NoLines,
    /// More lines than one order may have.
    #[error("{lines} lines are too many: an order has at most {LINES_MAX}, place several orders")]
    TooManyLines {
        /// How many.
        lines: usize,
    },
    /// More bytes than one order may have.
    #[error(
        "the order takes {bytes} bytes with the names of its products, {ORDER_BYTES_MAX} is the \
         limit: place several orders"
    )]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// The deadline is out of bounds.
    #[error("deadline_ms is {deadline_ms}: it must be from {DEADLINE_MS_MIN} to {DEADLINE_MS_MAX}")]
    Deadline {
        /// What was asked for.
        deadline_ms: u32,
    },
    /// The hand-over window is out of bounds.
    #[error("hand_over_ms is {hand_over_ms}: it must be from 0 to {HAND_OVER_MS_MAX}")]
    HandOver {
        /// What was asked for.
        hand_over_ms: u32,
    },
    /// A text that is no day, or one of no business that can have been.
    #[error("business_date is {0:?}: write a day from 1970-01-01 to tomorrow, such as 2026-01-31")]
    BusinessDate(String),
    /// There is an order of that id already.
    #[error("there is an order {0} already: place this one under another id")]
    OrderExists(OrderId),
    /// There is no order of that id.
    #[error("there is no order {0}")]
    UnknownOrder(OrderId),
    /// The order is confirmed or has left.
    #[error("order {order_id} is {}: it is too late to cancel it", stage.name())]
    TooLate {
        /// The order.
        order_id: OrderId,
        /// Where it stands.
        stage: OrderState,
    },
    /// The order has ended: it was rejected.
    #[error("order {0} was rejected: there is nothing to cancel")]
    AlreadyRejected(OrderId),
}
