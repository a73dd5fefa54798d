//! The steps of a scenario: what can be done, and what can be expected.

use std::fmt;

use client::process::Process;
use serde::Deserialize;

use crate::amount::Amount;
use crate::values::{AnyOf, Next, Span};

/// One step.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Place an order.
    Place(Place),
    /// Cancel an order.
    Cancel(Cancel),
    /// Close a customer.
    Close(String),
    /// Discontinue a product.
    Discontinue(String),
    /// A customer pays in.
    Settle(Money),
    /// Kill a process; it is restarted.
    Kill(Process),
    /// Stop a process; it stays down.
    Stop(Process),
    /// Freeze a process.
    Pause(Process),
    /// Start a stopped process, thaw a frozen one, and wait until it is ready.
    Start(Process),
    /// What the order service says of an order.
    Order(OrderExpected),
    /// What inventory says of a product.
    Stock(StockExpected),
    /// What payment says of a customer's account.
    Owes(Money),
    /// What payment says of an order's charge.
    Charge(ChargeExpected),
    /// What shipping says of an order's shipment.
    Shipment(StateExpected),
    /// Which events there are about an order, of all services.
    Events(EventsExpected),
    /// What the read model says of an order.
    View(StateExpected),
}

/// Places an order, or several alike, or the same one several times.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The order's name. With `orders`, all of them have this name.
    pub order: String,
    /// Who orders.
    pub customer: String,
    /// Units by product, in this order.
    pub lines: Vec<Line>,
    /// When it is cancelled, if not as usual.
    pub deadline: Option<Span>,
    /// How long it can be cancelled once all is taken, if not as usual.
    pub hand_over: Option<Span>,
    /// So many orders alike.
    #[serde(default = "one")]
    pub orders: u32,
    /// The same command so many times at once, with one idempotency key.
    #[serde(default = "one")]
    pub sent: u32,
    /// What is answered; without, that it was accepted.
    #[serde(default)]
    pub answers: Answers,
}

/// One line of an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The product.
    pub product: String,
    /// Units.
    pub quantity: i64,
}

/// Cancels an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The order.
    pub order: String,
    /// What is answered; without, that it was accepted.
    #[serde(default)]
    pub answers: Answers,
}

/// What is answered. Without anything, any status of success.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// The status.
    pub status: Option<u16>,
    /// The kind of problem.
    pub problem: Option<String>,
}

/// Money of a customer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The customer.
    pub customer: String,
    /// How much.
    pub amount: Amount,
}

/// What is expected of an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderExpected {
    /// The order.
    pub order: String,
    /// Its state.
    pub state: AnyOf<String>,
    /// Why it ended.
    pub reason: Option<String>,
    /// The sum of its lines.
    pub total: Option<Amount>,
    /// How long that may take, if not as usual.
    pub within: Option<Span>,
}

/// What is expected of something of an order that has a state and a reason.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateExpected {
    /// The order.
    pub order: String,
    /// The state; `none` for nothing.
    pub state: AnyOf<String>,
    /// The reason.
    pub reason: Option<String>,
}

/// What is expected of a charge.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeExpected {
    /// The order.
    pub order: String,
    /// The state; `none` for nothing.
    pub state: AnyOf<String>,
}

/// What is expected of the stock of a product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockExpected {
    /// The product.
    pub product: String,
    /// On the shelves, reserved ones included.
    pub on_hand: Option<u64>,
    /// Set aside.
    pub reserved: Option<u64>,
}

/// Which events are expected about an order: these and no others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsExpected {
    /// The order.
    pub order: String,
    /// In this order; a list in it comes in any order.
    pub are: Vec<Next>,
}

const fn one() -> u32 {
    1
}

impl Answers {
    /// Whether the command is to be accepted.
    pub fn is_success(&self) -> bool {
        self.problem.is_none() && self.status.is_none_or(|status| (200..300).contains(&status))
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status, &self.problem) {
            (None, None) => f.write_str("a success"),
            (Some(status), None) => write!(f, "{status}"),
            (None, Some(problem)) => f.write_str(problem),
            (Some(status), Some(problem)) => write!(f, "{status} {problem}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => place.fmt(f),
            Self::Cancel(Cancel { order, answers }) => write!(f, "cancel {order}: {answers}"),
            Self::Close(customer) => write!(f, "close customer {customer}"),
            Self::Discontinue(product) => write!(f, "discontinue product {product}"),
            Self::Settle(Money { customer, amount }) => {
                write!(f, "{customer} pays in {}", amount.0)
            }
            Self::Kill(process) => write!(f, "kill {process}"),
            Self::Stop(process) => write!(f, "stop {process}"),
            Self::Pause(process) => write!(f, "pause {process}"),
            Self::Start(process) => write!(f, "start {process}"),
            Self::Order(OrderExpected { order, state, .. }) => {
                write!(f, "order {order} is {state}")
            }
            Self::Stock(StockExpected { product, .. }) => write!(f, "stock of {product}"),
            Self::Owes(Money { customer, amount }) => write!(f, "{customer} owes {}", amount.0),
            Self::Charge(ChargeExpected { order, state }) => {
                write!(f, "the charge of {order} is {state}")
            }
            Self::Shipment(StateExpected { order, state, .. }) => {
                write!(f, "the shipment of {order} is {state}")
            }
            Self::Events(EventsExpected { order, .. }) => write!(f, "the events of {order}"),
            Self::View(StateExpected { order, state, .. }) => {
                write!(f, "the read model shows {order} {state}")
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { order, customer, orders, sent, answers, .. } = self;
        match (orders, sent) {
            (1, 1) => write!(f, "{customer} places {order}: {answers}"),
            (1, sent) => write!(f, "{customer} places {order}, sent {sent} times: {answers}"),
            (orders, _) => write!(f, "{customer} places {orders} orders {order}: {answers}"),
        }
    }
}
