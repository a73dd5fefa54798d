//! What a process cannot read of what it decides on keeps it from being ready, and from nothing else.

use std::time::Duration;

use contracts::service;
use protocol::Service;

use super::super::{End, Input, Stage, UNREADY};
use super::hand::Hand;
use crate::batch::tests::stage::{Foreign, created, registered};

/// A started process that misses a row of the stream, and the rows that were there.
fn with_a_gap(
    stream: Service,
    event: impl Fn(&str) -> contracts::Event,
) -> (Hand, Vec<protocol::Row>) {
    let mut hand = Hand::started();
    let mut source = Foreign::empty();
    let rows: Vec<_> = ["a", "b", "c"].map(|id| source.next_row(event(id))).into();
    hand.foreign.insert(stream, source);
    for row in [&rows[0], &rows[2]] {
        hand.deliver_row(stream, row.clone());
        hand.effects();
    }
    (hand, rows)
}

#[test]
fn an_alarm_of_what_is_decided_on_stands_until_the_stream_is_right() {
    let (mut hand, rows) = with_a_gap(service::SHIPPING, created);
    let standing = hand.process.standing();
    let why = standing.unreadable.as_deref().unwrap();
    assert!(why.contains("SHIPPING cannot be read: row 3 came where row 2"), "{why}");
    assert_eq!(
        (standing.stage, standing.state(), standing.is_ready()),
        (Stage::Ready, UNREADY, false)
    );
    // Commands are taken as before.
    hand.place("o1", 1);
    assert_eq!(hand.effects().len(), 1);
    hand.acknowledge(1);
    hand.pass(Duration::from_secs(1));
    hand.effects();
    // What was read already says nothing of what comes behind it.
    hand.deliver_before(service::SHIPPING, rows[0].clone(), 2);
    hand.effects();
    assert!(!hand.process.standing().is_ready());
    for row in &rows[1..] {
        hand.deliver_row(service::SHIPPING, row.clone());
        hand.effects();
    }
    let standing = hand.process.standing();
    assert_eq!((standing.unreadable.clone(), standing.is_ready()), (None, true), "{standing:?}");
}

#[test]
fn neither_a_replica_that_cannot_be_read_on_nor_a_broker_that_is_away_is_in_the_way() {
    let (hand, _) = with_a_gap(service::CUSTOMER, |_| registered());
    let standing = hand.process.standing();
    assert!(standing.streams[&service::CUSTOMER].alarm.is_some(), "{standing:?}");
    assert!(standing.is_ready() && standing.unreadable.is_none());
    let mut hand = Hand::started();
    hand.input(Input::Disconnected);
    hand.place("o1", 1);
    hand.pass(Duration::from_secs(10));
    hand.effects();
    let standing = hand.process.standing();
    assert_eq!((standing.stage, standing.is_ready()), (Stage::Alone, true), "{standing:?}");
}

#[test]
fn what_is_held_is_looked_at_again_once_another_stream_stands_in_its_place() {
    let mut hand = Hand::started();
    let mut row = Foreign::empty().next_row(created("o1"));
    row.payload = b"nonsense".as_slice().into();
    row.chain = protocol::Chain::START.next(&row.subject, &row.headers, &row.payload);
    hand.deliver_row(service::SHIPPING, row);
    hand.effects();
    assert!(hand.process.standing().held.contains_key(&service::SHIPPING));
    hand.pass(Duration::from_secs(4));
    hand.effects();
    assert_eq!(hand.ended, None, "nothing has changed");
    hand.foreign_created = 1;
    hand.pass(Duration::from_secs(4));
    hand.effects();
    assert!(matches!(&hand.ended, Some(End::StartAnew(why)) if why.contains("SHIPPING was held")));
}
