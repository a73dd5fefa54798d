//! What follows from the events of inventory and order, in every stage.

use contracts::choreography::MURMURATION;
use contracts::events::inventory::{Rejected, Returned, Stocked};
use contracts::events::order::{Confirmed, EndReason, Placed, Prepared};
use contracts::events::payment::{DeclineReason, Declined};
use contracts::events::{Customer, Snapshot};
use contracts::{Event, OrderId, kind, service};
use protocol::Event as _;
use protocol::choreography::{Rule, Trigger};
use protocol::{Kind, Recovered, Service, Timestamp};

use super::world::{
    LIMIT, World, cancelled, customer, ended, gbp, id, money, reserved, reserved_for,
};
use crate::ChargeState;

/// One event of each kind that payment reads to decide, about order `o-1` where it can be.
fn every_event() -> Vec<Event> {
    let order_id: OrderId = id("o-1");
    let returned = Returned { order_id: order_id.clone(), lines: Vec::new() };
    let recovered = |service: Service| {
        // Such an id could be an order's, too.
        let recovered =
            Recovered { service: order_id.clone().into(), rows: 1, up_to: 1, foreign: Vec::new() };
        let payload = serde_json::to_vec(&recovered).unwrap();
        Event::parse(Kind::recovered(service), Recovered::VERSION, &payload).unwrap()
    };
    vec![
        Event::OrderPlaced(Placed {
            order_id: order_id.clone(),
            customer: Snapshot { version: 1, customer: customer(LIMIT, "GBP") },
            lines: Vec::new(),
            total: gbp(400),
            deadline: Timestamp::default(),
            hand_over_ms: 0,
            business_date: "2026-01-31".into(),
        }),
        Event::OrderPrepared(Prepared { order_id: order_id.clone(), until: Timestamp::default() }),
        Event::OrderConfirmed(Confirmed { order_id: order_id.clone() }),
        Event::OrderCompleted(ended("o-1", EndReason::Dispatched)),
        Event::OrderRejected(ended("o-1", EndReason::OutOfStock)),
        cancelled("o-1"),
        recovered(service::ORDER),
        Event::InventoryStocked(Stocked { sku: id("o-1"), quantity: 1, on_hand: 1 }),
        reserved("o-1", 400),
        Event::InventoryRejected(Rejected { order_id: order_id.clone(), shortages: Vec::new() }),
        Event::InventoryReleased(returned.clone()),
        Event::InventoryCommitted(returned),
        recovered(service::INVENTORY),
    ]
}

fn declined(next: &[Event]) -> &Declined {
    let [Event::PaymentDeclined(declined)] = next else { panic!("{next:?}") };
    declined
}

#[test]
fn in_every_stage_every_event_does_what_the_choreography_says() {
    let decides = [service::ORDER, service::INVENTORY];
    let kinds: Vec<_> = every_event().iter().map(Event::kind).collect();
    let wanted = kind::ALL.iter().filter(|kind| decides.contains(&kind.service()));
    assert!(wanted.copied().eq(kinds), "an event of each kind that payment reads");
    for stage in ChargeState::ALL.into_iter().chain([ChargeState::None]) {
        for event in every_event() {
            let mut world = World::with_charge(stage);
            let trigger = Trigger::Event(event.kind());
            let rule = MURMURATION.rule(service::PAYMENT, stage.name(), trigger);
            let next = world.hears(event.clone());
            match (rule, next.as_slice()) {
                (Rule::Emit(kinds), [next]) => {
                    assert!(kinds.contains(&next.kind()));
                    let after = MURMURATION.state_after(next.kind());
                    assert_eq!(Some(world.stage().name()), after);
                }
                (Rule::Ignore, []) => assert_eq!(world.stage(), stage),
                other => panic!("{stage:?} on {:?}: {other:?}", event.kind()),
            }
        }
    }
}

#[test]
fn reserved_stock_is_charged_up_to_exactly_the_limit() {
    let mut world = World::new();
    let next = world.hears(reserved("o-1", LIMIT));
    let [Event::PaymentCharged(charged)] = next.as_slice() else { panic!("{next:?}") };
    assert_eq!((charged.amount, charged.outstanding), (gbp(LIMIT), gbp(LIMIT)));
    let next = world.hears(reserved("o-2", 1));
    let declined = declined(&next);
    assert_eq!(declined.reason, DeclineReason::OverLimit);
    assert_eq!((declined.outstanding, declined.limit), (gbp(LIMIT), gbp(LIMIT)));
    assert_eq!(world.owed("GBP"), LIMIT);
    assert_eq!(world.charge("o-2").unwrap().reason, Some(DeclineReason::OverLimit));
}

