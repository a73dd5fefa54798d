//! Orders: they start a saga, decide its end, and have its deadlines.

use Trigger::{Command, Event, Timer};
use protocol::Kind;
use protocol::choreography::{Declaration, Exempt, Ignored, NONE, Reaction, Saga, State, Trigger};

use super::RESTORED;
use crate::events::ORDER_PUBLISHES;
use crate::kind::{
    INVENTORY_COMMITTED, INVENTORY_RECOVERED, INVENTORY_REJECTED, INVENTORY_RELEASED,
    INVENTORY_RESERVED, INVENTORY_STOCKED, ORDER_CANCELLED, ORDER_COMPLETED, ORDER_CONFIRMED,
    ORDER_PLACED, ORDER_PREPARED, ORDER_RECOVERED, ORDER_REJECTED, PAYMENT_CHARGED,
    PAYMENT_DECLINED, PAYMENT_RECOVERED, PAYMENT_REFUNDED, PAYMENT_SETTLED, PAYMENT_VOIDED,
    SHIPPING_CANCELLED, SHIPPING_CREATED, SHIPPING_DISPATCHED, SHIPPING_RECOVERED,
};
use crate::service::{CUSTOMER, INVENTORY, ORDER, PAYMENT, PRODUCT, SHIPPING};

/// What it declares of itself.
pub const DECLARATION: Declaration = Declaration {
    service: ORDER,
    publishes: ORDER_PUBLISHES,
    decides: &[INVENTORY, PAYMENT, SHIPPING],
    replicas: &[CUSTOMER, PRODUCT],
    states: ANY,
    after: AFTER,
    reactions: REACTIONS,
    ignored: IGNORED,
    compensations: &[],
    facts: FACTS,
    waits: &[Exempt::of(
        "confirmed",
        "a parcel handed to the carrier cannot be called back: only shipping knows its end",
    )],
};

/// What all of it is for.
pub const SAGA: Saga = Saga {
    start: ORDER_PLACED,
    success: ORDER_COMPLETED,
    ends: &[ORDER_COMPLETED, ORDER_REJECTED, ORDER_CANCELLED],
};

const ANY: &[State] =
    &[NONE, "placed", "prepared", "confirmed", "completed", "rejected", "cancelled"];
const NOT_PLACED: &[State] = &[NONE, "prepared", "confirmed", "completed", "rejected", "cancelled"];

const AFTER: &[(Kind, State)] = &[
    (ORDER_PLACED, "placed"),
    (ORDER_PREPARED, "prepared"),
    (ORDER_CONFIRMED, "confirmed"),
    (ORDER_COMPLETED, "completed"),
    (ORDER_REJECTED, "rejected"),
    (ORDER_CANCELLED, "cancelled"),
];

const REACTIONS: &[Reaction] = &[
    on(&[NONE], Command("place"), &[ORDER_PLACED]),
    on(&["placed"], Event(SHIPPING_CREATED), &[ORDER_CONFIRMED, ORDER_PREPARED]),
    on(&["prepared"], Timer("window"), &[ORDER_CONFIRMED]),
    on(&["placed", "prepared"], Command("cancel"), &[ORDER_CANCELLED]),
    on(&["placed"], Timer("deadline"), &[ORDER_CANCELLED]),
    on(&["placed"], Event(INVENTORY_REJECTED), &[ORDER_REJECTED]),
    on(&["placed"], Event(PAYMENT_DECLINED), &[ORDER_REJECTED]),
    on(&["placed", "prepared", "confirmed"], Event(SHIPPING_CANCELLED), &[ORDER_CANCELLED]),
    on(&["confirmed"], Event(SHIPPING_DISPATCHED), &[ORDER_COMPLETED]),
];

const fn on(states: &'static [State], on: Trigger, emits: &'static [Kind]) -> Reaction {
    Reaction::of(ORDER, states, on, emits)
}

const IGNORED: &[Ignored] = &[
    ignores(ANY, INVENTORY_STOCKED),
    ignores(ANY, INVENTORY_RESERVED),
    ignores(ANY, INVENTORY_RELEASED),
    ignores(ANY, INVENTORY_COMMITTED),
    ignores(ANY, INVENTORY_RECOVERED),
    ignores(NOT_PLACED, INVENTORY_REJECTED),
    ignores(ANY, PAYMENT_CHARGED),
    ignores(ANY, PAYMENT_REFUNDED),
    ignores(ANY, PAYMENT_VOIDED),
    ignores(ANY, PAYMENT_SETTLED),
    ignores(ANY, PAYMENT_RECOVERED),
    ignores(NOT_PLACED, PAYMENT_DECLINED),
    ignores(NOT_PLACED, SHIPPING_CREATED),
    ignores(&[NONE, "completed", "rejected", "cancelled"], SHIPPING_CANCELLED),
    ignores(
        &[NONE, "placed", "prepared", "completed", "rejected", "cancelled"],
        SHIPPING_DISPATCHED,
    ),
    ignores(ANY, SHIPPING_RECOVERED),
];

const fn ignores(states: &'static [State], on: Kind) -> Ignored {
    Ignored::of(ORDER, states, on)
}

const FACTS: &[Exempt<Kind>] = &[
    Exempt::of(ORDER_PREPARED, "shows people that the window is open; a timer of order goes on"),
    Exempt::of(ORDER_RECOVERED, RESTORED),
];
