//! A customer's orders, newest first.

use contracts::CustomerId;
use contracts::Money;
use contracts::events::Customer;
use protocol::Timestamp;
use protocol::choreography::State;
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use schemars::JsonSchema;
use serde::Serialize;

use crate::keys;
use crate::projections::OrderRecord;
use crate::projections::orders::End;
use crate::query::{Answer, Answering, Content, Fresh, NoAnswer, Query, Request, problems};
use crate::reader::page::{Entry, Order, PageRequest};
use crate::reader::{QueryReader, ReadError, record};

/// `GET /customers/{id}/orders`.
pub(super) struct CustomerOrdersQuery;

/// A page of a customer's orders.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CustomerOrdersAnswer {
    /// The customer as of now, if CUSTOMER has told of it.
    pub customer: Option<Customer>,
    /// How many orders there are on all pages.
    pub total: u64,
    /// The orders of this page, newest first.
    pub items: Vec<OrderInList>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// The key that the cursor stands for.
    #[serde(skip)]
    pub last: Option<String>,
}

/// One order, in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderInList {
    /// The order.
    pub order_id: String,
    /// Its state, by the choreography's name.
    pub state: State,
    /// How it ended, once it has.
    pub end: Option<End>,
    /// The sum of its lines.
    pub total: Money,
    /// How many lines it has.
    pub lines: usize,
    /// Units in all its lines.
    pub units: u64,
    /// The day to which the business counts it.
    pub business_date: String,
    /// When it was placed.
    pub placed_at: Timestamp,
}

impl Query for CustomerOrdersQuery {
    fn operation(&self) -> Operation {
        Operation::get(Read, "/customers/{id}/orders", "A customer's orders, newest first")
            .at(&["ann"])
            .paged()
            .answers::<Fresh<CustomerOrdersAnswer>>(200, "A page of orders")
            .problem(404, "There is no such customer")
    }

    fn answer<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let (id, page) = (request.id()?, request.page);
            let after = page.after.as_deref().map(problems::sequence).transpose()?;
            let answer = customer_orders(request.reader, &id, page.limit, after).await?;
            let linked = |orders: CustomerOrdersAnswer| {
                Ok(Content::json(&orders)?.linked(&page, orders.last.as_deref()))
            };
            answer.map(linked)
        })
    }
}

/// Reads a page of a customer's orders: at most `limit`, behind the cursor `after`.
///
/// # Errors
/// When the read model cannot be read, or knows neither the customer nor an order of it.
pub async fn customer_orders(
    reader: QueryReader,
    id: &CustomerId,
    limit: usize,
    after: Option<u64>,
) -> Result<Answer<CustomerOrdersAnswer>, NoAnswer> {
    let page = PageRequest {
        // One more than is shown says whether there is a next page.
        high: after.map_or_else(|| "+inf".to_owned(), |number| format!("({number}")),
        ..PageRequest::of(
            keys::customer_orders(id.as_str()),
            Order::Down,
            limit + 1,
            &[keys::ORDER],
        )
    };
    let mut look = reader.look(&[keys::record(keys::CUSTOMER, id.as_str())], &[page]).await?;
    let customer: Option<Customer> = record(look.records.first())?;
    let page = look.pages.pop().unwrap_or_default();
    if customer.is_none() && page.all == 0 {
        return Err(NoAnswer::unknown("customer", id, look));
    }
    let has_more = page.entries.len() > limit;
    let shown = page.entries.iter().take(limit);
    let last = shown.clone().next_back().filter(|_| has_more).map(|entry| entry.score.clone());
    let next = last.as_deref().map(runtime::http::page::cursor);
    let items = shown.map(OrderInList::of).collect::<Result<Vec<_>, _>>()?;
    let items = items.into_iter().flatten().collect();
    let total = page.all;
    Ok(Answer::of(look, CustomerOrdersAnswer { customer, total, items, next, last }))
}

impl OrderInList {
    fn of(entry: &Entry) -> Result<Option<Self>, ReadError> {
        let order: Option<OrderRecord> = record(entry.records.first())?;
        Ok(order.map(|order| Self {
            order_id: entry.member.clone(),
            state: order.state(),
            total: order.total,
            lines: order.lines.len(),
            units: order.units(),
            placed_at: order.placed_at(),
            business_date: order.business_date,
            end: order.end,
        }))
    }
}
