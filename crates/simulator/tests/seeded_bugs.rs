//! Every bug that was put in on purpose is caught, within a stated number of seeds, and by the checks
//! that look for bugs of any kind.
#![cfg(feature = "seeded-bugs")]
#![allow(clippy::print_stdout, reason = "how many seeds each took is what this suite reports")]

use engine::seeded::{self, Bug};

/// Orders of one world: small worlds find bugs sooner.
const ORDERS: u64 = 25;

/// Seeds within which each bug has to be caught: some ten times what it took when this was written.
const fn seeds_max(bug: Bug) -> u64 {
    match bug {
        Bug::BatchEndVector
        | Bug::AnswerWaitsForOwnRow
        | Bug::DeadlinesBeforeNews
        | Bug::NoRecoveredRow
        | Bug::PublishBeforeCommit
        | Bug::RebuildWithoutConditions
        | Bug::SkipForkCheck
        | Bug::SkipWitnesses
        | Bug::TrustWrongLastSequence => 4_000,
        _ => 1_000,
    }
}

#[test]
fn every_seeded_bug_is_caught() {
    let mut escaped = Vec::new();
    for bug in Bug::ALL {
        seeded::set(Some(bug));
        let caught = (0..seeds_max(bug)).find_map(|seed| {
            let episode = simulator::play(seed, ORDERS, false);
            episode.violations.first().map(|violation| (seed, violation.clone()))
        });
        seeded::set(None);
        match caught {
            Some((seed, violation)) => {
                let first = violation.lines().next().unwrap_or_default();
                println!("{bug:?}: caught at seed {seed}: {first:.120}");
            }
            None => {
                println!("{bug:?}: ESCAPED {} seeds", seeds_max(bug));
                escaped.push(bug);
            }
        }
    }
    assert!(escaped.is_empty(), "these bugs were not caught: {escaped:?}");
}

#[test]
fn without_a_bug_the_same_worlds_hold() {
    seeded::set(None);
    for seed in 0..40 {
        let episode = simulator::play(seed, ORDERS, false);
        assert_eq!(episode.violations, Vec::<String>::new(), "seed {seed}");
    }
}
