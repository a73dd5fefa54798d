//! Charges: taken when goods are reserved, paid back when the order fails.

use Trigger::{Command, Event};
use protocol::Kind;
use protocol::choreography::{
    Compensation, Declaration, Exempt, Ignored, NONE, Reaction, State, Trigger,
};

use super::{FOLLOWS_ORDER, RESTORED};
use crate::events::PAYMENT_PUBLISHES;
use crate::kind::{
    INVENTORY_COMMITTED, INVENTORY_RECOVERED, INVENTORY_REJECTED, INVENTORY_RELEASED,
    INVENTORY_RESERVED, INVENTORY_STOCKED, ORDER_CANCELLED, ORDER_COMPLETED, ORDER_CONFIRMED,
    ORDER_PLACED, ORDER_PREPARED, ORDER_RECOVERED, ORDER_REJECTED, PAYMENT_CHARGED,
    PAYMENT_DECLINED, PAYMENT_RECOVERED, PAYMENT_REFUNDED, PAYMENT_SETTLED, PAYMENT_VOIDED,
};
use crate::service::{CUSTOMER, INVENTORY, ORDER, PAYMENT};

/// What it declares of itself.
pub const DECLARATION: Declaration = Declaration {
    service: PAYMENT,
    publishes: PAYMENT_PUBLISHES,
    decides: &[INVENTORY, ORDER],
    replicas: &[CUSTOMER],
    states: ANY,
    after: AFTER,
    reactions: REACTIONS,
    ignored: IGNORED,
    compensations: &[Compensation::of(PAYMENT_CHARGED, PAYMENT_REFUNDED)],
    facts: FACTS,
    waits: &[Exempt::of("charged", FOLLOWS_ORDER)],
};

const ANY: &[State] = &[NONE, "charged", "declined", "refunded", "voided"];

const AFTER: &[(Kind, State)] = &[
    (PAYMENT_CHARGED, "charged"),
    (PAYMENT_DECLINED, "declined"),
    (PAYMENT_REFUNDED, "refunded"),
    (PAYMENT_VOIDED, "voided"),
];

const REACTIONS: &[Reaction] = &[
    on(&[NONE], Command("settle"), &[PAYMENT_SETTLED]),
    on(&[NONE], Event(INVENTORY_RESERVED), &[PAYMENT_CHARGED, PAYMENT_DECLINED]),
    on(&["charged"], Event(ORDER_CANCELLED), &[PAYMENT_REFUNDED]),
    on(&[NONE], Event(ORDER_CANCELLED), &[PAYMENT_VOIDED]),
];

const fn on(states: &'static [State], on: Trigger, emits: &'static [Kind]) -> Reaction {
    Reaction::of(PAYMENT, states, on, emits)
}

const IGNORED: &[Ignored] = &[
    ignores(ANY, INVENTORY_STOCKED),
    ignores(&["charged", "declined", "refunded", "voided"], INVENTORY_RESERVED),
    ignores(ANY, INVENTORY_REJECTED),
    ignores(ANY, INVENTORY_RELEASED),
    ignores(ANY, INVENTORY_COMMITTED),
    ignores(ANY, INVENTORY_RECOVERED),
    ignores(ANY, ORDER_PLACED),
    ignores(ANY, ORDER_PREPARED),
    ignores(ANY, ORDER_CONFIRMED),
    ignores(ANY, ORDER_COMPLETED),
    ignores(ANY, ORDER_REJECTED),
    ignores(&["declined", "refunded", "voided"], ORDER_CANCELLED),
    ignores(ANY, ORDER_RECOVERED),
];

const fn ignores(states: &'static [State], on: Kind) -> Ignored {
    Ignored::of(PAYMENT, states, on)
}

const FACTS: &[Exempt<Kind>] = &[
    Exempt::of(PAYMENT_REFUNDED, "the charge's end: the order has ended already"),
    Exempt::of(PAYMENT_VOIDED, "the tombstone of a charge: the order has ended already"),
    Exempt::of(PAYMENT_SETTLED, "only payment's own account of the customer changes"),
    Exempt::of(PAYMENT_RECOVERED, RESTORED),
];
