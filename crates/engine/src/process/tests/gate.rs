//! What has to be so before a deadline passes, a start is over, or a process stops.

use std::time::Duration;

use contracts::{kind, service};
use protocol::Chain;

use super::super::{BrokerLimits, BrokerRequest, Effect, End, Input, Stage};
use super::hand::Hand;
use super::{replied, sent};
use crate::batch::tests::stage::{Foreign, created, registered};
use crate::promise::Durability;

/// Longer than an order's deadline.
const PAST_DEADLINE: Duration = Duration::from_millis(200);

fn with_an_order() -> Hand {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand
}

/// The deadline's time comes, and so much happens of what can.
fn pass_deadline(hand: &mut Hand) -> u64 {
    hand.pass(PAST_DEADLINE);
    hand.effects();
    hand.engine.head().sequence
}

#[test]
fn a_deadline_waits_until_the_own_rows_are_acknowledged() {
    let mut hand = with_an_order();
    assert_eq!(pass_deadline(&mut hand), 1);
    hand.acknowledge(1);
    hand.effects();
    assert_eq!(hand.stored(2).event.kind(), kind::ORDER_CANCELLED);
}

#[test]
fn a_deadline_waits_for_the_good_news_that_lie_unread() {
    let mut hand = with_an_order();
    hand.acknowledge(1);
    let mut shipping = Foreign::empty();
    let news = shipping.next_row(created("o1"));
    hand.foreign.insert(service::SHIPPING, shipping);
    assert_eq!(pass_deadline(&mut hand), 1);
    hand.deliver_row(service::SHIPPING, news);
    hand.effects();
    assert_eq!(hand.stored(2).event.kind(), kind::ORDER_CONFIRMED);
}

#[test]
fn only_what_was_due_when_the_ends_were_asked_for_passes_by_them() {
    let mut hand = with_an_order();
    hand.pass(Duration::from_millis(90));
    hand.place("o2", 2);
    hand.effects();
    hand.acknowledge(1);
    hand.acknowledge(2);
    hand.effects();
    hand.held_requests = Some(Vec::new());
    hand.pass(Duration::from_millis(50));
    hand.effects();
    hand.pass(PAST_DEADLINE);
    hand.answer_held();
    hand.effects();
    assert_eq!((hand.stored(3).headers.id.as_str(), hand.engine.head().sequence), ("o1", 3));
    hand.acknowledge(3);
    hand.effects();
    assert_eq!(hand.stored(4).headers.id.as_str(), "o2");
}

#[test]
fn a_restored_process_is_ready_and_passes_deadlines_once_its_replicas_are_read_again() {
    let mut hand = Hand::started();
    let customer = hand.deliver(service::CUSTOMER, registered());
    hand.effects();
    hand.place("o1", 1);
    hand.effects();
    hand.acknowledge(1);
    hand.effects();
    let foreign = std::mem::take(&mut hand.foreign);
    let mut hand = hand.with_an_empty_database();
    hand.foreign = foreign;
    hand.start();
    // Row 2 says that it was restored.
    assert_eq!((pass_deadline(&mut hand), hand.process.stage()), (2, Stage::Starting));
    hand.place("o2", 2);
    let effects = hand.effects();
    assert!(effects.iter().any(|effect| matches!(effect, Effect::TurnAway(2))), "{effects:?}");
    hand.deliver_row(service::CUSTOMER, customer);
    hand.effects();
    assert_eq!(hand.process.stage(), Stage::Ready);
    assert_eq!(hand.stored(3).event.kind(), kind::ORDER_CANCELLED);
}

#[test]
fn a_process_that_stops_passes_no_deadline() {
    let mut hand = with_an_order();
    hand.input(Input::Stop);
    assert_eq!(pass_deadline(&mut hand), 1);
    hand.acknowledge(1);
    hand.effects();
    assert_eq!((hand.engine.head().sequence, &hand.ended), (1, &Some(End::Stopped)));
}

