//! The walk agrees with the table and ends well; each way to break a service is found.

use contracts::{kind, service};
use protocol::{Kind, Service};

use super::*;

/// What a model of the table alone reaches, which shares no code with this: without a lost
/// database, and with one.
const STATES: [usize; 2] = [75_692, 242_378];

#[test]
fn every_interleaving_of_one_order_ends_well_and_as_the_table_says() {
    let report = walk(0, || true);
    assert!(report.holds(), "{report:#?}");
    assert_eq!((report.states, report.ends.len()), (STATES[0], 8));
}

#[test]
fn so_it_does_with_any_one_database_lost_at_any_moment() {
    let report = walk(1, || true);
    assert!(report.holds(), "{report:#?}");
    assert_eq!((report.states, report.ends.len()), (STATES[1], 8));
}

#[test]
fn each_broken_rule_is_found() {
    let mut real = Deciding::new(Props::new().unwrap());
    walk_with(&mut real, 0, u64::MAX, || true);
    for (name, mutant) in mutants() {
        let report = walk_with(&mut real.broken_by(&mutant), 0, 1, || true);
        assert!(report.violations > 0, "{name} is not found");
    }
}

type Named = (&'static str, Box<Mutant<'static>>);

/// With `service` in `state`, `on` leads to `then`.
fn but(
    name: &'static str,
    (service, state, on): (Service, &'static str, Kind),
    then: Option<Kind>,
) -> Named {
    let place = SERVICES.iter().position(|of| *of == service).unwrap();
    let mutant = move |of: usize, in_state: State, asked: Asked| {
        let hit =
            of == place && (state.is_empty() || in_state == state) && asked == Asked::Event(on);
        hit.then(|| vec![then])
    };
    (name, Box::new(mutant))
}

fn mutants() -> Vec<Named> {
    use kind::*;
    use service::{INVENTORY, ORDER, PAYMENT, SHIPPING};
    vec![
        but("payment forgets the tombstone", (PAYMENT, "none", ORDER_CANCELLED), None),
        but("shipping forgets the tombstone", (SHIPPING, "none", ORDER_CANCELLED), None),
        but("no release on a rejection", (INVENTORY, "reserved", ORDER_REJECTED), None),
        but("no release on a cancellation", (INVENTORY, "reserved", ORDER_CANCELLED), None),
        but("no refund", (PAYMENT, "charged", ORDER_CANCELLED), None),
        but("a second refund", (PAYMENT, "declined", ORDER_CANCELLED), Some(PAYMENT_REFUNDED)),
        but("a second end", (ORDER, "cancelled", SHIPPING_CANCELLED), Some(ORDER_CANCELLED)),
        but("shipped unconfirmed", (SHIPPING, "none", PAYMENT_CHARGED), Some(SHIPPING_DISPATCHED)),
        but("a failed shipment is ignored", (ORDER, "", SHIPPING_CANCELLED), None),
        but(
            "shipped after cancelling",
            (SHIPPING, "cancelled", PAYMENT_CHARGED),
            Some(SHIPPING_CREATED),
        ),
        but(
            "committed on confirmation",
            (INVENTORY, "reserved", ORDER_CONFIRMED),
            Some(INVENTORY_COMMITTED),
        ),
    ]
}
