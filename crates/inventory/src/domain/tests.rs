//! The domain on a real engine over a database in memory, fed with streams of ORDER and PRODUCT.

mod stream;
mod world;

mod histories;

use contracts::events::Product;
use contracts::events::inventory::{Reserved, Stocked};
use contracts::events::order::{Confirmed, Ended, Placed, Prepared};
use contracts::{OrderId, kind};
use engine::batch::RestoreError;
use engine::{Answer, Request};
use protocol::choreography::State;
use protocol::{Idempotency, Recovered};

use super::*;
use world::{
    NOW, World, cancelled, ended, id, new_engine, order, outbox, placed, product, rejected,
    returned, tables_of,
};

#[test]
fn all_lines_are_reserved_and_what_payment_needs_is_passed_on() {
    let mut world = World::stocked(&[("a", 5), ("b", 5)]);
    let lines = [("a", 2), ("b", 3)];
    let Placed { order_id, customer, lines, total, .. } = order(&lines);
    let reserved = Event::InventoryReserved(Reserved { order_id, customer, lines, total });
    assert_eq!(world.order(placed(&[("a", 2), ("b", 3)])), Some(reserved));
    assert_eq!(world.counts("a"), [5, 2, 5, 0]);
    assert_eq!(world.counts("b"), [5, 3, 5, 0]);
    assert_eq!(world.state(), "reserved");
}

#[test]
fn one_line_that_falls_short_rejects_the_order_and_reserves_nothing() {
    let mut world = World::stocked(&[("a", 5), ("b", 1)]);
    assert_eq!(world.order(placed(&[("a", 2), ("b", 3)])), rejected("b", 3, 1));
    assert_eq!(world.counts("a"), [5, 0, 5, 0]);
    assert_eq!(world.state(), "rejected");
}

#[test]
fn a_product_that_was_never_stocked_falls_short() {
    let mut world = World::new();
    assert_eq!(world.order(placed(&[("a", 1)])), rejected("a", 1, 0));
}

#[test]
fn lines_of_the_same_product_are_summed() {
    let mut world = World::stocked(&[("a", 5)]);
    assert_eq!(world.order(placed(&[("a", 3), ("a", 3)])), rejected("a", 6, 5));

    let mut world = World::stocked(&[("a", 5)]);
    assert!(world.order(placed(&[("a", 3), ("a", 2)])).is_some());
    assert_eq!(world.counts("a"), [5, 5, 5, 0]);
    let released = Event::InventoryReleased(returned(&[("a", 5)]));
    assert_eq!(world.order(cancelled()), Some(released));
}

#[test]
fn a_sum_that_no_reservation_can_count_falls_short() {
    let mut world = World::stocked(&[("a", u32::MAX), ("a", u32::MAX)]);
    let available = 2 * u64::from(u32::MAX);
    let event = world.order(placed(&[("a", u32::MAX), ("a", 1)]));
    assert_eq!(event, rejected("a", u32::MAX, available));
}

#[test]
fn cancelled_and_rejected_orders_give_their_units_back() {
    for end in [Event::OrderCancelled(ended()), Event::OrderRejected(ended())] {
        let mut world = World::stocked(&[("a", 5)]);
        world.order(placed(&[("a", 2)]));
        assert_eq!(world.order(end), Some(Event::InventoryReleased(returned(&[("a", 2)]))));
        assert_eq!(world.counts("a"), [5, 0, 5, 0]);
        assert_eq!(world.state(), "released");
    }
}

#[test]
fn units_of_a_completed_order_leave() {
    let mut world = World::stocked(&[("a", 5)]);
    world.order(placed(&[("a", 2)]));
    let event = world.order(Event::OrderCompleted(ended()));
    assert_eq!(event, Some(Event::InventoryCommitted(returned(&[("a", 2)]))));
    assert_eq!(world.counts("a"), [3, 0, 5, 2]);
    assert_eq!(world.state(), "committed");
}

