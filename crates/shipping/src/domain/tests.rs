//! The domain on a real engine over a database in memory, fed with streams of PAYMENT, ORDER and
//! CUSTOMER.

mod stream;
mod world;

mod histories;

use contracts::choreography::MURMURATION;
use contracts::events::order::Ended;
use contracts::events::payment::Charged;
use contracts::events::shipping::{CancelReason, Created, Recipient};
use contracts::kind;
use engine::batch::RestoreError;
use engine::versions::Versions;
use protocol::choreography::State;

use super::state::{Parcel, Shipment, ShipmentState};
use super::*;
use world::{
    CLOSED, OPEN, World, address, all, cancelled_for, charge, charged, confirmed, customer,
    dispatched, ended, id, kind_of, new_engine, order_cancelled, order_events, outbox,
    payment_events,
};

#[test]
fn a_charge_makes_a_shipment_that_leaves_when_the_order_is_confirmed() {
    let mut world = World::new();
    let created = Created {
        order_id: id("o-1"),
        recipient: Recipient {
            customer_id: id("c-1"),
            name: "Ada".into(),
            address: address("GB"),
            customer_version: Some(1),
        },
        units: 6,
    };
    let event = world.hear(charged(1, customer("GB", OPEN)));
    assert_eq!(event, Some(Event::ShippingCreated(created)));
    assert_eq!(world.hear(confirmed()), dispatched());
    let parcel = Parcel {
        customer_id: id("c-1"),
        name: "Ada".into(),
        address: address("GB"),
        units: 6,
        customer_version: 1,
    };
    let (order_id, state) = (id("o-1"), ShipmentState::Dispatched);
    assert_eq!(world.shipment(), Some(Shipment { order_id, state, parcel: Some(parcel) }));
}

#[test]
fn nothing_is_made_for_a_country_that_is_not_served() {
    let mut world = World::new();
    let event = world.hear(charged(1, customer("xx", OPEN)));
    assert_eq!(event, cancelled_for(CancelReason::NotServed));
}

#[test]
fn nothing_is_made_for_a_closed_customer() {
    let mut world = World::new();
    let event = world.hear(charged(1, customer("GB", CLOSED)));
    assert_eq!(event, cancelled_for(CancelReason::CustomerClosed));
}

#[test]
fn a_replica_that_is_newer_than_the_charge_decides() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("GB", OPEN)));
    world.hear(Event::CustomerChanged(customer("XX", OPEN)));
    let event = world.hear(charged(1, customer("GB", OPEN)));
    assert_eq!(event, cancelled_for(CancelReason::NotServed));
}

#[test]
fn a_charge_that_is_newer_than_the_replica_decides() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("XX", OPEN)));
    let event = world.hear(charged(2, customer("GB", OPEN)));
    assert_eq!(kind_of(event), Some(kind::SHIPPING_CREATED));
}

#[test]
fn a_customer_who_was_closed_meanwhile_gets_nothing() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("GB", OPEN)));
    world.hear(charged(1, customer("GB", OPEN)));
    world.hear(Event::CustomerClosed(customer("GB", CLOSED)));
    assert_eq!(world.hear(confirmed()), cancelled_for(CancelReason::CustomerClosed));
    assert_eq!(world.hear(order_cancelled()), None);
}

#[test]
fn a_customer_who_moved_meanwhile_to_where_nobody_delivers_gets_nothing() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("GB", OPEN)));
    world.hear(charged(1, customer("GB", OPEN)));
    world.hear(Event::CustomerChanged(customer("XX", OPEN)));
    assert_eq!(world.hear(confirmed()), cancelled_for(CancelReason::NotServed));
}

#[test]
fn a_customer_who_moved_meanwhile_within_reach_gets_the_parcel_as_it_was_made() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("GB", OPEN)));
    world.hear(charged(1, customer("GB", OPEN)));
    world.hear(Event::CustomerChanged(customer("FR", OPEN)));
    assert_eq!(world.hear(confirmed()), dispatched());
    assert_eq!(world.shipment().unwrap().parcel.unwrap().address, address("GB"));
}

