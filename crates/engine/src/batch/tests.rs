//! The engine over a small order service: real tables of its own, the real choreography.

pub(crate) mod stage;

use contracts::{Event, kind, service};
use protocol::{Headers, Kind};

use super::*;
use crate::precondition::Tags;
use stage::{Ask, Stage, at, cancelled, key, registered, stocked};

#[test]
fn an_event_carries_the_vector_of_exactly_its_input() {
    let mut stage = Stage::begun();
    stage.place("o-1");
    let inputs = vec![
        stage.shipping.next(stage::created("o-1")),
        stage.inventory.next(stocked()),
        stage.inventory.next(stocked()),
    ];
    let batch = stage.engine.run(&inputs, at(5)).unwrap();
    let confirmed = Headers::parse(&batch.rows[0].headers).unwrap();
    assert_eq!(confirmed.vector.of(service::SHIPPING).sequence, 1);
    assert_eq!(confirmed.vector.of(service::INVENTORY).sequence, 0, "not the batch's end");
    assert_eq!(stage.engine.positions().of(service::INVENTORY).decided.sequence, 2);
}

#[test]
fn an_input_that_changes_nothing_moves_the_position_and_appends_no_row() {
    let mut stage = Stage::begun();
    let work = stage.inventory.next(stocked());
    let batch = stage.engine.run(&[work], at(1)).unwrap();
    assert!(batch.rows.is_empty());
    assert_eq!(stage.engine.positions().of(service::INVENTORY).decided.sequence, 1);
}

#[test]
fn rows_are_numbered_from_one_and_chained() {
    let mut stage = Stage::begun();
    for id in ["o-1", "o-2", "o-3"] {
        stage.place(id);
    }
    assert_eq!(outbox::verify(&stage.engine.read()).unwrap().sequence, 3);
    assert_eq!(stage.engine.head(), outbox::head(&stage.engine.read()).unwrap());
}

#[test]
fn a_failing_input_is_left_out_alone_and_its_stream_is_held() {
    let mut stage = Stage::begun();
    let inputs = vec![
        stage::place("o-1", None),
        // What cannot be handled holds its stream: what comes after it there must wait.
        stage.payment.next(stage::declined("poison")),
        stage.payment.next(stage::declined("o-1")),
        stage.shipping.next(stage::created("o-1")),
    ];
    let batch = stage.engine.run(&inputs, at(1)).unwrap();
    let held = |outcome: &Outcome<&'static str, Event>| matches!(outcome, Outcome::Held { .. });
    let outcomes: Vec<bool> = batch.outcomes.iter().map(held).collect();
    assert_eq!(outcomes, [false, true, true, false]);
    assert_eq!(stage.engine.positions().of(service::PAYMENT).decided.sequence, 0);
    assert_eq!(stage.engine.held().keys().collect::<Vec<_>>(), [&service::PAYMENT]);
    let kinds: Vec<Kind> =
        batch.rows.iter().map(|row| Headers::parse(&row.headers).unwrap().kind).collect();
    assert_eq!(kinds, [kind::ORDER_PLACED, kind::ORDER_CONFIRMED]);
}

#[test]
fn an_input_over_which_the_domain_panics_is_left_out_alone_and_its_stream_is_held() {
    let mut stage = Stage::begun();
    let inputs = vec![
        stage::place("o-1", None),
        stage.payment.next(stage::declined("panic")),
        stage::ask(Ask::Panic("o-2"), None),
        stage.shipping.next(stage::created("o-1")),
    ];
    let batch = stage.engine.run(&inputs, at(1)).unwrap();
    let Outcome::Held { stream: Some(held), reason } = &batch.outcomes[1] else {
        panic!("{batch:?}")
    };
    assert_eq!(*held, service::PAYMENT);
    assert!(reason.starts_with("handling it panics: ") && reason.contains("it panics"), "{reason}");
    let Outcome::Command(Answer::Failed(reason)) = &batch.outcomes[2] else { panic!("{batch:?}") };
    assert_eq!(reason, "handling it panics: over o-2");
    let kinds: Vec<Kind> =
        batch.rows.iter().map(|row| Headers::parse(&row.headers).unwrap().kind).collect();
    assert_eq!(kinds, [kind::ORDER_PLACED, kind::ORDER_CONFIRMED]);
    assert_eq!(outbox::verify(&stage.engine.read()).unwrap().sequence, 2);
}

