use super::*;
use contracts::service;

const HISTORY: HistoryId = HistoryId::from_bytes([1; 16]);

const CREATED: Timestamp = Timestamp::from_micros(1);

const fn publish(ends_at: u64) -> Step {
    Step::Publish(Found { created: CREATED, ends_at })
}

fn chain(of: u64) -> Chain {
    Chain::START.next(&of.to_string(), "", b"")
}

fn at(sequence: u64) -> Position {
    Position { sequence, chain: chain(sequence) }
}

fn stream(first: u64, last: u64, messages: u64, tail: u64, common: u64) -> Stream {
    let common = Common { sequence: common, own: chain(common), stream: chain(common) };
    Stream::There {
        created: CREATED,
        extent: Extent { first, last, messages },
        tail,
        history: (tail > 0).then_some(HISTORY),
        common: (common.sequence > 0).then_some(common),
        forged: None,
    }
}

fn seen(head: u64, stream: Stream) -> Observation {
    Observation {
        head: if head == 0 { Position::default() } else { at(head) },
        history: (head > 0).then_some(HISTORY),
        stream,
        witnesses: Vec::new(),
        disbelieved: Vec::new(),
        claim: None,
        first_start: false,
        restoring: false,
        rebuilt: false,
    }
}

#[test]
fn a_history_begins_only_on_an_explicit_first_start() {
    let lost = seen(0, Stream::Missing);
    assert_eq!(next(&lost), Step::Fence(Fence::FirstStartNeeded));
    assert_eq!(next(&Observation { first_start: true, ..lost }), Step::BeginHistory);
    let begun = Observation { history: Some(HISTORY), ..seen(0, Stream::Missing) };
    assert_eq!(next(&begun), Step::CreateStream);
}

#[test]
fn a_database_that_is_lost_before_the_first_row_begins_anew() {
    assert_eq!(next(&seen(0, stream(0, 0, 0, 0, 0))), Step::BeginHistory);
    let witness = Witness { of: service::PAYMENT, seen: at(1), own: None };
    let seen_by_somebody =
        Observation { witnesses: vec![witness], ..seen(0, stream(0, 0, 0, 0, 0)) };
    assert!(matches!(next(&seen_by_somebody), Step::Fence(Fence::TwoStoresLost { .. })));
}

#[test]
fn equal_stores_go_on() {
    let equal = seen(7, stream(1, 7, 7, 7, 7));
    assert_eq!(next(&equal), publish(7));
}

#[test]
fn a_shorter_stream_gets_the_rest() {
    let shorter = seen(9, stream(1, 7, 7, 7, 7));
    assert_eq!(next(&shorter), publish(7));
    assert_eq!(next(&seen(9, stream(0, 0, 0, 0, 0))), publish(0));
    assert_eq!(next(&seen(9, Stream::Missing)), Step::CreateStream);
}

#[test]
fn a_lost_or_old_database_takes_the_rest_from_the_stream() {
    let lost = seen(0, stream(1, 7, 7, 7, 0));
    assert_eq!(next(&lost), Step::Restore { after: 0, up_to: 7 });
    let old = seen(4, stream(1, 7, 7, 7, 4));
    assert_eq!(next(&old), Step::Restore { after: 4, up_to: 7 });
}

#[test]
fn a_restoring_that_was_interrupted_before_its_last_row_is_finished() {
    let interrupted = Observation { restoring: true, ..seen(7, stream(1, 7, 7, 7, 7)) };
    assert_eq!(next(&interrupted), Step::Restore { after: 7, up_to: 7 });
}

#[test]
fn two_histories_are_fenced() {
    let mut forked = seen(7, stream(1, 7, 7, 7, 7));
    if let Stream::There { common: Some(common), .. } = &mut forked.stream {
        common.stream = chain(99);
    }
    assert_eq!(next(&forked), Step::Fence(Fence::Fork { sequence: 7 }));
    let other = HistoryId::from_bytes([2; 16]);
    let foreign = Observation { history: Some(other), ..seen(7, stream(1, 7, 7, 7, 7)) };
    let fence = Fence::OtherHistory { own: other, stream: HISTORY };
    assert_eq!(next(&foreign), Step::Fence(fence));
}