#[test]
fn a_parcel_for_a_country_that_is_not_served_any_more_stays() {
    let mut world = World::new();
    world.hear(charged(1, customer("GB", OPEN)));
    let mut world = world.restored_without("GB");
    assert_eq!(world.hear(confirmed()), cancelled_for(CancelReason::NotServed));
}

/// The charge told of the customer's third version; the replica hears of the second only now.
#[test]
fn what_a_late_replica_hears_that_is_older_than_the_charge_stops_no_parcel() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("GB", OPEN)));
    world.hear(charged(3, customer("GB", OPEN)));
    world.hear(Event::CustomerChanged(customer("XX", OPEN)));
    assert_eq!(world.hear(confirmed()), dispatched());
}

/// What the charge told is older than what was heard of the customer before the parcel was made, and
/// what is heard after that is newer still.
#[test]
fn what_a_replica_hears_that_is_newer_than_the_parcel_stops_it() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("GB", OPEN)));
    world.hear(Event::CustomerChanged(customer("FR", OPEN)));
    world.hear(charged(1, customer("GB", OPEN)));
    assert_eq!(world.shipment().unwrap().parcel.unwrap().customer_version, 2);
    world.hear(Event::CustomerChanged(customer("XX", OPEN)));
    assert_eq!(world.hear(confirmed()), cancelled_for(CancelReason::NotServed));
}

#[test]
fn a_parcel_goes_where_it_was_made_for_when_the_replica_is_behind() {
    let mut world = World::new();
    world.hear(Event::CustomerRegistered(customer("XX", OPEN)));
    world.hear(charged(2, customer("GB", OPEN)));
    assert_eq!(world.hear(confirmed()), dispatched());
}

#[test]
fn a_cancelled_order_leaves_a_tombstone_that_no_charge_wakes() {
    let mut world = World::new();
    let tombstone = cancelled_for(CancelReason::OrderCancelled);
    assert_eq!(world.hear(order_cancelled()), tombstone);
    assert_eq!(world.hear(charged(1, customer("GB", OPEN))), None);
    assert_eq!(world.hear(confirmed()), None);
    assert_eq!(world.shipment().unwrap().parcel, None);
}

#[test]
fn a_shipment_that_was_made_is_cancelled_with_its_order() {
    let mut world = World::new();
    world.hear(charged(1, customer("GB", OPEN)));
    assert_eq!(world.hear(order_cancelled()), cancelled_for(CancelReason::OrderCancelled));
    assert!(world.shipment().unwrap().parcel.is_some());
}

#[test]
fn repeated_events_have_one_effect() {
    let mut world = World::new();
    for nth in 0..10 {
        assert_eq!(world.hear(charged(1, customer("GB", OPEN))).is_some(), nth == 0);
    }
    for nth in 0..10 {
        assert_eq!(world.hear(confirmed()).is_some(), nth == 0);
    }
    assert_eq!(world.hear(order_cancelled()), None);
    assert_eq!(outbox(&world.engine).len(), 2);
}

/// Brings a fresh world's order `o-1` into a state.
fn world_in(state: State) -> World {
    let mut world = World::new();
    let events = match state {
        "none" => vec![],
        "created" => vec![charged(1, customer("GB", OPEN))],
        "dispatched" => vec![charged(1, customer("GB", OPEN)), confirmed()],
        _ => vec![order_cancelled()],
    };
    for event in events {
        world.hear(event);
    }
    assert_eq!(world.state(), state);
    world
}

