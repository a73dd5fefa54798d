//! Contracts that are broken, each by one small change to the real one, and each refused with the run
//! that shows why.

use super::*;
use crate::choreography::{Compensation, Exempt, Ignored, MURMURATION, Reaction, Reads};

/// The real contract, to be changed.
struct Edited {
    reads: Vec<Reads>,
    states: Vec<(Service, &'static [State])>,
    after: Vec<(Kind, State)>,
    reactions: Vec<Reaction>,
    ignored: Vec<Ignored>,
    compensations: Vec<Compensation>,
    facts: Vec<Exempt<Kind>>,
    waits: Vec<Exempt<(Service, State)>>,
}

impl Edited {
    fn new() -> Self {
        Self {
            reads: MURMURATION.reads.to_vec(),
            states: MURMURATION.states.to_vec(),
            after: MURMURATION.after.to_vec(),
            reactions: MURMURATION.reactions.to_vec(),
            ignored: MURMURATION.ignored.to_vec(),
            compensations: MURMURATION.compensations.to_vec(),
            facts: MURMURATION.facts.to_vec(),
            waits: MURMURATION.waits.to_vec(),
        }
    }

    /// Without the reactions that `dropped` picks, and with these pairs ignored instead, so that only the
    /// loss itself is reported.
    fn without(dropped: impl Fn(&Reaction) -> bool) -> Self {
        let mut edited = Self::new();
        let (gone, kept): (Vec<_>, Vec<_>) = edited.reactions.into_iter().partition(dropped);
        assert!(!gone.is_empty(), "the change changes nothing");
        edited.reactions = kept;
        for reaction in gone {
            if let Trigger::Event(on) = reaction.on {
                let (service, states) = (reaction.service, reaction.states);
                edited.ignored.push(Ignored { service, states, on });
            }
        }
        edited
    }

    /// With the reaction of `service` to `on` saying something else.
    fn saying(service: Service, on: Trigger, emits: &'static [Kind]) -> Self {
        let mut edited = Self::new();
        let reaction = edited.reactions.iter_mut().find(|r| r.service == service && r.on == on);
        reaction.unwrap().emits = emits;
        edited
    }

    /// With one more reaction.
    fn with(
        service: Service,
        states: &'static [State],
        on: Trigger,
        emits: &'static [Kind],
    ) -> Self {
        let mut edited = Self::new();
        edited.reactions.push(Reaction { service, states, on, emits });
        edited.ignored.retain(|i| i.service != service || Trigger::Event(i.on) != on);
        edited
    }

    fn findings(&self) -> Vec<String> {
        let findings = check(&Choreography {
            reads: &self.reads,
            states: &self.states,
            after: &self.after,
            reactions: &self.reactions,
            ignored: &self.ignored,
            compensations: &self.compensations,
            facts: &self.facts,
            waits: &self.waits,
            ..MURMURATION.clone()
        });
        findings.iter().map(ToString::to_string).collect()
    }

    /// Asserts that this is found, by this run.
    fn is_refused(&self, problem: &str, run: &[&str]) {
        let (findings, wanted) = (self.findings(), finding(problem, run));
        assert!(findings.contains(&wanted), "{wanted}\nis not in {findings:#?}");
    }