/// Brings a fresh world's order `o-1` into a state.
fn world_in(state: State) -> World {
    let mut world = World::stocked(&[("a", 5)]);
    let events = match state {
        "none" => vec![],
        "reserved" => vec![placed(&[("a", 2)])],
        "rejected" => vec![placed(&[("a", 9)])],
        "released" => vec![placed(&[("a", 2)]), cancelled()],
        _ => vec![placed(&[("a", 2)]), Event::OrderCompleted(ended())],
    };
    for event in events {
        world.order(event);
    }
    assert_eq!(world.state(), state);
    world
}

#[test]
fn every_pair_of_state_and_event_does_what_the_choreography_says() {
    let order_id: OrderId = id("o-1");
    let until = NOW;
    let recovered = Recovered { service: id("order"), rows: 1, up_to: 1, foreign: Vec::new() };
    let events = [
        placed(&[("a", 2)]),
        Event::OrderPrepared(Prepared { order_id: order_id.clone(), until }),
        Event::OrderConfirmed(Confirmed { order_id }),
        Event::OrderCompleted(ended()),
        Event::OrderRejected(ended()),
        Event::OrderCancelled(ended()),
        Event::OrderRecovered(recovered),
    ];
    for state in ["none", "reserved", "rejected", "released", "committed"] {
        for event in &events {
            let kind = event.kind();
            let published = world_in(state).order(event.clone());
            let expected = match (state, kind) {
                ("none", kind::ORDER_PLACED) => Some(kind::INVENTORY_RESERVED),
                ("reserved", kind::ORDER_COMPLETED) => Some(kind::INVENTORY_COMMITTED),
                ("reserved", kind::ORDER_REJECTED | kind::ORDER_CANCELLED) => {
                    Some(kind::INVENTORY_RELEASED)
                }
                _ => None,
            };
            assert_eq!(published.map(|event| event.kind()), expected, "{kind} in {state}");
        }
    }
}

#[test]
fn repeated_events_have_one_effect() {
    let mut world = World::stocked(&[("a", 5)]);
    for nth in 0..10 {
        assert_eq!(world.order(placed(&[("a", 2)])).is_some(), nth == 0);
    }
    assert_eq!(world.counts("a"), [5, 2, 5, 0]);
    for nth in 0..10 {
        assert_eq!(world.order(cancelled()).is_some(), nth == 0);
    }
    assert_eq!(world.counts("a"), [5, 0, 5, 0]);
}

#[test]
fn two_orders_never_share_a_unit() {
    let mut world = World::stocked(&[("a", 5)]);
    let mut other = order(&[("a", 3)]);
    other.order_id = id("o-2");
    assert!(world.order(placed(&[("a", 3)])).is_some());
    let event = world.order(Event::OrderPlaced(other.clone())).unwrap();
    assert_eq!(event.kind(), kind::INVENTORY_REJECTED);

    world.order(cancelled());
    other.order_id = id("o-3");
    let event = world.order(Event::OrderPlaced(other)).unwrap();
    assert_eq!(event.kind(), kind::INVENTORY_RESERVED);
    assert_eq!(world.counts("a"), [5, 3, 5, 0]);
}

#[test]
fn goods_that_come_in_are_counted() {
    let mut world = World::stocked(&[("a", 5)]);
    world.order(placed(&[("a", 5)]));
    world.order(Event::OrderCompleted(ended()));
    let answer = world.stock("a", 3);
    let Answer::Accepted { event, .. } = answer else { panic!("not accepted: {answer:?}") };
    let stocked = Stocked { sku: id("a"), quantity: 3, on_hand: 3 };
    assert_eq!(event.event, Event::InventoryStocked(stocked));
    assert_eq!(world.counts("a"), [3, 0, 8, 5]);
}