#[test]
fn an_event_that_its_cause_does_not_allow_is_refused() {
    let mut stage = Stage::begun();
    let batch = stage.engine.run(&[stage::ask(Ask::Steal("o-1"), None)], at(1)).unwrap();
    let Outcome::Command(Answer::Failed(reason)) = &batch.outcomes[0] else { panic!("{batch:?}") };
    assert!(reason.contains("does not allow order.completed"), "{reason}");
    assert!(batch.rows.is_empty());
}

#[test]
fn a_request_that_is_repeated_has_one_effect_and_one_answer() {
    let mut stage = Stage::begun();
    let inputs: Vec<_> = (0..10).map(|_| stage::place("o-1", Some(key("k", "hash")))).collect();
    let batch = stage.engine.run(&inputs, at(1)).unwrap();
    assert_eq!(batch.rows.len(), 1);
    let repeats = batch.outcomes.iter().filter(|outcome| {
        matches!(outcome, Outcome::Command(Answer::Accepted { event, repeated: true })
            if event.headers.sequence == 1)
    });
    assert_eq!(repeats.count(), 9);
    let other = stage::place("o-2", Some(key("k", "another")));
    let batch = stage.engine.run(&[other], at(2)).unwrap();
    assert!(matches!(batch.outcomes[0], Outcome::Command(Answer::KeyReused)));
}

#[test]
fn a_key_is_its_callers_own_but_for_those_from_before_callers_were_known() {
    let mut stage = Stage::begun();
    let asked = |order: &'static str, caller: Option<&str>| {
        let request = key(order, "hash");
        let named = caller.map(|caller| request.clone().asked_by(caller));
        stage::place(order, named.or(Some(request)))
    };
    stage.engine.run(&[asked("o-1", Some("shop")), asked("o-2", None)], at(1)).unwrap();
    let again =
        [asked("o-1", Some("shop")), asked("o-1", Some("thief")), asked("o-2", Some("shop"))];
    let [own, stolen, old] =
        <[_; 3]>::try_from(stage.engine.run(&again, at(2)).unwrap().outcomes).unwrap();
    for repeated in [own, old] {
        let is_repeated =
            matches!(repeated, Outcome::Command(Answer::Accepted { repeated: true, .. }));
        assert!(is_repeated, "{repeated:?}");
    }
    assert!(matches!(stolen, Outcome::Command(Answer::KeyReused)), "{stolen:?}");
}

#[test]
fn a_precondition_holds_for_the_state_of_its_own_decision_and_a_repeat_is_not_held_to_it() {
    let mut stage = Stage::begun();
    let create = |idempotency| {
        let preconditions =
            Preconditions { if_none_match: Some(Tags::Any), ..Preconditions::default() };
        let request = Request { idempotency, preconditions, ..Request::default() };
        QueuedInput::Command { command: Ask::Place("o-1"), request }
    };
    // Both are asked at once: the second is decided on what the first has left.
    let inputs = [create(Some(key("k", "hash"))), create(None), create(Some(key("k", "hash")))];
    let batch = stage.engine.run(&inputs, at(1)).unwrap();
    assert_eq!(batch.rows.len(), 1);
    let accepted = |outcome: &Outcome<_, Event>, again| matches!(outcome, Outcome::Command(Answer::Accepted { repeated, .. }) if *repeated == again);
    assert!(accepted(&batch.outcomes[0], false), "{batch:?}");
    let Outcome::Command(Answer::PreconditionFailed(current)) = &batch.outcomes[1] else {
        panic!("{batch:?}")
    };
    assert_eq!(current, &Some(Validators::of_event(1, at(1))));
    assert!(accepted(&batch.outcomes[2], true), "its first try made it stale");
}