#[test]
fn a_witness_of_more_than_both_stores_hold_is_fenced_even_on_a_first_start() {
    let witness = Witness { of: service::PAYMENT, seen: at(9), own: None };
    let fence = Fence::TwoStoresLost { witness: service::PAYMENT, seen: 9, held: 7 };
    let both = Observation { witnesses: vec![witness], ..seen(5, stream(1, 7, 7, 7, 5)) };
    assert_eq!(next(&both), Step::Fence(fence));
    let anew =
        Observation { witnesses: vec![witness], first_start: true, ..seen(0, Stream::Missing) };
    assert!(matches!(next(&anew), Step::Fence(Fence::TwoStoresLost { held: 0, .. })));
    let disagrees = Witness { own: Some(chain(99)), seen: at(3), ..witness };
    let disagreeing = Observation { witnesses: vec![disagrees], ..seen(7, stream(1, 7, 7, 7, 7)) };
    assert!(matches!(next(&disagreeing), Step::Fence(Fence::WitnessDisagrees { .. })));
}

/// Each of these satisfies `messages == last − first + 1`, or lies about its end.
#[test]
fn a_damaged_stream_is_rebuilt_once() {
    for damaged in [
        stream(3, 7, 5, 7, 7),
        stream(1, 7, 6, 7, 7),
        stream(8, 7, 0, 0, 0),
        stream(1, 7, 7, 5, 5),
        stream(1001, 1000, 0, 0, 0),
    ] {
        let damaged = seen(7, damaged);
        assert_eq!(next(&damaged), Step::Rebuild);
        let again = Observation { rebuilt: true, ..damaged };
        assert!(matches!(next(&again), Step::Fence(Fence::CannotRebuild(_))));
    }
}

#[test]
fn a_configuration_is_set_right_once_and_then_fenced() {
    let wrong = |update_tried| {
        seen(7, Stream::Misconfigured { difference: "max_msgs is 5".into(), update_tried })
    };
    assert_eq!(next(&wrong(false)), Step::Configure);
    assert!(matches!(next(&wrong(true)), Step::Fence(Fence::Configuration(_))));
}

#[test]
fn a_stream_is_deleted_only_if_that_destroys_nothing() {
    let proof = Proof { outbox: Ok(at(7)), tail: 7, unequal: None, copied: Ok(()) };
    assert_eq!(may_rebuild(&proof), Ok(()));
    for doubtful in [
        Proof { outbox: Err("row 3".into()), ..proof.clone() },
        Proof { outbox: Ok(at(6)), ..proof.clone() },
        Proof { unequal: Some(5), ..proof.clone() },
        Proof { copied: Err("disk full".into()), ..proof.clone() },
    ] {
        assert!(may_rebuild(&doubtful).is_err(), "{doubtful:?}");
    }
}

#[test]
fn a_missing_stream_that_another_process_has_claimed_is_not_created() {
    let claim = Some(Claimed { head: at(9), own: None });
    let replaced = Observation { claim, ..seen(7, Stream::Missing) };
    assert_eq!(next(&replaced), Step::Fence(Fence::Replaced { sequence: 9, held: 7 }));
    let fork = Some(Claimed { head: at(5), own: Some(chain(99)) });
    let replaced = Observation { claim: fork, ..seen(7, Stream::Missing) };
    assert!(matches!(next(&replaced), Step::Fence(Fence::Replaced { .. })));
    let own = Some(Claimed { head: at(5), own: Some(chain(5)) });
    assert_eq!(next(&Observation { claim: own, ..seen(7, Stream::Missing) }), Step::CreateStream);
}
