//! Charges, refunds and what customers owe. What a customer owes (is outstanding) is charges less
//! refunds less what was paid in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::{Line, Snapshot};
use crate::{CustomerId, Money, OrderId};

/// `payment.charged`: the order's total was charged. Passes on what shipping needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Charged {
    /// The order.
    pub order_id: OrderId,
    /// The customer by whose limit this was decided: the newer of order's and payment's own view.
    /// Names the limit and its version.
    pub customer: Snapshot,
    /// The lines of the order.
    pub lines: Vec<Line>,
    /// What was charged: the order's total.
    pub amount: Money,
    /// What the customer owes after this charge; at most the limit.
    pub outstanding: Money,
}

/// Why a charge was declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// It would have taken the customer over the credit limit.
    OverLimit,
    /// The customer is closed.
    CustomerClosed,
    /// The limit is in another currency.
    Currency,
}

/// `payment.declined`: nothing was charged, and nothing will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declined {
    /// The order.
    pub order_id: OrderId,
    /// The customer.
    pub customer_id: CustomerId,
    /// Why.
    pub reason: DeclineReason,
    /// What was to be charged.
    pub amount: Money,
    /// What the customer owes without it.
    pub outstanding: Money,
    /// The limit by which this was decided.
    pub limit: Money,
    /// The version of the customer that names this limit.
    pub customer_version: u64,
}

/// `payment.refunded`: the charge of the order was paid back, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refunded {
    /// The order.
    pub order_id: OrderId,
    /// The customer.
    pub customer_id: CustomerId,
    /// What was paid back.
    pub amount: Money,
    /// What the customer owes afterwards; negative if the customer has paid in more.
    pub outstanding: Money,
}

/// `payment.voided`: the order was cancelled before anything was charged; never charge it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Voided {
    /// The order.
    pub order_id: OrderId,
}

/// `payment.settled`: the customer paid in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settled {
    /// The customer.
    pub customer_id: CustomerId,
    /// What was paid in; positive.
    pub amount: Money,
    /// What the customer owes afterwards.
    pub outstanding: Money,
}
