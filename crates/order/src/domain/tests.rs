//! Orders inside a real engine: each row of the choreography, and what is refused.

mod world;

mod placing;
mod reacting;

use contracts::events::inventory::{Rejected, Shortage};
use contracts::events::order::EndReason;
use contracts::{Event, service};
use engine::Answer;
use engine::history::Moment;

use super::{Command, PlaceOrder};
use crate::{OrderState, Refusal, history, tables};
use world::{World, created, dispatched, four_cups, id, new_engine};

fn out_of_stock() -> Event {
    let short = |sku: &str| Shortage { sku: id(sku), wanted: 4, available: 1 };
    let shortages = ["a", "b", "c", "d", "e"].map(short).to_vec();
    Event::InventoryRejected(Rejected { order_id: id("o-1"), shortages })
}

fn cancel() -> Command {
    Command::Cancel(id("o-1"))
}

#[test]
fn an_order_can_be_cancelled_until_it_is_confirmed() {
    for stage in [OrderState::Placed, OrderState::Prepared] {
        let mut world = World::with_order(stage);
        world.accepts(cancel());
        let order = world.order("o-1").unwrap();
        assert_eq!(order.state, OrderState::Cancelled);
        assert_eq!(order.reason, Some(EndReason::Requested));
        assert_eq!(world.timers(), 0);
    }
}

#[test]
fn a_confirmed_or_completed_order_is_too_late_to_cancel() {
    for stage in [OrderState::Confirmed, OrderState::Completed] {
        let mut world = World::with_order(stage);
        let answer = world.asks(cancel());
        let expected = Refusal::TooLate { order_id: id("o-1"), stage };
        assert!(matches!(answer, Answer::Refused(refusal) if refusal == expected));
        assert_eq!(world.stage(), stage);
    }
}

#[test]
fn unknown_and_rejected_orders_are_not_cancelled_and_cancelled_ones_stay_so() {
    let answer = World::with_order(OrderState::None).asks(cancel());
    assert!(matches!(answer, Answer::Refused(Refusal::UnknownOrder(_))));
    let answer = World::with_order(OrderState::Rejected).asks(cancel());
    assert!(matches!(answer, Answer::Refused(Refusal::AlreadyRejected(_))));
    let answer = World::with_order(OrderState::Cancelled).asks(cancel());
    assert!(matches!(answer, Answer::Unchanged));
}

#[test]
fn an_order_that_was_cancelled_first_ignores_its_shipment() {
    let mut world = World::with_order(OrderState::Placed);
    world.accepts(cancel());
    assert_eq!(world.hears(created()), []);
    assert_eq!(world.hears(dispatched()), []);
    assert_eq!(world.stage(), OrderState::Cancelled);
}

#[test]
fn ten_repeats_of_a_command_have_one_effect_and_one_answer() {
    let mut world = World::new();
    let mut sequences = Vec::new();
    for nth in 0..10 {
        let answer = world.asks_with_key(Command::Place(four_cups()), "key-1");
        let Answer::Accepted { event, repeated } = answer else { panic!("{answer:?}") };
        assert_eq!(repeated, nth > 0);
        sequences.push(event.headers.sequence);
    }
    assert_eq!(sequences, [1; 10]);
    assert_eq!(world.rows.len(), 1);
}

#[test]
fn a_key_stands_for_one_request_and_a_refusal_does_not_use_it_up() {
    let mut world = World::new();
    let refused = world.asks_with_key(cancel(), "key-1");
    assert!(matches!(refused, Answer::Refused(Refusal::UnknownOrder(_))));
    world.accepts(Command::Place(four_cups()));
    let accepted = world.asks_with_key(cancel(), "key-1");
    assert!(matches!(accepted, Answer::Accepted { repeated: false, .. }));
    let reused = world.asks_with_key(Command::Place(four_cups()), "key-1");
    assert!(matches!(reused, Answer::KeyReused));
}