#[test]
fn a_timer_fires_once_and_a_cleared_one_not_at_all() {
    let mut stage = Stage::begun();
    stage.place("o-1");
    stage.place("o-2");
    let confirm = stage.shipping.next(stage::created("o-2"));
    stage.engine.run(&[confirm], at(1)).unwrap();
    assert!(stage.engine.timers_due(at(99), 10).unwrap().is_empty());
    let due = stage.engine.timers_due(at(100), 10).unwrap();
    assert_eq!(due.iter().map(|timer| timer.id.as_str()).collect::<Vec<_>>(), ["o-1"]);
    let twice: Vec<_> = [due.clone(), due].concat().into_iter().map(QueuedInput::Timer).collect();
    let batch = stage.engine.run(&twice, at(100)).unwrap();
    assert_eq!(batch.rows.len(), 1);
    assert!(matches!(batch.rows[0].parse().unwrap().event, Event::OrderCancelled(_)));
}

#[test]
fn a_foreign_number_that_is_missing_or_repeated_is_never_taken() {
    let mut stage = Stage::begun();
    let (first, _missing) = (stage.inventory.next(stocked()), stage.inventory.next(stocked()));
    let third = stage.inventory.next(stocked());
    let batch = stage.engine.run(&[first.clone(), third], at(1)).unwrap();
    assert!(matches!(batch.outcomes[1], Outcome::Held { .. }));
    assert_eq!(stage.engine.positions().of(service::INVENTORY).folded.sequence, 1);
}

#[test]
fn the_recovered_row_of_an_earlier_restoring_concludes_no_later_one() {
    let mut stage = Stage::begun();
    stage.place("o-1");
    let rows = outbox::rows(&stage.engine.read(), 1, 100).unwrap();
    let recovered_behind = |engine: &Engine<stage::Orders>| {
        engine.known().recovered_row(service::ORDER, 1, at(2), &stage::keys()).unwrap()
    };
    let mut first = Stage::empty_engine();
    first.restore(&rows).unwrap();
    let rows = [&rows[..], &[recovered_behind(&first)]].concat();

    // It may be killed here, or wait for the broker: another writer could go on behind row 2 meanwhile.
    let mut second = Stage::empty_engine();
    second.restore(&rows).unwrap();
    assert!(second.is_restoring().unwrap());
    second.conclude_restoring(&recovered_behind(&second)).unwrap();
    assert!(!second.is_restoring().unwrap());
    assert_eq!(second.head().sequence, 3);
}

#[test]
fn a_lost_database_is_restored_to_the_same_state_and_decides_on_from_its_last_vector() {
    let mut stage = Stage::begun();
    let customer = stage.customer.next(registered());
    let batch = stage.engine.run(std::slice::from_ref(&customer), at(0)).unwrap();
    assert_eq!(batch.folded.len(), 1);
    stage.place("o-1");
    let created = stage.shipping.next(stage::created("o-1"));
    stage.engine.run(&[created], at(1)).unwrap();
    let rows = outbox::rows(&stage.engine.read(), 1, 100).unwrap();

    let mut restored = Stage::empty_engine();
    restored.restore(&rows).unwrap();
    assert_eq!(restored.head(), stage.engine.head());
    assert_eq!(restored.history(), stage.engine.history());
    assert_eq!(stage::orders(&restored), stage::orders(&stage.engine));
    assert!(restored.is_restoring().unwrap());
    let recovered =
        restored.known().recovered_row(service::ORDER, 2, at(2), &stage::keys()).unwrap();
    restored.conclude_restoring(&recovered).unwrap();
    assert!(!restored.is_restoring().unwrap());

    // The replica is read from zero, below what is decided: folded, and not decided again.
    let place = restored.positions().of(service::CUSTOMER);
    assert_eq!((place.folded.sequence, place.decided.sequence), (0, 1));
    assert!(!restored.positions().replicas_reach_decided());
    restored.run(&[customer], at(3)).unwrap();
    assert!(restored.positions().replicas_reach_decided());
    assert_eq!(restored.positions().of(service::SHIPPING).folded.sequence, 1);
}

