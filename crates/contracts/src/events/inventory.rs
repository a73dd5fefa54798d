//! Stock and reservations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::{Line, Snapshot};
use crate::{Money, OrderId, Sku};

/// `inventory.stocked`: goods came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stocked {
    /// The product.
    pub sku: Sku,
    /// Units that came in; at least 1.
    pub quantity: u32,
    /// Units on the shelves afterwards, reserved ones included.
    pub on_hand: u64,
}

/// `inventory.reserved`: all lines of the order are set aside. Passes on what payment needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reserved {
    /// The order.
    pub order_id: OrderId,
    /// Who ordered, as the order knew it.
    pub customer: Snapshot,
    /// The lines of the order.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: Money,
}

/// A line that cannot be reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shortage {
    /// The product.
    pub sku: Sku,
    /// Units that the order asks for.
    pub wanted: u32,
    /// Units that are on hand and not reserved.
    pub available: u64,
}

/// `inventory.rejected`: nothing of the order is reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected {
    /// The order.
    pub order_id: OrderId,
    /// The lines that fall short; at least one.
    pub shortages: Vec<Shortage>,
}

/// Units of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Units {
    /// The product.
    pub sku: Sku,
    /// Units.
    pub quantity: u32,
}

/// `inventory.released`, `inventory.committed`: what became of a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Returned {
    /// The order.
    pub order_id: OrderId,
    /// What had been reserved.
    pub lines: Vec<Units>,
}
