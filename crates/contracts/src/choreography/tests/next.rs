//! What happens next to an order of this shop.

use protocol::choreography::next::{Next, Occurrence, next};
use protocol::{Kind, Service, Timestamp, Vector};

use crate::choreography::MURMURATION;
use crate::{kind, service};

fn occurrence(kind: Kind, sequence: u64, cause: &str) -> Occurrence {
    Occurrence {
        kind,
        sequence,
        time: Timestamp::from_micros(i64::try_from(sequence).unwrap()),
        cause: cause.parse().unwrap(),
        vector: Vector::default(),
        due: (kind == kind::ORDER_PLACED).then(|| Timestamp::from_micros(30_000_000)),
    }
}

fn awaiting(next: &Next, service: Service) -> &[Kind] {
    let awaited = next.awaited.iter().find(|awaited| awaited.service == service);
    awaited.map_or(&[], |awaited| &awaited.one_of)
}

#[test]
fn of_an_order_that_was_just_placed_everything_is_open() {
    let next = next(&MURMURATION, &[occurrence(kind::ORDER_PLACED, 4, "command/place")]);
    assert_eq!((next.state, next.is_over), ("placed", false));
    assert_eq!(next.ends, MURMURATION.ends);
    let owed: Vec<_> = next.owed.iter().map(|owed| (owed.service, owed.on.as_str())).collect();
    let timer = (service::ORDER, "timer deadline");
    assert_eq!(owed, [timer, (service::INVENTORY, "order.placed #4")]);
    assert_eq!(
        awaiting(&next, service::ORDER),
        [
            kind::INVENTORY_REJECTED,
            kind::PAYMENT_DECLINED,
            kind::SHIPPING_CREATED,
            kind::SHIPPING_CANCELLED
        ]
    );
    assert_eq!(next.awaited[0].since, Timestamp::from_micros(4));
}

#[test]
fn what_has_become_impossible_is_not_awaited_any_more() {
    let events = [
        occurrence(kind::ORDER_PLACED, 4, "command/place"),
        occurrence(kind::INVENTORY_RESERVED, 9, "ORDER/4"),
        occurrence(kind::PAYMENT_CHARGED, 2, "INVENTORY/9"),
    ];
    let next = next(&MURMURATION, &events);
    assert_eq!(next.ends, [kind::ORDER_COMPLETED, kind::ORDER_CANCELLED]);
    let order = awaiting(&next, service::ORDER);
    assert_eq!(order, [kind::SHIPPING_CREATED, kind::SHIPPING_CANCELLED]);
    assert_eq!(awaiting(&next, service::PAYMENT), [kind::ORDER_CANCELLED]);
    let held = awaiting(&next, service::INVENTORY);
    assert_eq!(held, [kind::ORDER_COMPLETED, kind::ORDER_CANCELLED]);
}

#[test]
fn an_end_with_something_to_undo_is_not_over_and_once_undone_nothing_is_awaited() {
    let mut events = vec![
        occurrence(kind::ORDER_PLACED, 4, "command/place"),
        occurrence(kind::INVENTORY_RESERVED, 9, "ORDER/4"),
        occurrence(kind::PAYMENT_DECLINED, 2, "INVENTORY/9"),
        occurrence(kind::ORDER_REJECTED, 5, "PAYMENT/2"),
    ];
    let before = next(&MURMURATION, &events);
    assert_eq!((before.ends.as_slice(), before.is_over), (&[kind::ORDER_REJECTED][..], false));
    assert_eq!(awaiting(&before, service::INVENTORY), [kind::ORDER_REJECTED]);
    events.push(occurrence(kind::INVENTORY_RELEASED, 10, "ORDER/5"));
    let after = next(&MURMURATION, &events);
    assert!(after.is_over && after.awaited.is_empty() && after.owed.is_empty());
}