#[test]
fn only_listed_products_are_stocked() {
    let mut world = World::new();
    assert_eq!(world.refusal("z", 1), Refusal::UnknownProduct(id("z")));
    assert_eq!(world.refusal("a", 0), Refusal::NoQuantity);
    let gone = Product { discontinued: true, ..product("a") };
    world.product(Event::ProductDiscontinued(gone));
    assert_eq!(world.refusal("a", 1), Refusal::ProductDiscontinued(id("a")));
    assert_eq!(outbox(&world.engine), []);
}

#[test]
fn more_units_than_can_be_counted_are_refused() {
    let mut world = World::new();
    let fitting = STOCKED_MAX / u64::from(u32::MAX);
    for _ in 0..fitting {
        assert!(matches!(world.stock("a", u32::MAX), Answer::Accepted { .. }));
    }
    let stocked = fitting * u64::from(u32::MAX);
    let refusal = world.refusal("a", u32::MAX);
    assert_eq!(refusal, Refusal::TooMuch { sku: id("a"), stocked });
    assert_eq!(world.counts("a"), [stocked, 0, stocked, 0]);
}

#[test]
fn one_key_asked_ten_times_stocks_once() {
    let mut world = World::new();
    let idempotency = Idempotency { key: "k".parse().unwrap(), request_hash: "h".into() };
    let request = Request { idempotency: Some(idempotency), ..Request::default() };
    for nth in 0..10 {
        let answer = world.ask("a", 2, request.clone());
        assert!(matches!(answer, Answer::Accepted { repeated, .. } if repeated == (nth > 0)));
    }
    assert_eq!(world.counts("a"), [2, 0, 2, 0]);
}

#[test]
fn rows_that_sell_more_than_there_is_cannot_be_applied() {
    let stocked = Event::InventoryStocked(Stocked { sku: id("a"), quantity: 5, on_hand: 5 });
    let reserving = |quantity| {
        let Placed { order_id, customer, lines, total, .. } = order(&[("a", quantity)]);
        Event::InventoryReserved(Reserved { order_id, customer, lines, total })
    };
    let miscounted = Event::InventoryStocked(Stocked { sku: id("a"), quantity: 1, on_hand: 9 });
    for contradiction in [
        vec![reserving(6)],
        vec![reserving(2), Event::InventoryReleased(returned(&[("a", 3)]))],
        vec![reserving(2), Event::InventoryCommitted(returned(&[("a", 3)]))],
        vec![Event::InventoryReleased(returned(&[("a", 1)]))],
        vec![miscounted],
    ] {
        let mut stream = stream::Stream::new();
        let events = [stocked.clone()].into_iter().chain(contradiction.clone());
        let rows: Vec<_> = events.map(|event| stream.next(event).to_row().unwrap()).collect();
        let mut engine = new_engine();
        assert!(engine.restore(&rows[..rows.len() - 1]).is_ok(), "{contradiction:?}");
        let refused = engine.restore(&rows[rows.len() - 1..]);
        assert!(matches!(refused, Err(RestoreError::Fatal(_))), "{contradiction:?}: {refused:?}");
    }
}

#[test]
fn restored_rows_make_the_same_tables() {
    let mut world = World::stocked(&[("a", 50), ("b", 50)]);
    let mut place = |name: &str, lines: &[(&str, u32)]| {
        world.order(Event::OrderPlaced(Placed { order_id: id(name), ..order(lines) }));
    };
    place("o-1", &[("a", 2), ("b", 1), ("a", 3)]);
    place("o-2", &[("a", 60)]);
    place("o-3", &[("b", 7)]);
    place("o-4", &[("b", 9)]);
    world.order(Event::OrderCancelled(Ended { order_id: id("o-3"), ..ended() }));
    world.order(Event::OrderCompleted(Ended { order_id: id("o-4"), ..ended() }));

    let mut restored = new_engine();
    restored.restore(&outbox(&world.engine)).unwrap();
    let orders = ["o-1", "o-2", "o-3", "o-4"];
    assert_eq!(tables_of(&restored, &orders), tables_of(&world.engine, &orders));
    assert_eq!(restored.head(), world.engine.head());
}
