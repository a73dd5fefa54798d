//! What one product has brought in, and what is left of it.

use contracts::Sku;
use contracts::events::Product;
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use schemars::JsonSchema;
use serde::Serialize;

use super::tally::TallyAnswer;
use crate::keys;
use crate::projections::{OnHand, Seller};
use crate::query::{Answer, Answering, Fresh, NoAnswer, Query, Request};
use crate::reader::{QueryReader, record, too_little};
use crate::records::Grouping;

/// `GET /products/{sku}/sales`.
pub(super) struct ProductSalesQuery;

/// One product's sales: of completed orders, by their business days.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProductSalesAnswer {
    /// The product.
    pub sku: Sku,
    /// The product as of now, if PRODUCT has told of it.
    pub product: Option<Product>,
    /// What it was called in its last completed order, if there is one.
    pub sold_as: Option<String>,
    /// All completed orders with it, in each currency; empty if there is none.
    pub total: Vec<TallyAnswer>,
    /// The newest business months in which it was sold, 24 at most, the newest first.
    pub months: Vec<Month>,
    /// Its stock, if INVENTORY has told of it.
    pub stock: Option<StockOfProduct>,
}

/// One business month.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Month {
    /// The month, such as `2026-01`.
    pub month: String,
    /// Its completed orders.
    pub sales: Vec<TallyAnswer>,
}

/// The stock of one product.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StockOfProduct {
    /// Units on the shelves, reserved ones included.
    pub on_hand: u64,
    /// Units that are set aside for orders.
    pub reserved: u64,
    /// Units that can still be ordered.
    pub available: u64,
}

impl Query for ProductSalesQuery {
    fn operation(&self) -> Operation {
        Operation::get(Read, "/products/{sku}/sales", "What was sold of a product")
            .at(&["mug"])
            .answers::<Fresh<ProductSalesAnswer>>(200, "Its sales")
            .problem(404, "Nothing of it was ever sold, and it is not known")
    }

    fn answer<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let sku = request.id()?;
            Ok(product_sales(request.reader, &sku).await?.into_json()?)
        })
    }
}

/// Reads one product's sales.
///
/// # Errors
/// When the read model cannot be read, or no stream has told of the product.
async fn product_sales(
    reader: QueryReader,
    sku: &Sku,
) -> Result<Answer<ProductSalesAnswer>, NoAnswer> {
    let names = [
        keys::record(keys::PRODUCT, sku.as_str()),
        keys::record(keys::SELLER, &keys::seller(Grouping::Product, sku.as_str())),
        keys::record(keys::ON_HAND, sku.as_str()),
    ];
    let look = reader.look(&names, &[]).await?;
    let [product, seller, on_hand] = &look.records[..] else {
        return Err(too_little().into());
    };
    let product: Option<Product> = record(Some(product))?;
    let seller: Option<Seller> = record(Some(seller))?;
    let on_hand: Option<OnHand> = record(Some(on_hand))?;
    if product.is_none() && seller.is_none() && on_hand.is_none() {
        return Err(NoAnswer::unknown("product", sku, look));
    }
    let sold_as = seller.as_ref().map(|seller| seller.label.clone());
    let seller = seller.unwrap_or_default();
    let sales = ProductSalesAnswer {
        sku: sku.clone(),
        product,
        sold_as,
        total: TallyAnswer::list(&seller.total),
        months: months_of(&seller),
        stock: on_hand.map(StockOfProduct::of),
    };
    Ok(Answer::of(look, sales))
}

fn months_of(seller: &Seller) -> Vec<Month> {
    let months = seller.months.iter().rev();
    months
        .map(|(month, sales)| Month { month: month.clone(), sales: TallyAnswer::list(sales) })
        .collect()
}

impl StockOfProduct {
    const fn of(stock: OnHand) -> Self {
        let (on_hand, available) = (stock.on_hand(), stock.available());
        Self { on_hand, reserved: stock.reserved, available }
    }
}
