//! Products, as they are now. A fold of PRODUCT.

use contracts::events::Product;
use contracts::{Event, StoredEvent};

use super::{EventContext, Projection};
use crate::keys;

/// Products, by their SKUs.
#[derive(Debug)]
pub(crate) struct Products;

impl Projection for Products {
    type State = Product;
    type Change = Product;

    const FAMILY: &'static str = keys::PRODUCT;

    fn changes(context: &EventContext<'_>, change: &mut impl FnMut(&str, Product)) {
        if let Event::ProductListed(product)
        | Event::ProductChanged(product)
        | Event::ProductDiscontinued(product) = &context.event.event
        {
            change(context.id(), product.clone());
        }
    }

    fn apply(record: &mut Option<Product>, product: Product, _: &StoredEvent) {
        *record = Some(product);
    }
}
