//! What customers pay in.

use contracts::Event;
use contracts::events::{Customer, Snapshot};
use contracts::money::AMOUNT_MINOR_MAX;
use engine::Answer;
use engine::history::Moment;

use super::world::{
    LIMIT, World, cancelled, customer, gbp, id, money, reserved, reserved_for, settle,
};
use crate::{ChargeState, Refusal, history, tables};

#[test]
fn paying_in_makes_room_under_the_limit() {
    let mut world = World::new();
    world.hears(reserved("o-1", LIMIT));
    let answer = world.pays_in(gbp(300));
    let Answer::Accepted { event, .. } = answer else { panic!("{answer:?}") };
    let Event::PaymentSettled(settled) = event.event else { panic!("{:?}", event.event) };
    assert_eq!((settled.amount, settled.outstanding), (gbp(300), gbp(LIMIT - 300)));
    let next = world.hears(reserved("o-2", 300));
    assert!(matches!(next[..], [Event::PaymentCharged(_)]), "{next:?}");
    assert_eq!(world.owed("GBP"), LIMIT);
}

#[test]
fn a_refund_after_paying_in_leaves_a_credit() {
    let mut world = World::with_charge(ChargeState::Charged);
    world.pays_in(gbp(400));
    world.hears(cancelled("o-1"));
    assert_eq!(world.owed("GBP"), -400);
}

#[test]
fn ten_repeats_of_a_payment_count_once() {
    let mut world = World::with_charge(ChargeState::Charged);
    for nth in 0..10 {
        let answer = world.pays_in_with_key(gbp(100), "key-1");
        let Answer::Accepted { event, repeated } = answer else { panic!("{answer:?}") };
        assert_eq!((event.headers.sequence, repeated), (2, nth > 0));
    }
    assert_eq!(world.owed("GBP"), 300);
    let reused = world.pays_in_with_key(gbp(101), "key-1");
    assert!(matches!(reused, Answer::KeyReused));
}

#[test]
fn unknown_customers_and_amounts_that_are_no_payment_are_refused() {
    let mut world = World::new();
    let refusal = world.refusal(settle("c-2", gbp(1)));
    assert_eq!(refusal, Refusal::UnknownCustomer(id("c-2")));
    for minor in [i64::MIN, -1, 0] {
        assert_eq!(world.refusal(settle("c-1", gbp(minor))), Refusal::Amount(gbp(minor)));
    }
    let refusal = world.refusal(settle("c-1", money(1, "EUR")));
    assert!(matches!(refusal, Refusal::Currency { found, .. } if found.as_str() == "EUR"));
    for amount in [money(1, "ZZZ"), gbp(AMOUNT_MINOR_MAX + 1)] {
        let refusal = world.refusal(settle("c-1", amount));
        assert!(matches!(refusal, Refusal::Unacceptable(_)), "{refusal:?}");
    }
}

#[test]
fn debts_from_before_there_were_bounds_can_be_paid() {
    let mut world = World::empty();
    let rich = || Snapshot { version: 1, customer: customer(i64::MAX, "ZZZ") };
    world.hears(Event::CustomerRegistered(rich().customer));
    world.hears(reserved_for("o-1", money(i64::MAX, "ZZZ"), rich()));
    let too_much = world.refusal(settle("c-1", money(i64::MAX - 1, "ZZZ")));
    assert!(matches!(too_much, Refusal::Unacceptable(_)), "{too_much:?}");
    world.pays_in(money(AMOUNT_MINOR_MAX, "ZZZ"));
    world.pays_in(money(i64::MAX - AMOUNT_MINOR_MAX, "ZZZ"));
    assert_eq!(world.owed("ZZZ"), 0);
}

#[test]
fn a_closed_customer_and_one_whose_currency_changed_can_still_pay_debts() {
    let mut world = World::with_charge(ChargeState::Charged);
    let changed = Customer { closed: true, ..customer(LIMIT, "EUR") };
    world.hears(Event::CustomerClosed(changed));
    let answer = world.pays_in(gbp(400));
    assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
    assert_eq!(world.owed("GBP"), 0);
}

#[test]
fn no_order_of_payments_and_refunds_leaves_64_bits() {
    let mut world = World::empty();
    world.hears(Event::CustomerRegistered(customer(i64::MAX, "GBP")));
    let rich = || Snapshot { version: 1, customer: customer(i64::MAX, "GBP") };
    world.hears(reserved_for("o-1", gbp(i64::MAX), rich()));
    world.pays_in(gbp(i64::MAX));
    world.hears(reserved_for("o-2", gbp(i64::MAX), rich()));
    assert_eq!(world.refusal(settle("c-1", gbp(1))), Refusal::AmountOverflow);
    world.hears(cancelled("o-1"));
    world.hears(cancelled("o-2"));
    assert_eq!(world.owed("GBP"), -i64::MAX);
}

#[test]
fn the_account_is_told_as_it_was_after_each_of_its_events() {
    let mut world = World::with_charge(ChargeState::Charged);
    let mut versions = vec![(1, Some(400))];
    world.hears(reserved("o-2", 700));
    versions.push((2, Some(1_100)));
    world.pays_in(gbp(300));
    versions.push((3, Some(800)));
    // An order whose name is the customer's, of somebody else.
    let other = Customer { id: id("c-9"), ..customer(LIMIT, "GBP") };
    world.hears(Event::CustomerRegistered(other.clone()));
    world.hears(reserved_for("c-1", gbp(50), Snapshot { version: 2, customer: other }));
    versions.push((4, Some(800)));
    world.hears(cancelled("o-1"));
    versions.push((5, Some(400)));
    versions.push((0, None));
    for (version, owed) in versions {
        let state = world.engine.read();
        let then = history::account(&state, &id("c-1"), Moment::Version(version)).unwrap();
        let account = |then: engine::Database| {
            tables::account(&then.read(), &id("c-1"), gbp(0).currency).unwrap().outstanding.minor
        };
        assert_eq!(then.map(account), owed, "version {version}");
    }
    assert_eq!(world.owed("GBP"), 400);
}
