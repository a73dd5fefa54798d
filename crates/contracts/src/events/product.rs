//! Products, as their owner publishes them: always the whole new state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Money, Sku};

/// The state of a product. Its version is the sequence of the event that carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Product {
    /// The stock-keeping unit: the product's id.
    pub sku: Sku,
    /// The name; never empty.
    pub name: String,
    /// The price of one unit; never negative.
    pub price: Money,
    /// Discontinued products are not sold any more.
    pub discontinued: bool,
}
