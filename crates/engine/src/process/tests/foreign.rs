//! What somebody else has written into a stream: its owner takes it out where nothing of its own is lost, and
//! readers go back behind it.

use std::collections::BTreeMap;

use contracts::{Event, service};
use protocol::{Chain, ForeignRows, Position, Recovered, Row, Vector};

use super::super::{End, Input, Stage};
use super::hand::Hand;
use crate::batch::tests::stage::{Foreign, created, id, registered, stocked};
use crate::replicas;

/// A started process with acknowledged rows.
fn with_rows(orders: &[&'static str]) -> Hand {
    let mut hand = Hand::started();
    for (row, order) in (1..).zip(orders) {
        hand.place(order, row);
        hand.effects();
        hand.acknowledge(row);
        hand.effects();
    }
    hand
}

fn message(hand: &Hand, number: u64) -> Position {
    hand.stream.as_ref().unwrap()[&number].position()
}

/// Somebody without a key writes another row of that number, which follows the one before.
fn replace(hand: &mut Hand, number: u64) {
    let stream = hand.stream.as_mut().unwrap();
    let before = stream.get(&(number - 1)).map_or(Chain::START, |row| row.chain);
    let mut row = stream[&number].clone();
    row.payload = b"{}".as_slice().into();
    row.chain = before.next(&row.subject, &row.headers, &row.payload);
    stream.insert(number, row);
}

fn is_refused(hand: &mut Hand, why: &str) {
    hand.start();
    let standing = hand.process.standing();
    assert_eq!(standing.stage, Stage::Fenced, "{standing:?}");
    assert!(standing.reason.as_ref().unwrap().contains(why), "{standing:?}");
    assert!(hand.claims.is_empty(), "nothing is begun");
}

/// It has published its outbox anew, without the foreign rows and with a row that names them.
fn is_published_anew(hand: &mut Hand, rows: u64, foreign: &[ForeignRows]) {
    hand.start();
    assert_eq!(hand.process.stage(), Stage::Ready, "{:?}", hand.process.standing());
    assert_eq!(hand.stream.as_ref().map(BTreeMap::len), Some(0));
    for row in 1..=rows {
        hand.acknowledge(row);
        hand.effects();
    }
    assert_eq!(hand.process.standing().acknowledged, rows);
    let Event::OrderRecovered(Recovered { foreign: named, .. }) = hand.stored(rows).event else {
        panic!("{:?}", hand.stored(rows));
    };
    assert_eq!(named, foreign);
}

#[test]
fn foreign_rows_are_taken_out_and_named_with_the_database_and_without_it() {
    for is_lost in [false, true] {
        let mut hand = with_rows(&["o1", "o2"]);
        let before = message(&hand, 2);
        hand.forge(created("o3"));
        hand.forge(created("o4"));
        let (first, second) = (message(&hand, 3), message(&hand, 4));
        let hand = if is_lost { hand.with_an_empty_database() } else { hand };
        let chains = vec![first.chain, second.chain];
        let foreign = ForeignRows { after: 2, chain: before.chain, chains };
        let mut hand = hand.dropping(first);
        is_published_anew(&mut hand, 3, &[foreign]);
        assert_eq!(hand.claims.len(), 1);
        assert_eq!(hand.claims[0].1.head, before);
        // The permission holds for nothing any more.
        let mut hand = hand.dropping(first);
        hand.start();
        assert_eq!((hand.process.stage(), hand.engine.head().sequence), (Stage::Ready, 3));
    }
}

#[test]
fn a_row_of_its_own_in_that_place_is_kept() {
    let mut hand = with_rows(&["o1"]);
    hand.place("o2", 2);
    hand.effects();
    hand.forge(created("o3"));
    let first = message(&hand, 2);
    let foreign =
        ForeignRows { after: 1, chain: message(&hand, 1).chain, chains: vec![first.chain] };
    let mut hand = hand.dropping(first);
    is_published_anew(&mut hand, 3, &[foreign]);
    assert_eq!(hand.stored(2).headers.id, id("o2"));
}

/// The broker compares numbers: of two rows under way, the second is stored behind the forged one.
#[test]
fn own_rows_that_stand_behind_the_foreign_one_are_published_again() {
    let mut hand = with_rows(&["o1"]);
    hand.place("o2", 2);
    hand.place("o3", 3);
    hand.effects();
    hand.forge(created("o4"));
    hand.store(3);
    let first = message(&hand, 2);
    let foreign =
        ForeignRows { after: 1, chain: message(&hand, 1).chain, chains: vec![first.chain] };
    let mut hand = hand.dropping(first);
    is_published_anew(&mut hand, 4, &[foreign]);
}

#[test]
fn nothing_is_taken_out_but_what_was_shown() {
    let mut hand = with_rows(&["o1"]);
    hand.forge(created("o2"));
    let shown = Position { chain: Chain::START, ..message(&hand, 2) };
    is_refused(&mut hand.dropping(shown), "another than the one that was shown");
    let mut hand = with_rows(&["o1"]);
    hand.forge(created("o2"));
    let mut unasked = hand.restarted();
    unasked.start();
    let standing = unasked.process.standing();
    assert_eq!((standing.stage, standing.foreign_message), (Stage::Fenced, Some(2)));
}

#[test]
fn where_the_stream_alone_holds_own_rows_behind_nothing_is_taken_out() {
    let mut hand = with_rows(&["o1", "o2", "o3"]);
    replace(&mut hand, 2);
    let first = message(&hand, 2);
    let mut hand = hand.with_an_empty_database().dropping(first);
    is_refused(&mut hand, "message 3 was this service's own by its mark");
}

#[test]
fn an_empty_database_takes_nothing_out_from_the_first_row_on() {
    let mut hand = with_rows(&["o1"]);
    replace(&mut hand, 1);
    let first = message(&hand, 1);
    let mut hand = hand.with_an_empty_database().dropping(first);
    is_refused(&mut hand, "tells no history");
}

#[test]
fn what_a_witness_has_seen_and_nobody_holds_is_not_deleted_over() {
    let mut hand = with_rows(&["o1", "o2"]);
    let lost = message(&hand, 2);
    replace(&mut hand, 2);
    let first = message(&hand, 2);
    hand.sees(service::INVENTORY, lost);
    hand.deliver(service::INVENTORY, stocked());
    let foreign = std::mem::take(&mut hand.foreign);
    let mut hand = hand.with_an_empty_database();
    hand.foreign = foreign;
    is_refused(&mut hand.dropping(first), "inventory has seen 2 rows");
}

#[test]
fn others_may_have_seen_what_was_taken_out() {
    let mut hand = with_rows(&["o1"]);
    hand.forge(created("o2"));
    let first = message(&hand, 2);
    let mut hand = hand.dropping(first);
    hand.sees(service::INVENTORY, first);
    hand.start();
    hand.deliver(service::INVENTORY, stocked());
    hand.effects();
    let standing = hand.process.standing();
    assert_eq!(standing.streams[&service::INVENTORY].alarm, None, "{standing:?}");
    assert_eq!(hand.process.positions().of(service::INVENTORY).folded.sequence, 1);
}

/// Rows of a stream: what is common, then what was foreign, or what its owner has in their place.
fn branches(event: impl Fn() -> Event) -> (Vec<Row>, Vec<Row>, ForeignRows) {
    let (mut foreign, mut own) = (Foreign::empty(), Foreign::empty());
    let common = foreign.next_row(event());
    assert_eq!(own.next_row(event()), common);
    let at = Position { sequence: 1, chain: common.chain };
    foreign.seen = Vector([(service::PAYMENT, at)].into());
    let foreign = [(); 2].map(|()| foreign.next_row(event()));
    let own = own.next_row(event());
    let chains = foreign.iter().map(|row| row.chain).collect();
    let named = ForeignRows { after: 1, chain: common.chain, chains };
    let [second, third] = foreign;
    (vec![common.clone(), second, third], vec![common, own], named)
}

/// The `recovered` row with which the owner names them.
fn naming(named: ForeignRows) -> Row {
    let recovered = Recovered { service: id("shipping"), rows: 0, up_to: 1, foreign: vec![named] };
    let mut row = Foreign::empty().next_row(Event::ShippingRecovered(recovered.clone()));
    row.payload = serde_json::to_vec(&recovered).unwrap().into();
    row
}

#[test]
fn a_reader_goes_back_behind_what_was_taken_out_and_folds_its_replica_anew() {
    for (stream, is_replica) in [(service::SHIPPING, false), (service::CUSTOMER, true)] {
        let event = || if is_replica { registered() } else { created("o9") };
        let (with_foreign, own, named) = branches(event);
        let mut hand = Hand::started();
        let mut source = Foreign::empty();
        with_foreign.iter().for_each(|_| drop(source.next_row(event())));
        hand.foreign.insert(stream, source);
        for row in &with_foreign {
            hand.deliver_row(stream, row.clone());
            hand.effects();
        }
        assert_eq!(hand.engine.positions().of(stream).decided, with_foreign[2].position());
        let held = replicas::stored(&hand.engine.read()).unwrap().len();
        assert_eq!(held, usize::from(is_replica));
        // The owner publishes anew, and the stream is shorter.
        let mut source = Foreign::empty();
        own.iter().for_each(|_| drop(source.next_row(event())));
        hand.foreign.insert(stream, source);
        hand.recovered.insert(stream, naming(named));
        hand.input(Input::Disconnected);
        hand.connect();
        hand.effects();
        let Some(End::StartAnew(why)) = &hand.ended else {
            panic!("{:?}", hand.process.standing())
        };
        assert!(why.contains("read again from behind row 1"), "{why}");
        let progress = hand.engine.positions().of(stream);
        assert_eq!(progress.decided, own[0].position());
        assert_eq!(progress.folded.sequence, u64::from(!is_replica));
        assert!(replicas::stored(&hand.engine.read()).unwrap().is_empty());
    }
}

#[test]
fn a_replica_that_is_folded_anew_is_compared_where_decisions_were_made() {
    let (with_foreign, own, named) = branches(registered);
    let stream = service::CUSTOMER;
    let mut hand = Hand::started();
    let mut source = Foreign::empty();
    with_foreign.iter().for_each(|_| drop(source.next_row(registered())));
    hand.foreign.insert(stream, source);
    for row in &with_foreign[..2] {
        hand.deliver_row(stream, row.clone());
        hand.effects();
    }
    hand.place("o1", 1);
    hand.effects();
    hand.acknowledge(1);
    hand.effects();
    let foreign = std::mem::take(&mut hand.foreign);
    // Its database is lost, and it is restored with the vector of its last row.
    let mut hand = hand.with_an_empty_database();
    hand.foreign = foreign;
    hand.recovered.insert(stream, naming(named));
    hand.start();
    assert_eq!(hand.engine.positions().of(stream).decided, with_foreign[1].position());
    for row in &own {
        hand.deliver_row(stream, row.clone());
        hand.effects();
    }
    assert!(matches!(&hand.ended, Some(End::StartAnew(_))), "{:?}", hand.process.standing());
    assert_eq!(hand.engine.positions().of(stream).decided, own[0].position());
}
