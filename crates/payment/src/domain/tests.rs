//! Charges and accounts inside a real engine: each row of the choreography, and what is refused.

mod world;

mod reacting;
mod settling;

use contracts::{Event, service};
use engine::Engine;

use super::PaymentDomain;
use crate::{ChargeState, tables};
use world::{World, cancelled, gbp, id, new_engine, reserved};

#[test]
fn restoring_the_rows_restores_charges_accounts_positions_and_requests() {
    let mut world = World::with_charge(ChargeState::Refunded);
    world.hears(reserved("o-2", 700));
    world.hears(cancelled("o-3"));
    world.hears(reserved("o-4", i64::MAX));
    world.pays_in_with_key(gbp(900), "key-1");
    let mut restored = new_engine();
    restored.restore(&world.rows).unwrap();

    let charges = |engine: &Engine<PaymentDomain>| {
        let orders = ["o-1", "o-2", "o-3", "o-4"].map(id);
        orders.map(|order| tables::charge(&engine.read(), &order).unwrap().unwrap())
    };
    assert_eq!(charges(&restored), charges(&world.engine));
    let accounts =
        |engine: &Engine<PaymentDomain>| tables::accounts(&engine.read(), &id("c-1")).unwrap();
    assert_eq!(accounts(&restored), accounts(&world.engine));
    assert_eq!(accounts(&restored)[0].outstanding, gbp(-200));
    assert_eq!(restored.head(), world.engine.head());
    for stream in [service::ORDER, service::INVENTORY] {
        let decided = |engine: &Engine<PaymentDomain>| engine.positions().of(stream).decided;
        assert_eq!(decided(&restored), decided(&world.engine));
    }
    world.engine = restored;
    let answer = world.pays_in_with_key(gbp(900), "key-1");
    assert!(matches!(answer, engine::Answer::Accepted { repeated: true, .. }), "{answer:?}");
}

#[test]
fn the_audit_trail_of_a_charge_is_all_its_events_in_order() {
    let world = World::with_charge(ChargeState::Refunded);
    let trail = tables::audit_trail(&world.engine.read(), &id("o-1")).unwrap();
    let entries: Vec<_> = trail
        .iter()
        .map(|event| (event.headers.kind.name(), event.headers.cause.to_string()))
        .collect();
    let expected = [("payment.charged", "INVENTORY/1"), ("payment.refunded", "ORDER/1")];
    assert_eq!(entries, expected.map(|(kind, cause)| (kind, cause.to_owned())));
}

#[test]
fn a_customer_with_an_order_s_id_is_not_in_the_order_s_audit_trail() {
    let mut world = World::new();
    world.pays_in(gbp(1));
    let next = world.hears(reserved("c-1", 400));
    assert!(matches!(next[..], [Event::PaymentCharged(_)]), "{next:?}");
    assert_eq!(tables::audit_trail(&world.engine.read(), &id("c-1")).unwrap().len(), 1);
}
