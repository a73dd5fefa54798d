//! Contracts that are broken, each by one small change to the real one, and each refused with the run
//! that shows why.

use protocol::choreography::{
    Choreography, Exempt, Ignored, NONE, Reaction, Reads, State, Trigger, check,
};
use protocol::{Kind, Service};

use crate::choreography::MURMURATION;
use crate::{kind, service};

/// The real contract, to be changed.
struct Edited(Choreography);

impl Edited {
    fn new() -> Self {
        Self(MURMURATION.clone())
    }

    /// Without the reactions that `dropped` picks, and with these pairs ignored instead, so that only the
    /// loss itself is reported.
    fn without(dropped: impl Fn(&Reaction) -> bool) -> Self {
        let mut edited = Self::new();
        let (gone, kept): (Vec<_>, Vec<_>) = edited.0.reactions.drain(..).partition(dropped);
        assert!(!gone.is_empty(), "the change changes nothing");
        edited.0.reactions = kept;
        for reaction in gone {
            if let Trigger::Event(on) = reaction.on {
                let (service, states) = (reaction.service, reaction.states);
                edited.0.ignored.push(Ignored { service, states, on });
            }
        }
        edited
    }

    /// With the reaction of `service` to `on` saying something else.
    fn saying(service: Service, on: Trigger, emits: &'static [Kind]) -> Self {
        let mut edited = Self::new();
        let reaction = edited.0.reactions.iter_mut().find(|r| r.service == service && r.on == on);
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
        edited.0.reactions.push(Reaction { service, states, on, emits });
        edited.0.ignored.retain(|i| i.service != service || Trigger::Event(i.on) != on);
        edited
    }