#[test]
fn restoring_the_rows_restores_orders_timers_positions_and_requests() {
    let mut world = World::with_order(OrderState::Completed);
    for (order, cancelled) in [("o-2", true), ("o-3", false)] {
        let place = super::PlaceOrder { id: id(order), hand_over_ms: Some(9), ..four_cups() };
        world.asks_with_key(Command::Place(place), order);
        if cancelled {
            world.accepts(Command::Cancel(id(order)));
        }
    }
    let mut restored = new_engine();
    restored.restore(&world.rows).unwrap();

    let all = tables::Wanted::default();
    let before = tables::orders(&world.engine.read(), &all, 10).unwrap();
    assert_eq!(before.len(), 3);
    assert_eq!(tables::orders(&restored.read(), &all, 10).unwrap(), before);
    assert_eq!(restored.head(), world.engine.head());
    let due = |engine: &engine::Engine<_>| {
        engine.timers_due(world.now.plus_millis(u32::MAX), 10).unwrap()
    };
    assert_eq!(due(&restored), due(&world.engine));
    let decided = |engine: &engine::Engine<super::OrderDomain>| {
        engine.positions().of(service::SHIPPING).decided
    };
    assert_eq!(decided(&restored), decided(&world.engine));

    world.engine = restored;
    let place = super::PlaceOrder { id: id("o-3"), hand_over_ms: Some(9), ..four_cups() };
    let answer = world.asks_with_key(Command::Place(place), "o-3");
    assert!(matches!(answer, Answer::Accepted { repeated: true, .. }), "{answer:?}");
}

#[test]
fn the_audit_trail_of_an_order_is_all_its_events_in_order() {
    let world = World::with_order(OrderState::Completed);
    let trail = tables::audit_trail(&world.engine.read(), &id("o-1")).unwrap();
    let kinds: Vec<_> = trail.iter().map(|event| event.headers.kind.name()).collect();
    assert_eq!(kinds, ["order.placed", "order.confirmed", "order.completed"]);
    let causes: Vec<_> = trail.iter().map(|event| event.headers.cause.to_string()).collect();
    assert_eq!(causes, ["command/place", "SHIPPING/1", "SHIPPING/2"]);
}

#[test]
fn orders_are_listed_newest_first_by_state_and_customer() {
    let mut world = World::new();
    for order in ["o-1", "o-2", "o-3"] {
        world.accepts(Command::Place(super::PlaceOrder { id: id(order), ..four_cups() }));
    }
    world.accepts(Command::Cancel(id("o-2")));
    let listed = |wanted: tables::Wanted| {
        let orders = tables::orders(&world.engine.read(), &wanted, 2).unwrap();
        orders.iter().map(|order| order.order_id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed(tables::Wanted::default()), ["o-3", "o-2"]);
    assert_eq!(listed(tables::Wanted { before: Some(2), ..Default::default() }), ["o-1"]);
    let placed = Some(OrderState::Placed);
    let customer_id = Some(id("c-1"));
    let wanted = tables::Wanted { state: placed, customer_id, before: None };
    assert_eq!(listed(wanted), ["o-3", "o-1"]);
    let customer_id = Some(id("nobody"));
    assert!(listed(tables::Wanted { customer_id, ..Default::default() }).is_empty());
}

#[test]
fn an_order_is_told_as_it_was_at_every_version_and_time() {
    let mut world = World::new();
    let place = PlaceOrder { hand_over_ms: Some(5_000), ..four_cups() };
    world.accepts(Command::Place(place));
    let mut versions = vec![(world.engine.head().sequence, world.now, world.order("o-1"))];
    let mut note = |world: &World| {
        versions.push((world.engine.head().sequence, world.now, world.order("o-1")));
    };
    world.now = world.now.plus_millis(10);
    world.hears(created());
    note(&world);
    world.waits(5_000);
    note(&world);
    world.now = world.now.plus_millis(10);
    world.hears(dispatched());
    note(&world);
    assert_eq!(versions.len(), 4);
    for (version, time, then) in versions {
        for moment in [Moment::Version(version), Moment::Time(time)] {
            let found = history::order(&world.engine.read(), &id("o-1"), moment).unwrap();
            assert_eq!(found, then, "{moment:?}");
        }
    }
    let before = history::order(&world.engine.read(), &id("o-1"), Moment::Version(0)).unwrap();
    assert_eq!(before, None);
}