#[test]
fn rows_that_do_not_follow_or_tell_another_history_are_not_restored() {
    let mut stage = Stage::begun();
    stage.place("o-1");
    stage.place("o-2");
    let rows = outbox::rows(&stage.engine.read(), 1, 100).unwrap();
    let mut empty = Stage::empty_engine();
    assert!(matches!(empty.restore(&rows[1..]), Err(RestoreError::Broken(2))));
    let mut edited = rows.clone();
    edited[1].payload = b"{}".as_slice().into();
    assert!(matches!(empty.restore(&edited), Err(RestoreError::Broken(2))));
    assert_eq!(empty.head().sequence, 0, "nothing of the transaction is kept");
    let mut other = Stage::empty_engine();
    other.begin_history(HistoryId::from_bytes([9; 16])).unwrap();
    assert!(matches!(other.restore(&rows), Err(RestoreError::OtherHistory { .. })));
}

#[test]
fn the_same_events_in_other_batches_make_the_same_rows() {
    let run = |batch_size: usize| {
        let mut stage = Stage::begun();
        let inputs = [
            stage::place("o-1", None),
            stage::place("o-2", None),
            stage.shipping.next(stage::created("o-1")),
            stage.shipping.next(cancelled("o-2")),
            stage.inventory.next(stocked()),
        ];
        for batch in inputs.chunks(batch_size) {
            stage.engine.run(batch, at(1)).unwrap();
        }
        outbox::rows(&stage.engine.read(), 1, 100).unwrap()
    };
    assert_eq!(run(1), run(5));
    assert_eq!(run(2), run(5));
}

#[test]
fn a_row_that_no_broker_takes_is_refused_inside_the_transaction() {
    let mut stage = Stage::begun();
    let batch = stage.engine.run(&[stage::ask(Ask::Huge("o-1"), None)], at(1)).unwrap();
    let Outcome::Command(Answer::TooLarge { bytes, bytes_max }) = &batch.outcomes[0] else {
        panic!("{batch:?}")
    };
    assert!(bytes > bytes_max && *bytes_max == outbox::ROW_BYTES_MAX);
    assert_eq!(stage.engine.head().sequence, 0);
}

#[test]
fn a_command_whose_row_the_broker_at_hand_does_not_take_is_refused_beside_those_that_it_takes() {
    let mut stage = Stage::begun();
    let place = |id| stage::place(id, None);
    stage.engine.run(&[place("o-1")], at(1)).unwrap();
    let bytes = outbox::bytes_of(&outbox::row(&stage.engine.read(), 1).unwrap().unwrap());
    // The second is longer than the first by its id, wherever that stands.
    stage.engine.limit_rows(bytes + 8);
    let long = "o-".to_owned() + &"2".repeat(60);
    let batch = stage.engine.run(&[place(long.leak()), place("o-3")], at(1)).unwrap();
    assert!(matches!(batch.outcomes[0], Outcome::Command(Answer::TooLarge { .. })), "{batch:?}");
    assert!(matches!(batch.outcomes[1], Outcome::Command(Answer::Accepted { .. })), "{batch:?}");
    stage.engine.limit_rows(usize::MAX);
    let batch = stage.engine.run(&[stage::ask(Ask::Huge("o-4"), None)], at(1)).unwrap();
    assert!(matches!(batch.outcomes[0], Outcome::Command(Answer::TooLarge { .. })), "{batch:?}");
}