    fn findings(&self) -> Vec<String> {
        check(&self.0).iter().map(ToString::to_string).collect()
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
    Edited::without(|r| r.on == on(kind::PAYMENT_DECLINED)).is_refused_for_nothing_but(
        "payment.declined has no consumer and is neither an end nor a declared fact",
        &[PLACED, RESERVED, DECLINED],
    );
    let mut edited = Edited::new();
    edited.0.facts.retain(|fact| fact.what != kind::ORDER_PREPARED);
    edited.is_refused_for_nothing_but(
        "order.prepared has no consumer and is neither an end nor a declared fact",
        &[PLACED, RESERVED, CHARGED, CREATED, PREPARED],
    );
}

#[test]
fn a_step_that_is_not_undone_is_found() {
    Edited::without(|r| r.emits.contains(&kind::PAYMENT_REFUNDED)).is_refused(
        "payment.charged is not undone after order.cancelled",
        &[PLACED, RESERVED, CHARGED, NOT_CREATED, CANCELLED, RELEASED],
    );
    let releases =
        |r: &Reaction| r.service == service::INVENTORY && r.on == on(kind::ORDER_REJECTED);
    Edited::without(releases).is_refused_for_nothing_but(
        "inventory.reserved is not undone after order.rejected",
        &[PLACED, RESERVED, DECLINED, REJECTED],
    );
    let mut edited = Edited::new();
    edited.0.compensations.retain(|c| c.step != kind::SHIPPING_CREATED);
    edited.is_refused_for_nothing_but(
        "shipping.created is a forward step, and no event is declared that undoes it",
        &[PLACED, RESERVED, CHARGED, CREATED],
    );
}

#[test]
fn a_run_without_an_end_is_found() {
    Edited::without(|r| r.on == on(kind::SHIPPING_DISPATCHED)).is_refused(
        "order stays in confirmed: no end comes unless a command does",
        &[PLACED, RESERVED, CHARGED, CREATED, CONFIRMED, DISPATCHED],
    );
    let deaf = |r: &Reaction| r.service == service::ORDER && r.on != Trigger::Command("place");
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
    edited.0.waits.retain(|wait| wait.what.0 != service::PAYMENT);
    edited.is_refused_for_nothing_but(
        "payment waits in charged without a deadline or a declared exemption",
        &[PLACED, RESERVED, CHARGED],
    );
}

#[test]
fn a_reaction_to_what_nobody_publishes_is_found() {
    let never =
        Edited::saying(service::PAYMENT, on(kind::INVENTORY_RESERVED), &[kind::PAYMENT_CHARGED]);
    never.is_refused(
        "order in placed reacts to payment.declined, which nobody publishes",
        &[PLACED],
    );
    // Something emits it, in a state that no run comes to.
    let mut edited = Edited::new();
    edited.0.reactions.retain(|r| !r.emits.contains(&kind::ORDER_CONFIRMED));
    edited.0.reactions.push(Reaction {
        service: service::ORDER,
        states: &["prepared"],
        on: Trigger::Timer("window"),
        emits: &[kind::ORDER_CONFIRMED],
    });
    edited.is_refused(
        "shipping in created reacts to order.confirmed, which nobody publishes",
        &[PLACED, RESERVED, CHARGED, CREATED],
    );
}

#[test]
fn a_cycle_without_progress_is_found() {
    let again = Edited::saying(service::ORDER, on(kind::PAYMENT_DECLINED), &[kind::ORDER_PLACED]);
    again.is_refused(
        "order says order.placed again and again: a cycle without progress",
        &[PLACED, RESERVED, DECLINED, "order.placed (order placed → placed)"],
    );
    let reminder = Trigger::Timer("reminder");
    let reminded = Edited::with(service::ORDER, &["prepared"], reminder, &[kind::ORDER_PREPARED]);
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
    let created = on(kind::SHIPPING_CREATED);
    Edited::saying(service::ORDER, created, &[kind::ORDER_CONFIRMED]).is_refused(
        "order is never in prepared: nothing emits order.prepared, which leads to it",
        &[],
    );
    Edited::without(|r| r.on == on(kind::SHIPPING_DISPATCHED)).is_refused(
        "inventory is never in committed: order.completed does not come while inventory is in reserved",
        &[PLACED, RESERVED],
    );
    let mut edited = Edited::new();
    edited.0.states.retain(|(service, _)| *service != service::PRODUCT);
    edited.0.states.push((service::PRODUCT, &[NONE, "listed", "discontinued", "recalled"]));
    edited.is_refused_for_nothing_but("product is never in recalled: no event leads to it", &[]);
    let mut edited = Edited::new();
    edited.0.after.retain(|(kind, _)| *kind != kind::PAYMENT_VOIDED);
    edited.0.after.push((kind::PAYMENT_VOIDED, "void"));
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
    edited.0.ignored.retain(|i| i.service != service::PAYMENT || i.on != kind::ORDER_CONFIRMED);
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
    edited.0.ignored.push(Ignored { service: service::ORDER, states, on: kind::PAYMENT_DECLINED });
    edited.is_refused_for_nothing_but(
        "order in placed handles payment.declined in two ways",
        &[PLACED, RESERVED, DECLINED],
    );
}

#[test]
fn an_event_of_another_service_is_found() {
    let steal = Trigger::Command("steal");
    let edited = Edited::with(service::CUSTOMER, &["open"], steal, &[kind::ORDER_PLACED]);
    edited.is_refused_for_nothing_but(
        "customer emits order.placed, which belongs to order",
        &["customer.registered (customer none → open on command register)"],
    );
}

#[test]
fn what_a_service_from_outside_consumes_stays_a_fact_and_what_the_saga_goes_on_from_does_not() {
    const MAIL: Service = Service::named("mail");
    const SENT: &[Kind] = &[Kind::named(MAIL, "mail.sent")];
    let mut edited = Edited::new();
    edited.0.reads.push(Reads { service: MAIL, decides: &[], replicas: &[] });
    edited.0.states.push((MAIL, &[NONE]));
    let refunded = on(kind::PAYMENT_REFUNDED);
    edited.0.reactions.push(Reaction { service: MAIL, states: &[NONE], on: refunded, emits: SENT });
    assert_eq!(edited.findings(), Vec::<String>::new());
    let mut edited = Edited::new();
    edited.0.facts.push(Exempt::of(kind::PAYMENT_CHARGED, "for nobody"));
    edited
        .is_refused_for_nothing_but("an exemption is not needed: payment.charged is consumed", &[]);
}
