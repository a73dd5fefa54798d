//! Worlds without seeded bugs: whatever goes wrong in them, everything holds; every fault that is
//! modelled really happens; and a seed says everything.

use simulator::read_side::ReadFault;
use simulator::{Fault, Plan};

/// Orders of one world: small, since the faults are what is tried here.
const ORDERS: u64 = 12;

/// Worlds in which every fault has happened at least once, by far.
const WORLDS_MAX: u64 = 2_000;

/// Worlds that are played at least.
const WORLDS_MIN: u64 = 150;

#[test]
fn whatever_goes_wrong_everything_holds_and_every_fault_happens() {
    let plan = Plan { seeds: 0..WORLDS_MAX, jobs: 2, orders: ORDERS };
    let all_happened = |played: &simulator::Played| {
        let reads = ReadFault::ALL.iter().all(|fault| played.reads.of(*fault) > 0);
        reads && played.tally.never_fired().is_empty()
    };
    let played =
        simulator::run(&plan, |played| played.episodes < WORLDS_MIN || !all_happened(played));
    if let Some(failure) = &played.failure {
        let story = failure.story.join("\n");
        panic!("{story}\nseed {}: {}", failure.seed, failure.violations.join("\n"));
    }
    assert_eq!(played.tally.never_fired(), Vec::<Fault>::new());
    assert!(all_happened(&played), "a fault of the read side never happened: {:?}", played.reads);
    assert!(played.sagas > WORLDS_MIN, "only {} orders were placed", played.sagas);
}

#[test]
fn the_same_seed_tells_the_same_story_to_the_byte() {
    for seed in [1, 7, 42] {
        let (once, again) = (simulator::play(seed, 20, true), simulator::play(seed, 20, true));
        assert!(once.story.len() > 50, "seed {seed} tells only {} lines", once.story.len());
        assert_eq!(once.story, again.story, "seed {seed}");
        let untold = simulator::play(seed, 20, false);
        assert_eq!((untold.digest, untold.sagas), (once.digest, once.sagas), "seed {seed}");
    }
    assert_ne!(simulator::play(1, 20, false).digest, simulator::play(2, 20, false).digest);
}

#[test]
fn many_threads_play_what_one_plays() {
    let plan = |jobs| Plan { seeds: 100..112, jobs, orders: ORDERS };
    let one = simulator::run(&plan(1), |_| true);
    let many = simulator::run(&plan(3), |_| true);
    assert_eq!(one.episodes, 12);
    assert_eq!(one, many);
}
