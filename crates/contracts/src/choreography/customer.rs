//! Customers: registered, changed, closed by commands; they react to nobody.

use Trigger::Command;
use protocol::Kind;
use protocol::choreography::{Declaration, Exempt, NONE, Reaction, State, Trigger};

use super::RESTORED;
use crate::events::CUSTOMER_PUBLISHES;
use crate::kind::{CUSTOMER_CHANGED, CUSTOMER_CLOSED, CUSTOMER_RECOVERED, CUSTOMER_REGISTERED};
use crate::service::CUSTOMER;

/// What it declares of itself.
pub const DECLARATION: Declaration = Declaration {
    service: CUSTOMER,
    publishes: CUSTOMER_PUBLISHES,
    decides: &[],
    replicas: &[],
    states: &[NONE, "open", "closed"],
    after: AFTER,
    reactions: REACTIONS,
    ignored: &[],
    compensations: &[],
    facts: FACTS,
    waits: &[],
};

const AFTER: &[(Kind, State)] =
    &[(CUSTOMER_REGISTERED, "open"), (CUSTOMER_CHANGED, "open"), (CUSTOMER_CLOSED, "closed")];

const REACTIONS: &[Reaction] = &[
    on(&[NONE], Command("register"), &[CUSTOMER_REGISTERED]),
    on(&["open"], Command("change"), &[CUSTOMER_CHANGED]),
    on(&["open"], Command("close"), &[CUSTOMER_CLOSED]),
];

const fn on(states: &'static [State], on: Trigger, emits: &'static [Kind]) -> Reaction {
    Reaction::of(CUSTOMER, states, on, emits)
}

const FACTS: &[Exempt<Kind>] = &[Exempt::of(CUSTOMER_RECOVERED, RESTORED)];
