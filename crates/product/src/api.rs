//! The REST API of products.

mod operations;
mod refusals;

use contracts::events::Product;
use contracts::money::NewMoney;
use contracts::{Money, Sku};
use protocol::Id;
use runtime::Handle;
use runtime::entity::{Resource, routes};
use runtime::http::Api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{Details, ProductDomain, Products};

/// The body of a listing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    sku: Sku,
    name: String,
    #[schemars(with = "NewMoney")]
    price: Money,
}

/// A product as it is answered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Versioned {
    version: u64,
    #[serde(flatten)]
    product: Product,
}

/// The API of the product service.
pub fn api(service: Handle<ProductDomain>) -> Api {
    Api::new(routes(service), operations::document())
}

impl Resource for Products {
    type Creation = Listing;
    type Shown = Versioned;

    const PATH: &'static str = "products";
    const END: &'static str = "discontinue";

    fn create(listing: Listing, _: impl FnOnce() -> Id) -> (Id, Details) {
        let Listing { sku, name, price } = listing;
        (sku.into(), Details { name, price })
    }

    fn show(version: u64, product: Product) -> Versioned {
        Versioned { version, product }
    }

    fn shown_id(shown: &Versioned) -> &Id {
        &shown.product.sku
    }
}
