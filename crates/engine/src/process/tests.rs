//! The process, driven by hand: what follows from what, without a broker or a clock.

mod foreign;
mod gate;
mod hand;
mod looks;
mod marks;
mod unready;
mod versions;

use std::time::Duration;

use contracts::{Event, service};
use protocol::{Recovered, Timestamp};

use super::*;
use crate::batch::tests::stage::{Ask, created, id, registered, stocked};
use crate::batch::{QueuedInput, Request};
use crate::promise::Durability;
use crate::relay::Reply;
use hand::Hand;

fn sent(effects: &[Effect<hand::Orders, u64>]) -> Vec<u64> {
    let row = |effect: &Effect<hand::Orders, u64>| {
        if let Effect::Publish { row, .. } = effect { Some(row.sequence) } else { None }
    };
    effects.iter().filter_map(row).collect()
}

fn replied(effects: &[Effect<hand::Orders, u64>]) -> Vec<(u64, Durability)> {
    let reply = |effect: &Effect<hand::Orders, u64>| {
        let Effect::Reply { ticket, durability, .. } = effect else { return None };
        Some((*ticket, *durability))
    };
    effects.iter().filter_map(reply).collect()
}

#[test]
fn a_first_start_begins_a_history_and_takes_commands() {
    let mut hand = Hand::new();
    hand.start();
    assert_eq!(hand.process.stage(), Stage::Ready);
    assert!(hand.process.is_idle());
    assert!(hand.process.standing().history.is_some());
}

#[test]
fn what_arrives_together_is_committed_together_and_answered_when_the_stream_has_it() {
    let mut hand = Hand::started();
    for (ticket, order) in ["o1", "o2", "o3"].into_iter().enumerate() {
        hand.place(order, ticket as u64);
    }
    let effects = hand.effects();
    assert_eq!(hand.commits, [3]);
    assert_eq!((sent(&effects), replied(&effects)), (vec![1, 2, 3], vec![]));
    hand.acknowledge(1);
    hand.acknowledge(2);
    // An answer waits for all that the outbox held when it was decided.
    assert_eq!(replied(&hand.effects()), []);
    hand.acknowledge(3);
    let replicated = |ticket| (ticket, Durability::Replicated);
    assert_eq!(replied(&hand.effects()), [replicated(0), replicated(1), replicated(2)]);
    assert!(hand.process.is_idle());
}

#[test]
fn what_is_ignored_in_every_state_costs_no_commit_of_its_own() {
    let mut hand = Hand::started();
    for _ in 0..3 {
        hand.deliver(service::INVENTORY, stocked());
    }
    hand.effects();
    assert_eq!(hand.commits, [] as [usize; 0]);
    assert_eq!(hand.process.positions().of(service::INVENTORY).decided.sequence, 3);
    assert_eq!(hand.engine.positions().of(service::INVENTORY).decided.sequence, 0);
    hand.place("o1", 1);
    hand.effects();
    assert_eq!(hand.engine.positions().of(service::INVENTORY).decided.sequence, 3);
    assert_eq!(hand.stored(1).headers.vector.of(service::INVENTORY).sequence, 3);
}

#[test]
fn what_was_ignored_is_stored_after_a_while_and_at_a_stop() {
    let mut hand = Hand::started();
    hand.deliver(service::INVENTORY, stocked());
    hand.effects();
    hand.pass(Duration::from_millis(1_100));
    hand.effects();
    assert_eq!(hand.engine.positions().of(service::INVENTORY).decided.sequence, 1);
    hand.deliver(service::INVENTORY, stocked());
    hand.input(Input::Stop);
    hand.effects();
    assert_eq!(hand.engine.positions().of(service::INVENTORY).decided.sequence, 2);
    assert_eq!(hand.ended, Some(End::Stopped));
}

#[test]
fn a_replica_is_folded_and_never_passed_over() {
    let mut hand = Hand::started();
    hand.deliver(service::CUSTOMER, registered());
    hand.effects();
    assert_eq!(hand.commits, [1]);
}

#[test]
fn ignored_rows_behind_a_decision_stay_behind_it() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.holds_commits = true;
    hand.place("o2", 2);
    hand.effects();
    hand.deliver(service::SHIPPING, created("o1"));
    let (service, rows, up_to, foreign) = (id("shipping"), 0, 1, Vec::new());
    let ignored = Event::ShippingRecovered(Recovered { service, rows, up_to, foreign });
    hand.deliver(service::SHIPPING, ignored);
    hand.effects();
    hand.holds_commits = false;
    hand.finish_commit();
    hand.effects();
    assert_eq!(hand.engine.positions().of(service::SHIPPING).decided.sequence, 2);
    assert_eq!(hand.stored(3).event.kind(), contracts::kind::ORDER_CONFIRMED);
    assert_eq!(hand.process.standing().held.len(), 0);
}

#[test]
fn a_row_without_an_acknowledgement_is_a_doubt_and_the_stream_is_read_back() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    assert_eq!(sent(&hand.effects()), [1]);
    // It is stored, and the answer is lost.
    hand.store(1);
    hand.pass(Duration::from_millis(3_000));
    let effects = hand.effects();
    assert_eq!(replied(&effects), [(1, Durability::Replicated)]);
    assert!(!sent(&effects).contains(&1));
}

#[test]
fn a_row_that_the_stream_refuses_is_sent_again_once_it_was_read_back() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.answer(1, Reply::Refused("insufficient resources".to_owned()));
    let effects = hand.effects();
    assert_eq!((sent(&effects), replied(&effects)), (vec![1], vec![]));
}

