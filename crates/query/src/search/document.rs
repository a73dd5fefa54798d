//! What an event changes about what can be found.

use contracts::choreography::MURMURATION;
use contracts::events::order::{EndReason, Placed};
use contracts::events::{Customer, Product};
use contracts::{CustomerId, Event, Money, StoredEvent, service};
use protocol::Timestamp;
use protocol::choreography::{NONE, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// SKUs of one order by which it can be found; orders may have a thousand lines.
const SKUS_MAX: usize = 50;

/// What can be found.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Orders.
    Order,
    /// Products.
    Product,
    /// Customers.
    Customer,
}

/// What one event changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A document is there, or is another from now on.
    Document(Document),
    /// An order is in another state.
    Moved {
        /// Which.
        order: String,
        /// The state that it is in now.
        state: State,
        /// Why it ended, if it has.
        reason: Option<EndReason>,
    },
}

/// Something that can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub sort: Sort,
    pub id: String,
    /// What it is called.
    pub title: String,
    /// A few words more for people.
    pub detail: String,
    /// Its state, by the choreography's name.
    pub state: State,
    /// The business day of an order; the day in UTC on which a customer or product was first told of.
    pub date: String,
    /// An order's total or a product's price.
    pub money: Option<Money>,
    /// What is known of an order only.
    pub order: Option<OrderFacts>,
    /// Names, of which a slip of the pen is forgiven.
    pub names: String,
    /// Ids, of which it is not.
    pub ids: String,
}

/// By what orders are listed, besides what everything has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFacts {
    pub customer: CustomerId,
    pub placed_at: Timestamp,
}

impl Sort {
    pub const ALL: [Self; 3] = [Self::Order, Self::Product, Self::Customer];

    /// How queries name them.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Order => "orders",
            Self::Product => "products",
            Self::Customer => "customers",
        }
    }

    /// As a number: higher ones are shown first.
    #[must_use]
    pub const fn rank(self) -> i64 {
        match self {
            Self::Order => 0,
            Self::Product => 1,
            Self::Customer => 2,
        }
    }
}

/// What an event changes, if anything.
#[must_use]
pub fn change_of(event: &StoredEvent) -> Option<Change> {
    let state = MURMURATION.state_after(event.headers.kind).unwrap_or(NONE);
    let (id, date) = (&event.headers.id, || event.headers.time.day());
    if let Event::CustomerRegistered(customer)
    | Event::CustomerChanged(customer)
    | Event::CustomerClosed(customer) = &event.event
    {
        return Some(Change::Document(Document::of_customer(customer, state, date())));
    }
    if let Event::ProductListed(product)
    | Event::ProductChanged(product)
    | Event::ProductDiscontinued(product) = &event.event
    {
        return Some(Change::Document(Document::of_product(product, state, date())));
    }
    if let Event::OrderPlaced(placed) = &event.event {
        return Some(Change::Document(Document::of_order(placed, state, event.headers.time)));
    }
    let of_order = event.headers.kind.service() == service::ORDER && state != NONE;
    of_order.then(|| Change::Moved { order: id.to_string(), state, reason: reason_of(event) })
}

fn reason_of(event: &StoredEvent) -> Option<EndReason> {
    if let Event::OrderCompleted(ended)
    | Event::OrderRejected(ended)
    | Event::OrderCancelled(ended) = &event.event
    {
        return Some(ended.reason);
    }
    None
}

impl Document {
    fn of_customer(customer: &Customer, state: State, date: String) -> Self {
        let Customer { id, name, address, .. } = customer;
        let detail = [address.city.as_str(), &address.country].join(" ").trim().to_owned();
        Self {
            sort: Sort::Customer,
            id: id.to_string(),
            title: name.clone(),
            names: format!("{name} {} {detail}", address.street),
            ids: id.to_string(),
            detail,
            state,
            date,
            money: None,
            order: None,
        }
    }

    fn of_product(product: &Product, state: State, date: String) -> Self {
        let Product { sku, name, price, .. } = product;
        Self {
            sort: Sort::Product,
            id: sku.to_string(),
            title: name.clone(),
            detail: String::new(),
            names: name.clone(),
            ids: sku.to_string(),
            state,
            date,
            money: Some(*price),
            order: None,
        }
    }

    fn of_order(placed: &Placed, state: State, placed_at: Timestamp) -> Self {
        let customer = &placed.customer.customer;
        let mut ids = format!("{} {}", placed.order_id, customer.id);
        for line in placed.lines.iter().take(SKUS_MAX) {
            ids.push(' ');
            ids.push_str(line.sku.as_str());
        }
        Self {
            sort: Sort::Order,
            id: placed.order_id.to_string(),
            title: customer.name.clone(),
            detail: customer.address.country.clone(),
            names: format!("{} {}", customer.name, customer.address.country),
            ids,
            state,
            date: placed.business_date.clone(),
            money: Some(placed.total),
            order: Some(OrderFacts { customer: customer.id.clone(), placed_at }),
        }
    }
}