    /// Asserts that this is found, by this run, and nothing else.
    fn is_refused_for_nothing_but(&self, problem: &str, run: &[&str]) {
        assert_eq!(self.findings(), [finding(problem, run)]);
    }
}

fn finding(problem: &str, run: &[&str]) -> String {
    if run.is_empty() { problem.to_owned() } else { format!("{problem}: {}", run.join(", ")) }
}

const PLACED: &str = "order.placed (order none → placed on command place)";
const RESERVED: &str = "inventory.reserved (inventory none → reserved)";
const OUT_OF_STOCK: &str = "inventory.rejected (inventory none → rejected)";
const RELEASED: &str = "inventory.released (inventory reserved → released)";
const CHARGED: &str = "payment.charged (payment none → charged)";
const DECLINED: &str = "payment.declined (payment none → declined)";
const CREATED: &str = "shipping.created (shipping none → created)";
const NOT_CREATED: &str = "shipping.cancelled (shipping none → cancelled)";
const PREPARED: &str = "order.prepared (order placed → prepared)";
const CONFIRMED: &str = "order.confirmed (order placed → confirmed)";
const DISPATCHED: &str = "shipping.dispatched (shipping created → dispatched)";
const REJECTED: &str = "order.rejected (order placed → rejected)";
const CANCELLED: &str = "order.cancelled (order placed → cancelled)";

fn on(kind: Kind) -> Trigger {
    Trigger::Event(kind)
}

#[test]
fn the_choreography_is_sound() {
    assert_eq!(check(&MURMURATION), Vec::new());
}

#[test]
fn an_event_that_nobody_consumes_is_found() {
    Edited::without(|r| r.on == on(Kind::PaymentDeclined)).is_refused_for_nothing_but(
        "payment.declined has no consumer and is neither an end nor a declared fact",
        &[PLACED, RESERVED, DECLINED],
    );
    let mut edited = Edited::new();
    edited.facts.retain(|fact| fact.what != Kind::OrderPrepared);
    edited.is_refused_for_nothing_but(
        "order.prepared has no consumer and is neither an end nor a declared fact",
        &[PLACED, RESERVED, CHARGED, CREATED, PREPARED],
    );
}

#[test]
fn a_step_that_is_not_undone_is_found() {
    Edited::without(|r| r.emits.contains(&Kind::PaymentRefunded)).is_refused(
        "payment.charged is not undone after order.cancelled",
        &[PLACED, RESERVED, CHARGED, NOT_CREATED, CANCELLED, RELEASED],
    );
    let releases =
        |r: &Reaction| r.service == Service::Inventory && r.on == on(Kind::OrderRejected);
    Edited::without(releases).is_refused_for_nothing_but(
        "inventory.reserved is not undone after order.rejected",
        &[PLACED, RESERVED, DECLINED, REJECTED],
    );
    let mut edited = Edited::new();
    edited.compensations.retain(|c| c.step != Kind::ShippingCreated);
    edited.is_refused_for_nothing_but(
        "shipping.created is a forward step, and no event is declared that undoes it",
        &[PLACED, RESERVED, CHARGED, CREATED],
    );
}

#[test]
fn a_run_without_an_end_is_found() {
    Edited::without(|r| r.on == on(Kind::ShippingDispatched)).is_refused(
        "order stays in confirmed: no end comes unless a command does",
        &[PLACED, RESERVED, CHARGED, CREATED, CONFIRMED, DISPATCHED],
    );
    let deaf = |r: &Reaction| r.service == Service::Order && r.on != Trigger::Command("place");
    Edited::without(deaf).is_refused(
        "order stays in placed: no end comes unless a command does",
        &[PLACED, OUT_OF_STOCK],
    );
    Edited::without(|r| r.on == Trigger::Timer("window")).is_refused(
        "order stays in prepared: no end comes unless a command does",
        &[PLACED, RESERVED, CHARGED, CREATED, PREPARED],
    );
}

#[test]
fn a_wait_without_a_deadline_is_found() {
    Edited::without(|r| r.on == Trigger::Timer("deadline")).is_refused_for_nothing_but(
        "order waits in placed without a deadline or a declared exemption",
        &[PLACED],
    );
    let mut edited = Edited::new();
    edited.waits.retain(|wait| wait.what.0 != Service::Payment);
    edited.is_refused_for_nothing_but(
        "payment waits in charged without a deadline or a declared exemption",
        &[PLACED, RESERVED, CHARGED],
    );
}

#[test]
fn a_reaction_to_what_nobody_publishes_is_found() {
    let never =
        Edited::saying(Service::Payment, on(Kind::InventoryReserved), &[Kind::PaymentCharged]);
    never.is_refused(
        "order in placed reacts to payment.declined, which nobody publishes",
        &[PLACED],
    );
    // Something emits it, in a state that no run comes to.
    let mut edited = Edited::new();
    edited.reactions.retain(|r| !r.emits.contains(&Kind::OrderConfirmed));
    edited.reactions.push(Reaction {
        service: Service::Order,
        states: &["prepared"],
        on: Trigger::Timer("window"),
        emits: &[Kind::OrderConfirmed],
    });
    edited.is_refused(
        "shipping in created reacts to order.confirmed, which nobody publishes",
        &[PLACED, RESERVED, CHARGED, CREATED],
    );
}

#[test]
fn a_cycle_without_progress_is_found() {
    let again = Edited::saying(Service::Order, on(Kind::PaymentDeclined), &[Kind::OrderPlaced]);
    again.is_refused(
        "order says order.placed again and again: a cycle without progress",
        &[PLACED, RESERVED, DECLINED, "order.placed (order placed → placed)"],
    );
    let reminder = Trigger::Timer("reminder");
    let reminded = Edited::with(Service::Order, &["prepared"], reminder, &[Kind::OrderPrepared]);
    reminded.is_refused_for_nothing_but(
        "order says order.prepared again and again: a cycle without progress",
        &[
            PLACED,
            RESERVED,
            CHARGED,
            CREATED,
            PREPARED,
            "order.prepared (order prepared → prepared on timer reminder)",
        ],
    );
}

#[test]
fn a_state_that_cannot_be_reached_is_found() {
    let created = on(Kind::ShippingCreated);
    Edited::saying(Service::Order, created, &[Kind::OrderConfirmed]).is_refused(
        "order is never in prepared: nothing emits order.prepared, which leads to it",
        &[],
    );
    Edited::without(|r| r.on == on(Kind::ShippingDispatched)).is_refused(
        "inventory is never in committed: order.completed does not come while inventory is in reserved",
        &[PLACED, RESERVED],
    );
    let mut edited = Edited::new();
    edited.states.retain(|(service, _)| *service != Service::Product);
    edited.states.push((Service::Product, &[NONE, "listed", "discontinued", "recalled"]));
    edited.is_refused_for_nothing_but("product is never in recalled: no event leads to it", &[]);
    let mut edited = Edited::new();
    edited.after.retain(|(kind, _)| *kind != Kind::PaymentVoided);
    edited.after.push((Kind::PaymentVoided, "void"));
    edited.is_refused(
        "payment has no state void, and the table names it",
        &[
            PLACED,
            "order.cancelled (order placed → cancelled on command cancel)",
            "payment.voided (payment none → void)",
        ],
    );
}

#[test]
fn a_pair_that_is_forgotten_or_handled_twice_is_found() {
    let mut edited = Edited::new();
    edited.ignored.retain(|i| i.service != Service::Payment || i.on != Kind::OrderConfirmed);
    edited.is_refused(
        "payment in charged neither reacts to order.confirmed nor ignores it",
        &[PLACED, RESERVED, CHARGED, CREATED, CONFIRMED],
    );
    // What is held there never comes to the refund.
    edited.is_refused(
        "payment.charged is not undone after order.cancelled",
        &[
            PLACED,
            RESERVED,
            CHARGED,
            CREATED,
            CONFIRMED,
            "shipping.cancelled (shipping created → cancelled)",
            "order.cancelled (order confirmed → cancelled)",
            RELEASED,
        ],
    );
    let mut edited = Edited::new();
    let states = &["placed"];
    edited.ignored.push(Ignored { service: Service::Order, states, on: Kind::PaymentDeclined });
    edited.is_refused_for_nothing_but(
        "order in placed handles payment.declined in two ways",
        &[PLACED, RESERVED, DECLINED],
    );
}

#[test]
fn an_event_of_another_service_is_found() {
    let steal = Trigger::Command("steal");
    let edited = Edited::with(Service::Customer, &["open"], steal, &[Kind::OrderPlaced]);
    edited.is_refused_for_nothing_but(
        "customer emits order.placed, which belongs to order",
        &["customer.registered (customer none → open on command register)"],
    );
}
