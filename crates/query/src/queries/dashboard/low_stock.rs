//! Products of which few units are left.

use contracts::events::Product;
use schemars::JsonSchema;
use serde::Serialize;

use crate::keys;
use crate::projections::OnHand;
use crate::reader::page::{Entry, Order, Page, PageRequest};
use crate::reader::{ReadError, record};

/// Units that can still be ordered, below or at which a product is shown.
pub const LOW_UNITS: u64 = 10;

/// Products that are shown, those with fewest units first. All are counted.
pub const LOW_SHOWN: usize = 10;

/// Products of which few units are left.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LowStock {
    /// How many products these are, those that are not shown included.
    pub products: u64,
    /// At how many units a product counts.
    pub at_most_units: u64,
    /// Those with fewest units, ten at most.
    pub fewest: Vec<Low>,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Low {
    /// The product.
    pub sku: String,
    /// Its name, if PRODUCT has told of it.
    pub name: Option<String>,
    /// Whether it is no longer sold anyway.
    pub discontinued: bool,
    /// Units on the shelves, reserved ones included.
    pub on_hand: u64,
    /// Units that are set aside for orders.
    pub reserved: u64,
    /// Units that can still be ordered.
    pub available: u64,
}

pub(super) fn page() -> PageRequest {
    PageRequest {
        high: LOW_UNITS.to_string(),
        ..PageRequest::of(keys::LOW_STOCK, Order::Up, LOW_SHOWN, &[keys::ON_HAND, keys::PRODUCT])
    }
}

impl LowStock {
    pub(super) fn of(page: &Page) -> Result<Self, ReadError> {
        let fewest = page.entries.iter().map(Low::of).collect::<Result<Vec<_>, _>>()?;
        let fewest = fewest.into_iter().flatten().collect();
        Ok(Self { products: page.within, at_most_units: LOW_UNITS, fewest })
    }
}

impl Low {
    fn of(entry: &Entry) -> Result<Option<Self>, ReadError> {
        let on_hand: Option<OnHand> = record(entry.records.first())?;
        let product: Option<Product> = record(entry.records.get(1))?;
        Ok(on_hand.map(|on_hand| Self {
            sku: entry.member.clone(),
            discontinued: product.as_ref().is_some_and(|product| product.discontinued),
            name: product.map(|product| product.name),
            on_hand: on_hand.on_hand(),
            reserved: on_hand.reserved,
            available: on_hand.available(),
        }))
    }
}
