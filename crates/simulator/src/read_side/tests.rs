//! Any fault at any moment: the view is right again.

#[path = "../../../query/tests/support/history.rs"]
#[expect(dead_code, reason = "query's own tests use more of it")]
mod history;

use history::{Fate, History};

use super::*;

fn streams(orders: usize) -> History {
    let mut history = History::begin(1);
    history.open_shop();
    for nth in 0..orders {
        history.order(&format!("o-{nth}"), Fate::ALL[nth % Fate::ALL.len()]);
    }
    history
}

fn read<'a>(history: &'a History) -> impl Fn(Service) -> &'a [Row] {
    move |service| history.rows.get(&service).map_or(&[], Vec::as_slice)
}

#[test]
fn a_view_follows_streams_and_is_right_at_each_step() {
    let history = streams(20);
    let streams = read(&history);
    let (mut side, mut random) = (ReadSide::new(), Random::new(1));
    side.step(&streams, &mut random);
    for _ in 0..40 {
        side.step(&streams, &mut random);
        side.check(&streams).unwrap();
    }
    assert!(side.settle(&streams, &mut random).unwrap() > 100);
}

#[test]
fn after_any_fault_at_any_moment_the_view_is_right_again() {
    let history = streams(20);
    let streams = read(&history);
    let mut counts = Counts::default();
    for fault in ReadFault::ALL {
        for seed in 0..15 {
            let (mut side, mut random) = (ReadSide::new(), Random::new(seed));
            for _ in 0..random.below(30) {
                side.step(&streams, &mut random);
            }
            for _ in 0..5 {
                side.fault(fault, &mut random);
                for _ in 0..random.below(4) {
                    side.step(&streams, &mut random);
                }
            }
            let settled = side.settle(&streams, &mut random);
            assert!(settled.is_ok(), "{fault}, seed {seed}: {settled:#?}");
            counts.add(side.counts());
        }
    }
    for fault in ReadFault::ALL {
        assert!(counts.of(fault) >= 10, "{fault} happened {} times", counts.of(fault));
    }
}

#[test]
fn a_view_that_a_hand_has_changed_is_found() {
    let history = streams(5);
    let streams = read(&history);
    let (mut side, mut random) = (ReadSide::new(), Random::new(3));
    side.settle(&streams, &mut random).unwrap();
    assert!(side.fault(ReadFault::RecordEdited, &mut random));
    let differences = side.check(&streams).unwrap_err();
    assert!(differences[0].contains("a fold from zero"), "{differences:?}");
    side.settle(&streams, &mut random).unwrap();
}

#[test]
fn a_stream_that_tells_another_history_is_not_folded_on() {
    let (history, other) = (streams(5), History::begin(2));
    let (mut side, mut random) = (ReadSide::new(), Random::new(4));
    side.settle(&read(&history), &mut random).unwrap();
    assert!(side.settle(&read(&other), &mut random).is_err());
}

#[cfg(feature = "seeded-bugs")]
#[test]
fn a_projector_that_adds_is_found() {
    use engine::seeded::{self, Bug};

    let history = streams(10);
    let streams = read(&history);
    seeded::set(Some(Bug::AddInProjector));
    let found = (0..50).any(|seed| {
        let (mut side, mut random) = (ReadSide::new(), Random::new(seed));
        for _ in 0..60 {
            side.step(&streams, &mut random);
            if random.chance(15) {
                side.fault(ReadFault::ProjectorKilled, &mut random);
            }
        }
        side.settle(&streams, &mut random).is_err()
    });
    seeded::set(None);
    assert!(found);
}
