//! What others say of the own rows is believed where the owner's mark is on it.

use contracts::service;
use protocol::{HistoryId, Position};

use super::super::Stage;
use super::hand::Hand;
use crate::batch::tests::stage::{keys, stocked};
use crate::starting::Claim;

/// A started process with one acknowledged row.
fn with_a_row() -> Hand {
    let mut hand = Hand::started();
    hand.place("o1", 1);
    hand.effects();
    hand.acknowledge(1);
    hand.effects();
    hand
}

/// A row that never was, under the mark of one that was.
fn made_up(hand: &Hand) -> Position {
    Position { sequence: 9, chain: hand.engine.head().chain }
}

fn claim(head: Position) -> Claim {
    let history = HistoryId::from_bytes([7; 16]);
    Claim { history, head, writer: HistoryId::from_bytes([8; 16]) }
}

#[test]
fn a_row_that_names_own_rows_that_never_were_is_not_read_and_its_owner_is_told() {
    let mut hand = with_a_row();
    let true_one = hand.engine.head();
    hand.sees(service::INVENTORY, true_one);
    hand.deliver(service::INVENTORY, stocked());
    hand.effects();
    assert_eq!(hand.process.positions().of(service::INVENTORY).decided.sequence, 1);
    hand.sees(service::INVENTORY, made_up(&hand));
    hand.deliver(service::INVENTORY, stocked());
    let effects = hand.effects();
    let complains =
        |effect: &_| matches!(effect, super::Effect::Complain(service::INVENTORY, Some(2)));
    assert!(effects.iter().any(complains), "{effects:?}");
    assert_eq!(hand.process.positions().of(service::INVENTORY).decided.sequence, 1);
    let alarm = hand.process.standing().streams[&service::INVENTORY].alarm.clone().unwrap();
    assert!(alarm.contains("row 2") && alarm.contains("never was"), "{alarm}");
}

#[test]
fn a_start_is_fenced_by_a_true_witness_and_not_by_one_that_was_made_up() {
    for is_true in [true, false] {
        let mut hand = with_a_row();
        let seen = if is_true { hand.engine.head() } else { made_up(&hand) };
        hand.sees(service::INVENTORY, seen);
        hand.deliver(service::INVENTORY, stocked());
        hand.effects();
        // Both stores are lost: only the witness knows of the row.
        let mut hand = hand.with_empty_stores();
        hand.start();
        let stage = hand.process.stage();
        assert_eq!(stage == Stage::Fenced, is_true, "{stage:?}, {:?}", hand.process.standing());
    }
}

#[test]
fn a_claim_that_was_made_up_is_passed_over_to_the_last_true_one() {
    for (claims, is_fenced) in [
        (vec![false], false),
        (vec![false, false], false),
        (vec![true], true),
        (vec![true, false, false], true),
    ] {
        let mut hand = with_a_row();
        let other = Position { sequence: 2, ..hand.engine.head() };
        let true_one = Position { chain: keys().mark(2, other.chain), ..other };
        let made_up = made_up(&hand);
        let head = |is_true| if is_true { true_one } else { made_up };
        hand.claims = (1..).zip(claims.iter().map(|is_true| claim(head(*is_true)))).collect();
        let mut hand = hand.restarted();
        hand.start();
        let stage = hand.process.stage();
        assert_eq!(stage == Stage::Fenced, is_fenced, "{claims:?}: {stage:?}");
    }
}