#[test]
fn every_pair_of_state_and_event_does_what_the_choreography_says() {
    let events: Vec<_> = order_events().into_iter().chain(payment_events()).collect();
    for state in ["none", "created", "dispatched", "cancelled"] {
        for event in &events {
            let kind = event.kind();
            let expected = match (state, kind) {
                ("none", kind::PAYMENT_CHARGED) => Some(kind::SHIPPING_CREATED),
                ("created", kind::ORDER_CONFIRMED) => Some(kind::SHIPPING_DISPATCHED),
                ("none" | "created", kind::ORDER_CANCELLED) => Some(kind::SHIPPING_CANCELLED),
                _ => None,
            };
            let published = kind_of(world_in(state).hear(event.clone()));
            assert_eq!(published, expected, "{kind} in {state}");
        }
    }
}

#[test]
fn rows_that_contradict_the_table_cannot_be_applied() {
    let created = world_in("created");
    let created = outbox(&created.engine)[0].parse::<Event>().unwrap().event;
    let dispatched = dispatched().unwrap();
    let tombstone = cancelled_for(CancelReason::OrderCancelled).unwrap();
    for events in [
        vec![dispatched.clone()],
        vec![tombstone.clone(), created.clone()],
        vec![tombstone.clone(), dispatched.clone()],
        vec![tombstone.clone(), tombstone.clone()],
        vec![created.clone(), created.clone()],
        vec![created.clone(), dispatched.clone(), dispatched.clone()],
        vec![created, dispatched, tombstone],
    ] {
        let mut stream = stream::Stream::new();
        let next = |event: &Event| stream.next(event.clone()).to_row().unwrap();
        let rows: Vec<_> = events.iter().map(next).collect();
        let (last, before) = rows.split_last().unwrap();
        let mut engine = new_engine();
        engine.restore(before).unwrap();
        let refused = engine.restore(std::slice::from_ref(last));
        assert!(matches!(refused, Err(RestoreError::Fatal(_))), "{events:?}: {refused:?}");
    }
}

#[test]
fn a_shipment_is_written_in_either_version_and_both_make_the_same_tables() {
    let written_in = |version: Option<u16>| {
        let mut world = World::new();
        let written: Vec<_> =
            version.map(|version| (kind::SHIPPING_CREATED, version)).into_iter().collect();
        let versions = Versions::of(&MURMURATION, ShippingDomain::SERVICE, &written, &[]).unwrap();
        world.engine.set_versions(versions.into());
        world.hear(charged(1, customer("GB", OPEN)));
        world.hear(confirmed());
        let rows = outbox(&world.engine);
        let mut restored = new_engine();
        restored.restore(&rows).unwrap();
        assert_eq!(all(&restored), all(&world.engine));
        (rows[0].headers.contains(":shipping.created.v2\n"), rows, all(&world.engine))
    };
    let (first, second) = (written_in(Some(1)), written_in(Some(2)));
    assert_eq!((first.0, second.0), (false, true));
    assert_eq!(first.2, second.2);
    assert_ne!(first.1[0].payload, second.1[0].payload);
    // The event that follows is about the same, and the same.
    assert_eq!(first.1[1].payload, second.1[1].payload);
    // Until it is said otherwise, nothing changes for anybody.
    assert_eq!(written_in(None).1, first.1);
}

#[test]
fn restored_rows_make_the_same_table() {
    let mut world = World::new();
    let of = |name: &str, charged: Charged| {
        Event::PaymentCharged(Charged { order_id: id(name), ..charged })
    };
    world.hear(of("o-1", charge(1, customer("GB", OPEN))));
    world.hear(of("o-2", charge(1, customer("XX", OPEN))));
    world.hear(of("o-3", charge(1, customer("GB", OPEN))));
    world.hear(of("o-4", charge(1, customer("GB", OPEN))));
    world.hear(confirmed());
    world.hear(Event::OrderCancelled(Ended { order_id: id("o-3"), ..ended() }));
    world.hear(Event::OrderCancelled(Ended { order_id: id("o-5"), ..ended() }));

    let mut restored = new_engine();
    restored.restore(&outbox(&world.engine)).unwrap();
    assert_eq!(all(&world.engine).len(), 5);
    assert_eq!(all(&restored), all(&world.engine));
    assert_eq!(restored.head(), world.engine.head());
}
