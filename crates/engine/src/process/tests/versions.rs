//! Rows that a newer build has written, and rows that an older one has to carry on.

use contracts::choreography::MURMURATION;
use contracts::{kind, service};
use protocol::{Headers, Kind, Position, Row, Service};

use super::hand::{Hand, Orders};
use super::sent;
use crate::Domain as _;
use crate::batch::step::sealed;
use crate::batch::tests::stage::{created, keys, registered, stocked};
use crate::process::{Effect, Stage};
use crate::versions::Versions;
use crate::{outbox, replicas};

/// What a build knows that is older than version 2 of a shipment.
fn older() -> Versions {
    let read = [(kind::SHIPPING_CREATED, 1)];
    Versions::of(&MURMURATION, Orders::SERVICE, &[], &read).unwrap()
}

/// The row as it would follow `before`, with the headers and the payload that these make of its own.
fn rewritten(
    row: &Row,
    before: Position,
    headers: impl Fn(&mut Headers),
    payload: impl Fn(&str) -> String,
) -> Row {
    let mut parsed = Headers::parse(&row.headers).unwrap();
    headers(&mut parsed);
    parsed.seal = None;
    let text = payload(std::str::from_utf8(&row.payload).unwrap());
    sealed(parsed, text.into_bytes(), before, &keys()).1
}

/// The first row of a stream, as a build writes it that is ahead of everybody.
fn of_version_99(row: &Row) -> Row {
    rewritten(row, Position::default(), |headers| headers.version = 99, str::to_owned)
}

fn with_a_new_field(row: &Row, before: Position) -> Row {
    rewritten(row, before, |_| (), |payload| payload.replacen('{', "{\"new\":[1,{}],", 1))
}

fn held(hand: &Hand, stream: Service) -> String {
    hand.process.standing().held.get(&stream).cloned().unwrap_or_default()
}

#[test]
fn a_newer_version_holds_its_stream_and_is_decided_by_a_build_that_knows_it() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.acknowledge(1);
    hand.effects();
    let mut hand = hand.upgraded(older());
    hand.start();
    let row = hand.deliver(service::SHIPPING, created("o1"));
    let effects = hand.effects();
    let why = "row 1: shipping.created has version 2, this build knows up to 1";
    assert!(held(&hand, service::SHIPPING).starts_with(why));
    assert!(effects.iter().any(|it| matches!(it, Effect::StopConsuming(service::SHIPPING))));
    // Nothing is wrong with the stream: its owner is not asked to look.
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Complain(..))), "{effects:?}");
    assert_eq!(hand.process.positions().of(service::SHIPPING), Default::default());
    // All else goes on.
    hand.deliver(service::INVENTORY, stocked());
    hand.place("o2", 2);
    hand.effects();
    assert_eq!(hand.process.stage(), Stage::Ready);
    assert_eq!(hand.stored(2).headers.vector.of(service::INVENTORY).sequence, 1);
    hand.acknowledge(2);
    hand.effects();
    let mut hand = hand.upgraded(Versions::default());
    hand.start();
    hand.deliver_row(service::SHIPPING, row);
    hand.effects();
    assert_eq!(held(&hand, service::SHIPPING), "");
    assert_eq!(hand.stored(3).event.kind(), kind::ORDER_CONFIRMED);
}

#[test]
fn a_version_or_a_kind_that_nobody_knows_holds_and_is_never_passed_over() {
    let unknown = |headers: fn(&mut Headers), wanted: &str| {
        let mut hand = Hand::started();
        let row = Hand::started().deliver(service::SHIPPING, created("o1"));
        let row = rewritten(&row, Position::default(), headers, str::to_owned);
        hand.deliver_row(service::SHIPPING, row);
        hand.effects();
        assert!(held(&hand, service::SHIPPING).contains(wanted), "{wanted}");
        assert_eq!(hand.process.positions().of(service::SHIPPING), Default::default());
        assert_eq!(hand.process.stage(), Stage::Ready);
    };
    unknown(|headers| headers.version = 99, "version 99, this build knows up to 2");
    let eaten = |headers: &mut Headers| {
        headers.kind = "shipping.eaten".parse::<Kind>().unwrap();
    };
    unknown(eaten, "unknown event type \"shipping.eaten.v2\"");
}

/// What a service declares to ignore in every state it ignores in every version: nothing depends on it.
#[test]
fn what_is_ignored_in_every_state_is_ignored_in_every_version() {
    let mut hand = Hand::started();
    let row = Hand::started().deliver(service::INVENTORY, stocked());
    hand.deliver_row(service::INVENTORY, of_version_99(&row));
    hand.effects();
    assert_eq!(held(&hand, service::INVENTORY), "");
    assert_eq!(hand.process.positions().of(service::INVENTORY).decided.sequence, 1);
}

#[test]
fn own_rows_of_a_newer_build_are_restored_by_a_newer_build_and_by_no_other() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.acknowledge(1);
    hand.effects();
    let stream = hand.stream.as_mut().unwrap();
    let newer = of_version_99(&stream[&1]);
    stream.insert(1, newer.clone());
    let mut hand = hand.with_an_empty_database();
    hand.start();
    let standing = hand.process.standing();
    assert_eq!((standing.stage, standing.head), (Stage::Fenced, 0));
    let reason = standing.reason.unwrap();
    assert!(reason.contains("message 1 of the stream was written by a newer build"), "{reason}");
    assert!(reason.contains("order.placed has version 99"), "{reason}");
    assert!(standing.choices[0].starts_with("Start a build that knows this version"));
    // What it does not know, it does not touch.
    assert_eq!(hand.stream.as_ref().unwrap()[&1], newer);
}

/// Restored from the stream, and published anew to an empty one: the bytes are the same, so that a field of
/// a newer build is still there when that one comes back.
#[test]
fn rows_that_are_carried_on_keep_a_field_that_this_build_does_not_know() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.acknowledge(1);
    hand.effects();
    let stream = hand.stream.as_mut().unwrap();
    let newer = with_a_new_field(&stream[&1], Position::default());
    stream.insert(1, newer.clone());
    let mut hand = hand.with_an_empty_database();
    hand.start();
    assert_eq!(hand.process.stage(), Stage::Ready);
    let kept = outbox::row(&hand.engine.read(), 1).unwrap().unwrap();
    assert_eq!(kept, newer);
    hand.lose_message(1);
    let mut hand = hand.restarted();
    hand.start();
    assert_eq!(sent(&hand.done), [1, 2]);
    let is_it = |effect: &Effect<Orders, u64>| matches!(effect, Effect::Publish { row, .. } if *row == newer);
    assert!(hand.done.iter().any(is_it), "{:?}", hand.done);
}

/// A replica is what this build understands of another one's state, not a copy of its rows.
#[test]
fn a_replica_does_not_keep_a_field_that_this_build_does_not_know() {
    let mut hand = Hand::started();
    let row = Hand::started().deliver(service::CUSTOMER, registered());
    let newer = with_a_new_field(&row, Position::default());
    hand.deliver_row(service::CUSTOMER, newer);
    hand.effects();
    let stored = replicas::stored(&hand.engine.read()).unwrap();
    let state = String::from_utf8(stored[0].state.clone()).unwrap();
    assert!(state.contains("Ann") && !state.contains("new"), "{state}");
}
