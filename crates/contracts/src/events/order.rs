//! Orders: what was agreed, and how it went on.

use protocol::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::Customer;
use crate::{Money, OrderId, Sku};

/// A customer as known to whoever wrote the event, so that the next service need not have heard of
/// the customer yet. Of two snapshots the one with the higher version is newer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Sequence in the CUSTOMER stream of the state below.
    pub version: u64,
    /// The state.
    #[serde(flatten)]
    pub customer: Customer,
}

/// Most units in one line that a client may order. All lines of an order together still fit 32 bits, so
/// that no later service can overflow when it adds them up.
pub const QUANTITY_MAX: u32 = 1_000_000;

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The product.
    pub sku: Sku,
    /// The product's name when the order was placed.
    pub name: String,
    /// Units; at least 1.
    pub quantity: u32,
    /// The price of one unit that was agreed.
    pub unit_price: Money,
}

/// `order.placed`: an order was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Placed {
    /// The order.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer: Snapshot,
    /// What was ordered; at least one line. A product may stand in several lines at several prices.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: Money,
    /// When an order that is still `placed` is cancelled.
    pub deadline: Timestamp,
    /// How long the order stays `prepared` before it is confirmed; 0 for not at all.
    pub hand_over_ms: u32,
    /// The day to which the business counts the order (`2026-01-31`).
    pub business_date: String,
}

/// `order.prepared`: stock, money and shipment are taken; people may still change their minds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Prepared {
    /// The order.
    pub order_id: OrderId,
    /// When the hand-over window closes and the order is confirmed.
    pub until: Timestamp,
}

/// `order.confirmed`: from here on it is too late to cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confirmed {
    /// The order.
    pub order_id: OrderId,
}

/// Why an order ended as it did.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The goods have left.
    Dispatched,
    /// A line could not be reserved.
    OutOfStock,
    /// The charge was declined.
    PaymentDeclined,
    /// A command asked for it.
    Requested,
    /// The order was not confirmed in time.
    DeadlinePassed,
    /// The shipment could not be made or could not leave.
    ShipmentFailed,
}

/// `order.completed`, `order.rejected`, `order.cancelled`: the one end of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// The order.
    pub order_id: OrderId,
    /// Why.
    pub reason: EndReason,
    /// A sentence for people; may be empty.
    #[serde(default)]
    pub detail: String,
}
