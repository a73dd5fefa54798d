//! Reservations: taken when an order is placed, given back when it fails.

use Trigger::{Command, Event};
use protocol::Kind;
use protocol::choreography::{
    Compensation, Declaration, Exempt, Ignored, NONE, Reaction, State, Trigger,
};

use super::{FOLLOWS_ORDER, RESTORED};
use crate::events::INVENTORY_PUBLISHES;
use crate::kind::{
    INVENTORY_COMMITTED, INVENTORY_RECOVERED, INVENTORY_REJECTED, INVENTORY_RELEASED,
    INVENTORY_RESERVED, INVENTORY_STOCKED, ORDER_CANCELLED, ORDER_COMPLETED, ORDER_CONFIRMED,
    ORDER_PLACED, ORDER_PREPARED, ORDER_RECOVERED, ORDER_REJECTED,
};
use crate::service::{INVENTORY, ORDER, PRODUCT};

/// What it declares of itself.
pub const DECLARATION: Declaration = Declaration {
    service: INVENTORY,
    publishes: INVENTORY_PUBLISHES,
    decides: &[ORDER],
    replicas: &[PRODUCT],
    states: ANY,
    after: AFTER,
    reactions: REACTIONS,
    ignored: IGNORED,
    compensations: &[Compensation::of(INVENTORY_RESERVED, INVENTORY_RELEASED)],
    facts: FACTS,
    waits: &[Exempt::of("reserved", FOLLOWS_ORDER)],
};

const ANY: &[State] = &[NONE, "reserved", "rejected", "released", "committed"];
const NOT_HELD: &[State] = &[NONE, "rejected", "released", "committed"];

const AFTER: &[(Kind, State)] = &[
    (INVENTORY_RESERVED, "reserved"),
    (INVENTORY_REJECTED, "rejected"),
    (INVENTORY_RELEASED, "released"),
    (INVENTORY_COMMITTED, "committed"),
];

const REACTIONS: &[Reaction] = &[
    on(&[NONE], Command("stock"), &[INVENTORY_STOCKED]),
    on(&[NONE], Event(ORDER_PLACED), &[INVENTORY_RESERVED, INVENTORY_REJECTED]),
    on(&["reserved"], Event(ORDER_CANCELLED), &[INVENTORY_RELEASED]),
    on(&["reserved"], Event(ORDER_REJECTED), &[INVENTORY_RELEASED]),
    on(&["reserved"], Event(ORDER_COMPLETED), &[INVENTORY_COMMITTED]),
];

const fn on(states: &'static [State], on: Trigger, emits: &'static [Kind]) -> Reaction {
    Reaction::of(INVENTORY, states, on, emits)
}

const IGNORED: &[Ignored] = &[
    ignores(&["reserved", "rejected", "released", "committed"], ORDER_PLACED),
    ignores(ANY, ORDER_PREPARED),
    ignores(ANY, ORDER_CONFIRMED),
    ignores(NOT_HELD, ORDER_COMPLETED),
    ignores(NOT_HELD, ORDER_REJECTED),
    ignores(NOT_HELD, ORDER_CANCELLED),
    ignores(ANY, ORDER_RECOVERED),
];

const fn ignores(states: &'static [State], on: Kind) -> Ignored {
    Ignored::of(INVENTORY, states, on)
}

const FACTS: &[Exempt<Kind>] = &[
    Exempt::of(INVENTORY_STOCKED, "a fact for the read side: reservations are not retried"),
    Exempt::of(INVENTORY_RELEASED, "the reservation's end: the order has ended already"),
    Exempt::of(INVENTORY_COMMITTED, "the reservation's end: the order has ended already"),
    Exempt::of(INVENTORY_RECOVERED, RESTORED),
];
