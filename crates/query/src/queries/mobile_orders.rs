//! A customer's orders for a small screen: few fields, short names.
//!
//! How fresh it is stands in the headers and not in the answer, so that the tag of the answer changes
//! only when the answer does, and a phone that asks again is told 304.

use std::time::Duration;

use contracts::{Currency, CustomerId};
use protocol::choreography::State;
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use runtime::warp::http::header;
use schemars::JsonSchema;
use serde::Serialize;

use super::customer_orders::{CustomerOrdersAnswer, OrderInList, customer_orders};
use crate::query::{Answering, Content, Query, Request, problems};

/// `GET /mobile/orders`.
pub(super) struct MobileOrdersQuery;

/// A page of a customer's orders, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MobileOrders {
    /// The orders.
    pub items: Vec<MobileOrder>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
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

impl Query for MobileOrdersQuery {
    fn operation(&self) -> Operation {
        Operation::get(Read, "/mobile/orders", "The same, small")
            .needs::<CustomerId>("customer", "Whose orders")
            .sample("customer", "ann")
            .paged()
            .answers::<MobileOrders>(200, "A page of orders")
            .problem(404, "There is no such customer")
    }

    /// Phones keep them by their tags.
    fn kept_for(&self) -> Duration {
        Duration::ZERO
    }

    fn answer<'a>(&'a self, mut request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let customer = request.parts.need("customer", "whose orders")?;
            request.parts.end(&["limit", "cursor"])?;
            let (customer, page) = (problems::id::<CustomerId>(&customer)?, request.page);
            let after = page.after.as_deref().map(problems::sequence).transpose()?;
            let answer = customer_orders(request.reader, &customer, page.limit, after).await?;
            answer.map(|CustomerOrdersAnswer { items, next, last, .. }| {
                let items = items.into_iter().map(MobileOrder::of).collect();
                let content = Content::tagged_json(&MobileOrders { items, next })?;
                let content = content.with(header::CACHE_CONTROL, "private, no-cache");
                Ok(content.linked(&page, last.as_deref()))
            })
        })
    }
}

impl MobileOrder {
    fn of(order: OrderInList) -> Self {
        let OrderInList { order_id, state, total, units, business_date, .. } = order;
        let (minor, currency) = (total.minor, total.currency);
        Self { id: order_id, state, minor, currency, units, date: business_date }
    }
}
