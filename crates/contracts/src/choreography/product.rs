//! Products: listed, changed, discontinued by commands; they react to nobody.

use Trigger::Command;
use protocol::Kind;
use protocol::choreography::{Declaration, Exempt, NONE, Reaction, State, Trigger};

use super::RESTORED;
use crate::events::PRODUCT_PUBLISHES;
use crate::kind::{PRODUCT_CHANGED, PRODUCT_DISCONTINUED, PRODUCT_LISTED, PRODUCT_RECOVERED};
use crate::service::PRODUCT;

/// What it declares of itself.
pub const DECLARATION: Declaration = Declaration {
    service: PRODUCT,
    publishes: PRODUCT_PUBLISHES,
    decides: &[],
    replicas: &[],
    states: &[NONE, "listed", "discontinued"],
    after: AFTER,
    reactions: REACTIONS,
    ignored: &[],
    compensations: &[],
    facts: FACTS,
    waits: &[],
};

const AFTER: &[(Kind, State)] = &[
    (PRODUCT_LISTED, "listed"),
    (PRODUCT_CHANGED, "listed"),
    (PRODUCT_DISCONTINUED, "discontinued"),
];

const REACTIONS: &[Reaction] = &[
    on(&[NONE], Command("list"), &[PRODUCT_LISTED]),
    on(&["listed"], Command("change"), &[PRODUCT_CHANGED]),
    on(&["listed"], Command("discontinue"), &[PRODUCT_DISCONTINUED]),
];

const fn on(states: &'static [State], on: Trigger, emits: &'static [Kind]) -> Reaction {
    Reaction::of(PRODUCT, states, on, emits)
}

const FACTS: &[Exempt<Kind>] = &[Exempt::of(PRODUCT_RECOVERED, RESTORED)];
