//! What is moved, piece by piece: each is one thing of one service, and one request.

use protocol::Service;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kinds of things that are moved, in the order in which they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entity {
    Customer,
    Product,
    Payment,
    Stock,
    Order,
    /// That a customer is closed.
    ClosedCustomer,
    /// That a product is discontinued.
    DiscontinuedProduct,
}

impl Entity {
    pub const ALL: [Self; 7] = [
        Self::Customer,
        Self::Product,
        Self::Payment,
        Self::Stock,
        Self::Order,
        Self::ClosedCustomer,
        Self::DiscontinuedProduct,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Product => "product",
            Self::Payment => "payment",
            Self::Stock => "stock",
            Self::Order => "order",
            Self::ClosedCustomer => "closed-customer",
            Self::DiscontinuedProduct => "discontinued-product",
        }
    }

    /// Several of them, for people.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Customer => "customers",
            Self::Product => "products",
            Self::Payment => "payments",
            Self::Stock => "products in stock",
            Self::Order => "orders",
            Self::ClosedCustomer => "closed customers",
            Self::DiscontinuedProduct => "discontinued products",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.name() == name)
    }
}

/// One thing that is to be in the services, and the request that brings it there.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub entity: Entity,
    /// Its key in the old database.
    pub key: String,
    /// What it is to be: the same text for the same state. With it in place there is nothing to do.
    pub wanted: String,
    pub request: Request,
}

/// A request, but for the address and the idempotency key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub service: Service,
    /// `POST` or `PUT`.
    pub method: String,
    pub path: String,
    /// None is sent where there is none.
    pub body: Option<Value>,
    /// Where the thing can be looked at, should one be there already.
    pub found_at: Option<String>,
    /// What has to be waited for after the answer.
    pub ending: Option<Ending>,
}

/// The end that an order is to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    Completed,
    /// It is cancelled by a second request, and given back.
    Cancelled,
    /// It is completed from the shelves: the old system has taken nothing for it.
    HandedOver,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Moved,
    /// Not moved, for this reason.
    Refused(String),
}

impl Item {
    /// Units that it takes off the shelves for good.
    pub fn takes(&self) -> Vec<(String, u64)> {
        if self.request.ending != Some(Ending::Completed) {
            return Vec::new();
        }
        let body = self.request.body.as_ref();
        let lines = body.and_then(|body| body["lines"].as_array()).into_iter().flatten();
        let units =
            |line: &Value| Some((line["sku"].as_str()?.to_owned(), line["quantity"].as_u64()?));
        lines.filter_map(units).collect()
    }

    /// Units that it brings onto the shelves.
    pub fn brings(&self) -> u64 {
        let quantity = |body: &Value| body["quantity"].as_u64();
        let is_stock = self.entity == Entity::Stock;
        self.request.body.as_ref().filter(|_| is_stock).and_then(quantity).unwrap_or_default()
    }
}