#[test]
fn a_sum_that_does_not_fit_is_over_the_limit_and_does_not_wrap() {
    let mut world = World::empty();
    let rich = || Snapshot { version: 1, customer: customer(i64::MAX, "GBP") };
    world.hears(reserved_for("o-1", gbp(i64::MAX), rich()));
    assert_eq!(world.owed("GBP"), i64::MAX);
    let next = world.hears(reserved_for("o-2", gbp(1), rich()));
    assert_eq!(declined(&next).reason, DeclineReason::OverLimit);
}

#[test]
fn a_charge_that_comes_before_the_cancel_is_refunded_once() {
    let mut world = World::with_charge(ChargeState::Charged);
    let next = world.hears(cancelled("o-1"));
    let [Event::PaymentRefunded(refunded)] = next.as_slice() else { panic!("{next:?}") };
    assert_eq!((refunded.amount, refunded.outstanding), (gbp(400), gbp(0)));
    assert_eq!(world.hears(cancelled("o-1")), []);
    assert_eq!(world.owed("GBP"), 0);
}

#[test]
fn a_cancel_that_comes_before_the_charge_leaves_a_tombstone() {
    let mut world = World::new();
    let next = world.hears(cancelled("o-1"));
    assert!(matches!(next[..], [Event::PaymentVoided(_)]), "{next:?}");
    assert_eq!(world.hears(reserved("o-1", 400)), []);
    assert_eq!((world.stage(), world.owed("GBP")), (ChargeState::Voided, 0));
    assert_eq!(world.charge("o-1").unwrap().customer_id, None);
}

#[test]
fn a_customer_not_heard_of_is_charged_by_what_the_order_knew() {
    let mut world = World::empty();
    let next = world.hears(reserved("o-1", 400));
    let [Event::PaymentCharged(charged)] = next.as_slice() else { panic!("{next:?}") };
    assert_eq!(charged.customer.version, 1);
}

#[test]
fn the_newer_of_the_order_s_and_the_own_view_of_the_customer_decides() {
    let mut world = World::new();
    world.hears(Event::CustomerChanged(customer(100, "GBP")));
    let next = world.hears(reserved("o-1", 400));
    let by_replica = declined(&next);
    assert_eq!((by_replica.customer_version, by_replica.limit), (2, gbp(100)));

    let newer = Snapshot { version: 3, customer: customer(LIMIT, "GBP") };
    let next = world.hears(reserved_for("o-2", gbp(400), newer.clone()));
    let [Event::PaymentCharged(charged)] = next.as_slice() else { panic!("{next:?}") };
    assert_eq!(charged.customer, newer);
}

#[test]
fn closed_customers_and_other_currencies_are_declined() {
    let mut world = World::new();
    world.hears(Event::CustomerClosed(Customer { closed: true, ..customer(LIMIT, "GBP") }));
    let next = world.hears(reserved("o-1", 400));
    assert_eq!(declined(&next).reason, DeclineReason::CustomerClosed);

    let mut world = World::new();
    let snapshot = Snapshot { version: 1, customer: customer(LIMIT, "GBP") };
    let next = world.hears(reserved_for("o-1", money(400, "EUR"), snapshot));
    assert_eq!(declined(&next).reason, DeclineReason::Currency);
    assert_eq!(world.owed("EUR"), 0);
}

#[test]
fn a_charge_in_a_currency_that_the_customer_left_is_still_refunded() {
    let mut world = World::with_charge(ChargeState::Charged);
    world.hears(Event::CustomerChanged(customer(LIMIT, "EUR")));
    let euros = Snapshot { version: 2, customer: customer(LIMIT, "EUR") };
    world.hears(reserved_for("o-2", money(900, "EUR"), euros));
    assert_eq!((world.owed("GBP"), world.owed("EUR")), (400, 900));
    world.hears(cancelled("o-1"));
    assert_eq!((world.owed("GBP"), world.owed("EUR")), (0, 900));
}