#[test]
fn without_the_broker_answers_are_local_and_commands_that_need_two_places_are_turned_away() {
    let mut hand = Hand::started();
    hand.input(Input::Disconnected);
    hand.place("o1", 1);
    assert_eq!(replied(&hand.effects()), [(1, Durability::Local)]);
    assert_eq!(hand.process.stage(), Stage::Alone);
    assert!(!hand.process.stage().admits(true));
    hand.connect();
    assert_eq!(sent(&hand.effects()), [1]);
    hand.acknowledge(1);
    hand.effects();
    assert_eq!(hand.process.stage(), Stage::Ready);
}

#[test]
fn another_stream_of_its_name_ends_the_process_and_nothing_is_answered() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.recreate_stream();
    hand.input(Input::Complaint(None));
    let effects = hand.effects();
    assert_eq!(replied(&effects), []);
    assert!(matches!(hand.ended, Some(End::StartAnew(_))), "{:?}", hand.ended);
    hand.acknowledge(1);
    assert_eq!(hand.effects().len(), 0);
}

#[test]
fn a_lost_database_is_restored_and_takes_the_end_of_the_stream() {
    let mut hand = Hand::started();
    for (ticket, order) in ["o1", "o2"].into_iter().enumerate() {
        hand.place(order, ticket as u64);
    }
    hand.effects();
    hand.store(1);
    hand.store(2);
    let mut hand = hand.with_an_empty_database();
    hand.start();
    assert_eq!(hand.process.stage(), Stage::Ready);
    assert_eq!(hand.engine.head().sequence, 3);
    assert_eq!(hand.stored(3).event.kind(), contracts::kind::ORDER_RECOVERED);
}

#[test]
fn a_stream_that_lacks_a_message_is_rebuilt_from_the_outbox() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.place("o2", 2);
    hand.effects();
    hand.store(1);
    hand.store(2);
    hand.lose_message(1);
    let mut hand = hand.restarted();
    hand.start();
    assert_eq!(hand.process.stage(), Stage::Ready);
    assert_eq!(sent(&hand.done), [1, 2]);
    let (_, claim) = hand.claims[0];
    assert_eq!(claim.head, hand.engine.head(), "the deletion was claimed before");
}

#[test]
fn an_update_of_the_configuration_that_is_lost_is_tried_again_and_one_that_is_refused_is_told() {
    for (updates, ends_ready) in [
        (vec![], true),
        (vec![Err("timed out"), Err("the connection was lost")], true),
        (vec![Err("timed out"), Ok(())], false),
    ] {
        let mut hand = Hand::started().restarted();
        (hand.difference, hand.updates) = (Some("max_age is 1s, 0ns is needed"), updates);
        hand.start();
        for _ in 0..3 {
            hand.pass(Duration::from_secs(30));
            hand.effects();
        }
        let standing = hand.process.standing();
        assert_eq!(standing.stage == Stage::Ready, ends_ready, "{standing:?}");
        assert_eq!(standing.stage == Stage::Fenced, !ends_ready, "{standing:?}");
    }
}

#[test]
fn a_row_that_somebody_else_wrote_is_taken_over_by_nobody() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.acknowledge(1);
    hand.effects();
    hand.forge(created("o2"));
    let fenced = |mut hand: Hand, message: u64, head: u64| {
        hand.start();
        for _ in 0..3 {
            hand.pass(Duration::from_secs(1));
            hand.effects();
        }
        let standing = hand.process.standing();
        assert_eq!((standing.stage, standing.head), (Stage::Fenced, head), "{standing:?}");
        let text = format!("message {message} of the stream is sealed by no key");
        assert!(standing.reason.unwrap().contains(&text));
        hand
    };
    // Over an intact database, over one with a row of its own in that place, and over a lost one.
    let hand = fenced(hand.restarted(), 2, 1);
    let mut hand = fenced(hand.with_an_empty_database(), 2, 1);
    let place = QueuedInput::Command { command: Ask::Place("o3"), request: Request::default() };
    hand.engine.run(&[place], Timestamp::from_micros(0)).unwrap();
    fenced(hand.restarted(), 2, 2);
}

#[test]
fn an_edited_configuration_ends_the_process_while_it_runs() {
    let mut hand = Hand::started();
    hand.difference = Some("max_age is 1s, 0ns is needed");
    hand.pass(Duration::from_secs(3));
    hand.effects();
    assert!(matches!(&hand.ended, Some(End::StartAnew(why)) if why.contains("max_age is 1s")));
}

#[test]
fn a_reader_that_meets_a_gap_tells_the_owner_and_waits() {
    let mut hand = Hand::started();
    hand.deliver(service::SHIPPING, created("x"));
    hand.skip_one(service::SHIPPING);
    hand.deliver(service::SHIPPING, created("y"));
    let effects = hand.effects();
    let complained =
        effects.iter().any(|effect| matches!(effect, Effect::Complain(service::SHIPPING, Some(2))));
    assert!(complained, "{effects:?}");
    assert!(hand.process.standing().streams[&service::SHIPPING].alarm.is_some());
}

#[test]
fn commands_of_a_process_that_stops_are_turned_away() {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.input(Input::Stop);
    hand.place("o2", 2);
    let effects = hand.effects();
    assert!(effects.iter().any(|effect| matches!(effect, Effect::TurnAway(2))));
    assert_eq!(hand.ended, None, "row 1 is not acknowledged");
    hand.acknowledge(1);
    assert_eq!(replied(&hand.effects()), [(1, Durability::Replicated)]);
    assert_eq!(hand.ended, Some(End::Stopped));
    assert!(!hand.commits.is_empty());
    assert!(matches!(hand.last_inputs.first(), Some(QueuedInput::Command { .. })));
}
