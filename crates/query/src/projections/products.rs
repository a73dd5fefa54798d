//! Products, as they are now. A fold of PRODUCT.

use contracts::events::Product;
use contracts::{Event, StoredEvent};

use super::{Projection, Told};
use crate::keys;

/// Products, by their SKUs.
#[derive(Debug)]
pub(crate) struct Products;

impl Projection for Products {
    type State = Product;
    type Change = Product;

    const FAMILY: &'static str = keys::PRODUCT;

    fn changes(told: &Told<'_>, change: &mut impl FnMut(&str, Product)) {
        if let Event::ProductListed(product)
        | Event::ProductChanged(product)
        | Event::ProductDiscontinued(product) = &told.event.event
        {
            change(told.id(), product.clone());
        }
    }

    fn apply(record: &mut Option<Product>, product: Product, _: &StoredEvent) {
        *record = Some(product);
    }
}
