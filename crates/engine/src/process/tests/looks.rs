//! What a process believes of its stream, and when it looks: each test names a rule.

use std::time::Duration;

use contracts::service;
use protocol::{Chain, Row};

use super::super::{BrokerLimits, Effect, End, Input, Report, Stage};
use super::hand::Hand;
use super::{replied, sent};
use crate::batch::tests::stage::{Foreign, stocked};
use crate::promise::Durability;
use crate::relay::Reply;

/// A started process with rows 1 and 2 acknowledged.
fn with_two_rows() -> Hand {
    let mut hand = with_two_sent();
    hand.acknowledge(1);
    hand.acknowledge(2);
    assert_eq!(replied(&hand.effects()).len(), 2);
    hand
}

fn with_two_sent() -> Hand {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.place("o2", 2);
    assert_eq!(sent(&hand.effects()), [1, 2]);
    hand
}

/// Somebody else's row stands as message 1, and the own row 2 behind it.
fn slip_in(hand: &mut Hand) {
    hand.store(1);
    hand.store(2);
    hand.stream.as_mut().unwrap().get_mut(&1).unwrap().chain = Chain::START;
}

fn ends_for(hand: &Hand, why: &str) -> bool {
    matches!(&hand.ended, Some(End::StartAnew(reason)) if reason.contains(why))
}

#[test]
fn a_stream_that_ends_before_what_it_has_acknowledged_is_sent_the_rest_again() {
    let mut hand = with_two_rows();
    hand.stream.as_mut().unwrap().remove(&2);
    hand.now.monotonic += Duration::from_secs(3);
    assert_eq!(sent(&hand.effects()), [2]);
}

#[test]
fn in_doubt_every_message_behind_the_acknowledged_ones_is_compared() {
    let mut hand = with_two_sent();
    slip_in(&mut hand);
    hand.answer(1, Reply::Refused("wrong last sequence: 1".to_owned()));
    assert_eq!(replied(&hand.effects()), []);
    assert!(ends_for(&hand, "message 1 is not row 1"), "{:?}", hand.ended);
}

#[test]
fn a_look_that_began_before_a_doubt_does_not_end_it() {
    let mut hand = with_two_sent();
    hand.held_requests = Some(Vec::new());
    hand.input(Input::Complaint(None));
    hand.effects();
    slip_in(&mut hand);
    hand.answer(1, Reply::Refused("wrong last sequence: 1".to_owned()));
    hand.answer_held();
    assert_eq!(replied(&hand.effects()), []);
    assert!(ends_for(&hand, "message 1 is not row 1"), "{:?}", hand.ended);
}

#[test]
fn in_doubt_the_stream_is_not_looked_at_without_a_pause() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    let refused = Reply::Refused("insufficient resources".to_owned());
    hand.answer(1, refused.clone());
    assert_eq!(sent(&hand.effects_now()), [1]);
    hand.answer(1, refused);
    assert!(sent(&hand.effects_now()).is_empty());
    assert_eq!(sent(&hand.effects()), [1]);
}

#[test]
fn a_broker_that_refuses_every_row_is_as_good_as_none() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    let mut answered = Vec::new();
    for _ in 0..60 {
        hand.answer(1, Reply::Refused("insufficient resources".to_owned()));
        answered.extend(replied(&hand.effects()));
    }
    assert_eq!(answered, [(1, Durability::Local)]);
}

#[test]
fn a_broker_that_is_silent_for_five_seconds_since_the_commit_is_as_good_as_none() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects_now();
    hand.now.monotonic += Duration::from_secs(5);
    assert_eq!(replied(&hand.effects_now()), [(1, Durability::Local)]);
}

#[test]
fn a_process_that_was_alone_is_until_its_stream_was_read_back() {
    let mut hand = Hand::started();
    hand.input(Input::Disconnected);
    hand.effects();
    hand.held_requests = Some(Vec::new());
    hand.connect();
    hand.effects();
    assert_eq!(hand.process.stage(), Stage::Alone);
    hand.answer_held();
    hand.effects();
    assert_eq!(hand.process.stage(), Stage::Ready);
}

#[test]
fn a_complaint_that_comes_during_a_look_outlasts_it_and_is_looked_at_next() {
    let mut hand = with_two_rows();
    hand.unreadable = Some(1);
    hand.held_requests = Some(Vec::new());
    hand.input(Input::Complaint(None));
    hand.effects();
    hand.input(Input::Complaint(Some(1)));
    hand.answer_held();
    hand.effects();
    assert!(ends_for(&hand, "message 1 cannot be read"), "{:?}", hand.ended);
}

/// The broker's counters say nothing of it.
#[test]
fn a_message_that_is_counted_and_cannot_be_read_is_told_to_the_start_which_rebuilds() {
    let mut hand = with_two_rows();
    hand.unreadable = Some(1);
    hand.input(Input::Complaint(Some(1)));
    hand.effects();
    assert!(ends_for(&hand, "message 1 cannot be read"), "{:?}", hand.ended);
    assert_eq!(hand.engine.corrupt_message().unwrap(), Some(1));
    let mut hand = hand.restarted();
    hand.unreadable = Some(1);
    hand.start();
    assert_eq!(sent(&hand.done), [1, 2]);
    assert_eq!(hand.engine.corrupt_message().unwrap(), None);
}

#[test]
fn what_came_back_for_a_row_before_a_doubt_is_not_heard_after_it() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    let first = hand.effects();
    let [Effect::Publish { window, .. }] = first[..] else { panic!("{first:?}") };
    hand.answer(1, Reply::Refused("insufficient resources".to_owned()));
    assert_eq!(sent(&hand.effects()), [1]);
    let reply = Reply::Stored { sequence: 1, duplicate: false };
    hand.input(Input::Acknowledged { window, row: 1, reply });
    assert_eq!(replied(&hand.effects()), []);
    hand.acknowledge(1);
    assert_eq!(replied(&hand.effects()), [(1, Durability::Replicated)]);
}

#[test]
fn a_row_that_is_larger_than_the_broker_takes_is_told_and_not_sent() {
    let mut hand = Hand::started();
    hand.input(Input::Disconnected);
    hand.place("o1", 1);
    hand.effects();
    hand.input(Input::Connected(BrokerLimits { row_bytes_max: 10, ..BrokerLimits::default() }));
    let effects = hand.effects();
    let told = |effect: &_| matches!(effect, Effect::Report(Report::Doubt(why)) if why.contains("set max_payload"));
    assert!(effects.iter().any(told), "{effects:?}");
    assert!(sent(&effects).is_empty());
}

#[test]
fn a_connection_that_replaces_another_ends_what_was_under_way_over_it() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.store(1);
    // Its acknowledgement went to the former connection.
    hand.connect();
    assert_eq!(replied(&hand.effects()), [(1, Durability::Replicated)]);
}

#[test]
fn a_consumer_of_before_is_not_read_on() {
    let mut hand = Hand::started();
    hand.input(Input::Disconnected);
    hand.connect();
    hand.effects();
    let row: Row = Foreign::empty().next_row(stocked());
    let deliver = |consumer| Input::Delivered {
        stream: service::INVENTORY,
        consumer,
        row: row.clone(),
        pending: 0,
    };
    for consumer in 1..=hand.process.standing().streams.len() as u64 {
        hand.input(deliver(consumer));
        hand.effects();
    }
    assert_eq!(hand.process.positions().of(service::INVENTORY).decided.sequence, 0);
}
