//! A customer's orders for a small screen: few fields, short names.
//!
//! How fresh it is stands in the headers and not in the answer, so that the tag of the answer changes
//! only when the answer does, and a phone that asks again is told 304.

use contracts::choreography::State;
use contracts::{Currency, Id};
use schemars::JsonSchema;
use serde::Serialize;

use super::NoAnswer;
use super::customer::{CustomerOrdersAnswer, OrderInList, customer_orders};
use super::freshness::Freshness;
use crate::reader::Reader;

/// A page of a customer's orders, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MobileOrders {
    /// The orders.
    pub items: Vec<MobileOrder>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// The key that the cursor stands for.
    #[serde(skip)]
    pub last: Option<String>,
    /// How fresh all this is.
    #[serde(skip)]
    pub freshness: Freshness,
}

/// One order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MobileOrder {
    /// The order.
    pub id: String,
    /// Its state, by the choreography's name.
    pub state: State,
    /// The sum of its lines, in minor units.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
    /// Units in it.
    pub units: u64,
    /// The day to which the business counts it.
    pub date: String,
}

/// Reads a page of a customer's orders: at most `limit`, behind the cursor `after`.
///
/// # Errors
/// As [`customer_orders`].
pub async fn mobile_orders(
    reader: &Reader,
    customer: &Id,
    limit: usize,
    after: Option<u64>,
) -> Result<MobileOrders, NoAnswer> {
    let page = customer_orders(reader, customer, limit, after).await?;
    let CustomerOrdersAnswer { items, next, last, freshness, .. } = page;
    Ok(MobileOrders {
        items: items.into_iter().map(MobileOrder::of).collect(),
        next,
        last,
        freshness,
    })
}

impl MobileOrder {
    fn of(order: OrderInList) -> Self {
        let OrderInList { order_id, state, total, units, business_date, .. } = order;
        let (minor, currency) = (total.minor, total.currency);
        Self { id: order_id, state, minor, currency, units, date: business_date }
    }
}