#[test]
fn what_is_being_committed_at_a_stop_is_committed_and_answered() {
    let mut hand = Hand::started();
    hand.holds_commits = true;
    hand.place("o1", 1);
    hand.effects();
    hand.input(Input::Stop);
    hand.effects();
    assert_eq!(hand.ended, None);
    hand.finish_commit();
    hand.effects();
    hand.acknowledge(1);
    assert_eq!(replied(&hand.effects()), [(1, Durability::Replicated)]);
    assert_eq!(hand.ended, Some(End::Stopped));
}

#[test]
fn a_process_that_is_to_stop_in_doubt_reads_its_stream_back_first() {
    let mut hand = with_an_order();
    hand.acknowledge(1);
    hand.effects();
    hand.input(Input::Disconnected);
    hand.input(Input::Stop);
    hand.effects();
    assert_eq!(hand.ended, None);
    hand.connect();
    hand.effects();
    assert_eq!(hand.ended, Some(End::Stopped));
}

#[test]
fn a_start_waits_for_a_broker_that_is_fit() {
    let mut hand = Hand::new();
    let unfit = Some("it is too old".to_owned());
    hand.input(Input::Connected(BrokerLimits { unfit, ..BrokerLimits::default() }));
    hand.effects();
    let standing = hand.process.standing();
    assert_eq!((standing.stage, standing.history), (Stage::Starting, None));
    assert_eq!(standing.reason.as_deref(), Some("it is too old"));
    hand.start();
    assert_eq!(hand.process.stage(), Stage::Ready);
}

#[test]
fn a_replaced_writer_gets_time_to_see_it_before_the_stream_is_rebuilt() {
    let mut hand = with_an_order();
    hand.place("o2", 2);
    hand.effects();
    hand.store(1);
    hand.store(2);
    // It follows a row that was refused.
    let stale = hand.stream.as_mut().unwrap().get_mut(&2).unwrap();
    stale.chain = Chain::START.next(&stale.subject, &stale.headers, &stale.payload);
    let mut hand = hand.restarted();
    hand.start();
    hand.now.monotonic += Duration::from_secs(1);
    hand.effects();
    assert_eq!(hand.process.stage(), Stage::Starting);
    assert_eq!((hand.stream.as_ref().unwrap().len(), hand.claims.len()), (2, 0));
    hand.now.monotonic += Duration::from_secs(1);
    assert_eq!(sent(&hand.effects()), [1, 2]);
}

#[test]
fn a_restoring_that_was_interrupted_before_it_took_the_end_of_the_stream_is_finished() {
    let mut hand = with_an_order();
    hand.acknowledge(1);
    let rows: Vec<_> = hand.stream.as_ref().unwrap().values().cloned().collect();
    let mut hand = hand.with_an_empty_database();
    hand.engine.restore(&rows).unwrap();
    hand.start();
    assert_eq!(hand.stored(2).event.kind(), kind::ORDER_RECOVERED);
}

#[test]
fn a_process_that_stops_begins_to_read_nothing() {
    let mut hand = with_an_order();
    hand.input(Input::Stop);
    hand.input(Input::Disconnected);
    hand.held_requests = Some(Vec::new());
    hand.connect();
    hand.effects();
    let asked = hand.held_requests.unwrap_or_default();
    let reads = |request: &BrokerRequest| matches!(request, BrokerRequest::Find(stream) if *stream != service::ORDER);
    assert!(!asked.iter().any(|(_, request)| reads(request)), "{asked:?}");
}

#[test]
fn a_stream_that_is_held_counts_as_seen_once_it_was_looked_at_over_this_connection() {
    let mut hand = Hand::started();
    let mut row = Foreign::empty().next_row(created("o1"));
    row.payload = b"nonsense".as_slice().into();
    row.chain = Chain::START.next(&row.subject, &row.headers, &row.payload);
    hand.deliver_row(service::SHIPPING, row);
    hand.effects();
    let is_seen = |hand: &Hand| hand.process.standing().streams[&service::SHIPPING].connected;
    assert!(is_seen(&hand));
    hand.input(Input::Disconnected);
    assert!(!is_seen(&hand));
    hand.connect();
    hand.effects();
    assert!(is_seen(&hand));
}
