use std::fmt::Debug;
use std::str::FromStr;

use contracts::choreography::MURMURATION;
use contracts::events::order::{Confirmed, EndReason, Ended, Placed};
use contracts::events::shipping::{Created, Dispatched, Recipient};
use contracts::events::{Address, Customer, Snapshot, inventory};
use contracts::{Event, Money, StoredEvent, service};
use protocol::{Cause, Chain, Headers, HistoryId, Position, Service, Timestamp, Vector};

use super::*;

fn id<T: FromStr<Err: Debug>>() -> T {
    "o-1".parse().unwrap()
}

fn gbp(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

fn snapshot() -> Snapshot {
    let customer = Customer {
        id: "c-1".parse().unwrap(),
        name: "Ada".into(),
        address: Address { street: String::new(), city: String::new(), country: "GB".into() },
        credit_limit: gbp(10_000),
        closed: false,
    };
    Snapshot { version: 1, customer }
}

fn placed() -> Event {
    Event::OrderPlaced(Placed {
        order_id: id(),
        customer: snapshot(),
        lines: Vec::new(),
        total: gbp(500),
        deadline: Timestamp::from_micros(60_000_000),
        hand_over_ms: 0,
        business_date: "2026-01-31".into(),
    })
}

fn reserved() -> Event {
    Event::InventoryReserved(inventory::Reserved {
        order_id: id(),
        customer: snapshot(),
        lines: Vec::new(),
        total: gbp(500),
    })
}

fn created() -> Event {
    Event::ShippingCreated(Created {
        order_id: id(),
        recipient: Recipient {
            customer_id: "c-1".parse().unwrap(),
            name: "Ada".into(),
            address: snapshot().customer.address,
            customer_version: None,
        },
        units: 1,
    })
}

fn ended(reason: EndReason) -> Ended {
    Ended { order_id: id(), reason, detail: String::new() }
}

/// An event at a millisecond, caused by a command or by the event at a place in a stream.
fn at(millis: i64, sequence: u64, event: Event, cause: Option<(Service, u64)>) -> StoredEvent {
    let position = |sequence| Position { sequence, chain: Chain::START };
    let headers = Headers {
        sequence,
        kind: event.kind(),
        version: 1,
        id: id(),
        time: Timestamp::from_micros(millis * 1_000),
        cause: cause.map_or(Cause::Command("place".into()), |(service, sequence)| Cause::Event {
            service,
            sequence,
        }),
        vector: Vector(cause.iter().map(|(service, n)| (*service, position(*n))).collect()),
        history: HistoryId::from_bytes([1; 16]),
        traceparent: None,
        idempotency: None,
        seal: None,
    };
    StoredEvent { headers, event, chain: Chain::START }
}

fn pending_after(events: &[StoredEvent]) -> Vec<(Service, String)> {
    let pending = Timeline::of(&MURMURATION, events).pending;
    pending.into_iter().map(|event| (event.service, event.on)).collect()
}

#[test]
fn a_placed_order_waits_for_inventory_and_has_a_deadline() {
    let events = [at(0, 1, placed(), None)];
    assert_eq!(
        pending_after(&events),
        [(service::ORDER, "timer deadline".into()), (service::INVENTORY, "order.placed #1".into())]
    );
}

#[test]
fn what_was_reacted_to_is_not_pending_again() {
    let events = [at(0, 1, placed(), None), at(3, 9, reserved(), Some((service::ORDER, 1)))];
    let timeline = Timeline::of(&MURMURATION, &events);
    assert_eq!(
        pending_after(&events),
        [
            (service::ORDER, "timer deadline".into()),
            (service::PAYMENT, "inventory.reserved #9".into())
        ]
    );
    assert_eq!(timeline.steps[1].step_ms, Some(3.0));
    assert_eq!(timeline.steps[1].cause, "order.placed #1");
}

#[test]
fn a_cancelled_order_owes_its_compensations_before_it_is_over() {
    let events = [
        at(0, 1, placed(), None),
        at(3, 9, reserved(), Some((service::ORDER, 1))),
        at(5, 2, Event::OrderCancelled(ended(EndReason::Requested)), None),
    ];
    let timeline = Timeline::of(&MURMURATION, &events);
    assert!(!timeline.is_over);
    let services: Vec<_> = timeline.pending.iter().map(|event| event.service).collect();
    assert!(services.contains(&service::INVENTORY), "{services:?}");
    assert!(!services.contains(&service::ORDER), "{services:?}");
}

#[test]
fn a_completed_order_with_all_its_ends_is_over() {
    let events = [
        at(0, 1, placed(), None),
        at(1, 1, created(), Some((service::PAYMENT, 1))),
        at(2, 2, Event::OrderConfirmed(Confirmed { order_id: id() }), Some((service::SHIPPING, 1))),
        at(
            3,
            2,
            Event::ShippingDispatched(Dispatched { order_id: id() }),
            Some((service::ORDER, 2)),
        ),
        at(4, 3, Event::OrderCompleted(ended(EndReason::Dispatched)), Some((service::SHIPPING, 2))),
        at(
            5,
            7,
            Event::InventoryCommitted(inventory::Returned { order_id: id(), lines: Vec::new() }),
            Some((service::ORDER, 3)),
        ),
    ];
    let timeline = Timeline::of(&MURMURATION, &events);
    assert_eq!((timeline.state, timeline.pending.len()), ("completed", 0));
    assert!(timeline.is_over);
    let text = text::of_events(&id(), &events);
    assert!(text.contains("order o-1: completed") && text.contains("nothing is owed"), "{text}");
}

#[test]
fn a_timeline_names_services_and_since_when() {
    let text = text::of_events(&id(), &[at(0, 1, placed(), None)]);
    assert!(text.contains("inventory owes inventory.reserved or inventory.rejected"), "{text}");
    assert!(text.contains("timer deadline"), "{text}");
    let awaits = "awaits inventory.rejected or payment.declined or shipping.created or \
                  shipping.cancelled";
    assert!(text.contains("order is placed since ") && text.contains(awaits), "{text}");
    let ends = "it can end with order.completed or order.rejected or order.cancelled";
    assert!(text.contains(ends), "{text}");
}
