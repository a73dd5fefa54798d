//! The JSON that the API takes and gives.

use contracts::events::order::Placed;
use contracts::events::{Line, Product};
use contracts::money::NewMoney;
use contracts::{CustomerId, Money, OrderId, Sku, StoredEvent};
use protocol::choreography::State;
use protocol::{Event as _, Kind, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::OrderState;
use crate::domain::decide::place::QUANTITY_MAX;
use crate::domain::{NewLine, PlaceOrder};

/// An order that a client asks for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    id: Option<OrderId>,
    customer_id: CustomerId,
    lines: Vec<WantedLine>,
    deadline_ms: Option<u32>,
    hand_over_ms: Option<u32>,
    business_date: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WantedLine {
    sku: Sku,
    #[schemars(range(min = 1, max = QUANTITY_MAX))]
    quantity: i64,
    #[schemars(with = "Option<NewMoney>")]
    unit_price: Option<Money>,
}

/// Which orders a client wants listed. The rest of the query is the page's.
#[derive(Debug, Deserialize)]
pub(super) struct Filters {
    pub(super) state: Option<String>,
    pub(super) customer: Option<CustomerId>,
}

/// The answer to a place.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PlacedOrder<'a> {
    order_id: &'a OrderId,
    state: State,
    customer_id: &'a CustomerId,
    lines: &'a [Line],
    total: Money,
    deadline: Timestamp,
    hand_over_ms: u32,
    business_date: &'a str,
}

/// The answer to a cancel.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Ended<'a> {
    order_id: &'a OrderId,
    state: State,
}

/// One event of an audit trail.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AuditedEvent {
    sequence: u64,
    #[serde(rename = "type")]
    kind: Kind,
    time: Timestamp,
    cause: String,
    data: serde_json::Value,
}

/// A product as it is known here.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ReplicatedProduct {
    pub(super) version: u64,
    #[serde(flatten)]
    pub(super) product: Product,
}

impl NewOrder {
    /// What the order brings that is the shop's to say, as a rule.
    pub(super) fn own_terms(&self) -> Option<&'static str> {
        let named = self.lines.iter().any(|line| line.unit_price.is_some());
        let price = named.then_some("an order with a price of its own");
        price.or_else(|| self.business_date.as_ref().map(|_| "an order with a business date"))
    }

    /// The command that it stands for. Where it brings no id, one is made.
    pub fn into_place(self, new_id: impl FnOnce() -> OrderId) -> PlaceOrder {
        let line = |line: WantedLine| NewLine {
            sku: line.sku,
            quantity: line.quantity,
            unit_price: line.unit_price,
        };
        PlaceOrder {
            id: self.id.unwrap_or_else(new_id),
            customer_id: self.customer_id,
            lines: self.lines.into_iter().map(line).collect(),
            deadline_ms: self.deadline_ms,
            hand_over_ms: self.hand_over_ms,
            business_date: self.business_date,
        }
    }
}

impl<'a> PlacedOrder<'a> {
    pub(super) fn of(placed: &'a Placed) -> Self {
        Self {
            order_id: &placed.order_id,
            state: OrderState::Placed.name(),
            customer_id: &placed.customer.customer.id,
            lines: &placed.lines,
            total: placed.total,
            deadline: placed.deadline,
            hand_over_ms: placed.hand_over_ms,
            business_date: &placed.business_date,
        }
    }
}

impl<'a> Ended<'a> {
    pub(super) fn cancelled(order_id: &'a OrderId) -> Self {
        Self { order_id, state: OrderState::Cancelled.name() }
    }
}

impl AuditedEvent {
    pub(super) fn of(stored: &StoredEvent) -> Self {
        let headers = &stored.headers;
        let data = stored.event.to_payload().and_then(|payload| serde_json::from_slice(&payload));
        Self {
            sequence: headers.sequence,
            kind: headers.kind,
            time: headers.time,
            cause: headers.cause.to_string(),
            // Events of this build always are JSON.
            data: data.unwrap_or_default(),
        }
    }
}
