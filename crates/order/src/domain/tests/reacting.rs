//! What follows from the events of others and from timers, in every stage.

use contracts::choreography::MURMURATION;
use contracts::events::inventory::{Reserved, Returned, Stocked};
use contracts::events::order::{EndReason, Snapshot};
use contracts::events::payment::{Charged, DeclineReason, Declined, Refunded, Settled, Voided};
use contracts::events::shipping::CancelReason;
use contracts::{CustomerId, Event, OrderId, kind, service};
use protocol::Event as _;
use protocol::choreography::{Rule, Trigger};
use protocol::{Kind, Recovered, Service};

use super::out_of_stock;
use super::world::{
    DEADLINE_MS, World, created, customer, dispatched, four_cups, id, money, shipment_cancelled,
};
use crate::OrderState;
use crate::domain::{Command, PlaceOrder};

fn declined(reason: DeclineReason) -> Event {
    Event::PaymentDeclined(Declined {
        order_id: id("o-1"),
        customer_id: id("c-1"),
        reason,
        amount: money(1_000, "GBP"),
        outstanding: money(500, "GBP"),
        limit: money(1_200, "GBP"),
        customer_version: 1,
    })
}

/// One event of each kind that order reads to decide, about order `o-1` where it can be.
fn every_event() -> Vec<Event> {
    let (order_id, customer_id) = (id::<OrderId>("o-1"), id::<CustomerId>("c-1"));
    let amount = money(1_000, "GBP");
    let snapshot = Snapshot { version: 1, customer: customer("c-1", "GBP") };
    let returned = Returned { order_id: order_id.clone(), lines: Vec::new() };
    let recovered = |service: Service| {
        // Such an id could be an order's, too.
        let recovered =
            Recovered { service: order_id.clone().into(), rows: 1, up_to: 1, foreign: Vec::new() };
        let payload = serde_json::to_vec(&recovered).unwrap();
        Event::parse(Kind::recovered(service), Recovered::VERSION, &payload).unwrap()
    };
    vec![
        Event::InventoryStocked(Stocked { sku: id("o-1"), quantity: 1, on_hand: 1 }),
        Event::InventoryReserved(Reserved {
            order_id: order_id.clone(),
            customer: snapshot.clone(),
            lines: Vec::new(),
            total: amount,
        }),
        out_of_stock(),
        Event::InventoryReleased(returned.clone()),
        Event::InventoryCommitted(returned),
        recovered(service::INVENTORY),
        Event::PaymentCharged(Charged {
            order_id: order_id.clone(),
            customer: snapshot,
            lines: Vec::new(),
            amount,
            outstanding: amount,
        }),
        declined(DeclineReason::OverLimit),
        Event::PaymentRefunded(Refunded {
            order_id: order_id.clone(),
            customer_id: customer_id.clone(),
            amount,
            outstanding: amount,
        }),
        Event::PaymentVoided(Voided { order_id: order_id.clone() }),
        Event::PaymentSettled(Settled { customer_id, amount, outstanding: amount }),
        recovered(service::PAYMENT),
        created(),
        dispatched(),
        shipment_cancelled(CancelReason::NotServed),
        recovered(service::SHIPPING),
    ]
}

#[test]
fn in_every_stage_every_event_does_what_the_choreography_says() {
    let decides = [service::INVENTORY, service::PAYMENT, service::SHIPPING];
    let kinds: Vec<_> = every_event().iter().map(Event::kind).collect();
    let wanted = kind::ALL.iter().filter(|kind| decides.contains(&kind.service()));
    assert!(wanted.copied().eq(kinds), "an event of each kind that order reads");
    for stage in OrderState::ALL.into_iter().chain([OrderState::None]) {
        for event in every_event() {
            let mut world = World::with_order(stage);
            let rule = MURMURATION.rule(service::ORDER, stage.name(), Trigger::Event(event.kind()));
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
fn a_shipment_confirms_the_order_at_once_without_a_window() {
    let mut world = World::with_order(OrderState::Placed);
    let next = world.hears(created());
    assert!(matches!(next[..], [Event::OrderConfirmed(_)]), "{next:?}");
    assert_eq!(world.timers(), 0);
}

#[test]
fn a_window_keeps_the_order_prepared_and_then_confirms_it() {
    let mut world = World::new();
    world.accepts(Command::Place(PlaceOrder { hand_over_ms: Some(5_000), ..four_cups() }));
    let next = world.hears(created());
    let [Event::OrderPrepared(prepared)] = next.as_slice() else { panic!("{next:?}") };
    assert_eq!(prepared.until, world.now.plus_millis(5_000));
    assert_eq!(world.order("o-1").unwrap().until, Some(prepared.until));
    assert_eq!(world.waits(4_999), []);
    let next = world.waits(1);
    assert!(matches!(next[..], [Event::OrderConfirmed(_)]), "{next:?}");
    assert_eq!(world.waits(DEADLINE_MS), []);
    assert_eq!(world.timers(), 0);
}

#[test]
fn the_deadline_cancels_an_order_that_is_still_placed_and_no_other() {
    let mut world = World::with_order(OrderState::Placed);
    assert_eq!(world.waits(DEADLINE_MS - 1), []);
    let next = world.waits(1);
    let [Event::OrderCancelled(ended)] = next.as_slice() else { panic!("{next:?}") };
    assert_eq!(ended.reason, EndReason::DeadlinePassed);
    for stage in
        [OrderState::Confirmed, OrderState::Completed, OrderState::Rejected, OrderState::Cancelled]
    {
        let mut world = World::with_order(stage);
        assert_eq!(world.timers(), 0, "{stage:?}");
        assert_eq!(world.waits(DEADLINE_MS), []);
    }
}

#[test]
fn refused_stock_or_credit_rejects_the_order_and_says_why() {
    let mut world = World::with_order(OrderState::Placed);
    world.hears(out_of_stock());
    let order = world.order("o-1").unwrap();
    assert_eq!(order.reason, Some(EndReason::OutOfStock));
    let detail = order.detail.unwrap();
    assert!(detail.contains("a: 4 wanted, 1 there") && detail.contains("and 2 more"), "{detail}");

    let reasons = [
        (DeclineReason::OverLimit, "12.00 GBP"),
        (DeclineReason::CustomerClosed, "closed"),
        (DeclineReason::Currency, "GBP"),
    ];
    for (reason, words) in reasons {
        let mut world = World::with_order(OrderState::Placed);
        world.hears(declined(reason));
        let order = world.order("o-1").unwrap();
        assert_eq!(order.reason, Some(EndReason::PaymentDeclined));
        assert!(order.detail.unwrap().contains(words));
    }
}

#[test]
fn a_shipment_that_cannot_leave_cancels_even_a_confirmed_order() {
    for stage in [OrderState::Placed, OrderState::Prepared, OrderState::Confirmed] {
        for reason in [CancelReason::NotServed, CancelReason::CustomerClosed] {
            let mut world = World::with_order(stage);
            world.hears(shipment_cancelled(reason));
            let order = world.order("o-1").unwrap();
            assert_eq!(order.state, OrderState::Cancelled);
            assert_eq!(order.reason, Some(EndReason::ShipmentFailed));
        }
    }
}
