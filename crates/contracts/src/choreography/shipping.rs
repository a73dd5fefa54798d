//! Shipments: made when an order is paid, sent when it is confirmed.

use Trigger::Event;
use protocol::Kind;
use protocol::choreography::{
    Compensation, Declaration, Exempt, Ignored, NONE, Reaction, State, Trigger,
};

use super::{FOLLOWS_ORDER, RESTORED};
use crate::events::SHIPPING_PUBLISHES;
use crate::kind::{
    ORDER_CANCELLED, ORDER_COMPLETED, ORDER_CONFIRMED, ORDER_PLACED, ORDER_PREPARED,
    ORDER_RECOVERED, ORDER_REJECTED, PAYMENT_CHARGED, PAYMENT_DECLINED, PAYMENT_RECOVERED,
    PAYMENT_REFUNDED, PAYMENT_SETTLED, PAYMENT_VOIDED, SHIPPING_CANCELLED, SHIPPING_CREATED,
    SHIPPING_DISPATCHED, SHIPPING_RECOVERED,
};
use crate::service::{CUSTOMER, ORDER, PAYMENT, SHIPPING};

/// What it declares of itself.
pub const DECLARATION: Declaration = Declaration {
    service: SHIPPING,
    publishes: SHIPPING_PUBLISHES,
    decides: &[PAYMENT, ORDER],
    replicas: &[CUSTOMER],
    states: ANY,
    after: AFTER,
    reactions: REACTIONS,
    ignored: IGNORED,
    compensations: &[Compensation::of(SHIPPING_CREATED, SHIPPING_CANCELLED)],
    facts: FACTS,
    waits: &[Exempt::of("created", FOLLOWS_ORDER)],
};

const ANY: &[State] = &[NONE, "created", "dispatched", "cancelled"];

const AFTER: &[(Kind, State)] = &[
    (SHIPPING_CREATED, "created"),
    (SHIPPING_DISPATCHED, "dispatched"),
    (SHIPPING_CANCELLED, "cancelled"),
];

const REACTIONS: &[Reaction] = &[
    on(&[NONE], Event(PAYMENT_CHARGED), &[SHIPPING_CREATED, SHIPPING_CANCELLED]),
    on(&["created"], Event(ORDER_CONFIRMED), &[SHIPPING_DISPATCHED, SHIPPING_CANCELLED]),
    on(&[NONE, "created"], Event(ORDER_CANCELLED), &[SHIPPING_CANCELLED]),
];

const fn on(states: &'static [State], on: Trigger, emits: &'static [Kind]) -> Reaction {
    Reaction::of(SHIPPING, states, on, emits)
}

const IGNORED: &[Ignored] = &[
    ignores(&["created", "dispatched", "cancelled"], PAYMENT_CHARGED),
    ignores(ANY, PAYMENT_DECLINED),
    ignores(ANY, PAYMENT_REFUNDED),
    ignores(ANY, PAYMENT_VOIDED),
    ignores(ANY, PAYMENT_SETTLED),
    ignores(ANY, PAYMENT_RECOVERED),
    ignores(ANY, ORDER_PLACED),
    ignores(ANY, ORDER_PREPARED),
    ignores(&[NONE, "dispatched", "cancelled"], ORDER_CONFIRMED),
    ignores(ANY, ORDER_COMPLETED),
    ignores(ANY, ORDER_REJECTED),
    ignores(&["dispatched", "cancelled"], ORDER_CANCELLED),
    ignores(ANY, ORDER_RECOVERED),
];

const fn ignores(states: &'static [State], on: Kind) -> Ignored {
    Ignored::of(SHIPPING, states, on)
}

const FACTS: &[Exempt<Kind>] = &[Exempt::of(SHIPPING_RECOVERED, RESTORED)];
