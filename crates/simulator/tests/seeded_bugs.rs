//! Every bug that was put in on purpose is caught, within a stated number of worlds, and by the checks
//! that look for bugs of any kind. Each bug is looked for where it can show: in worlds with the faults
//! that it mishandles. Some are switches where the shipped code decides; the others are put in from outside
//! of a process, by its driver.
#![cfg(feature = "seeded-bugs")]
#![allow(clippy::print_stdout, reason = "how many worlds each took is what this suite reports")]

use engine::seeded::{self, Bug};
use simulator::{DriverBug, Episode, Fault};

/// Orders of one world: many small worlds find more than few large ones.
const ORDERS: u64 = 20;

/// Where a bug shows: the faults, and how many worlds it may take.
struct Hunt {
    faults: &'static [Fault],
    worlds_max: u64,
}

const fn hunt(faults: &'static [Fault], worlds_max: u64) -> Hunt {
    Hunt { faults, worlds_max }
}

fn hunt_for(bug: Bug) -> Hunt {
    match bug {
        Bug::TrustWrongLastSequence => {
            hunt(&[Fault::RefusedAndRemoved, Fault::TailCut, Fault::ZombieElsewhere], 300)
        }
        Bug::TrustDuplicate => hunt(&[Fault::AnswerDuplicate, Fault::DatabaseDeleted], 600),
        Bug::NoContiguityCheck => hunt(&[Fault::BitFlipped, Fault::Paused, Fault::Slow], 400),
        Bug::PositionOutsideTransaction => hunt(&[Fault::Crash, Fault::CrashAfterCommit], 100),
        Bug::ApplyReadsClock => hunt(&[Fault::ClockSkewed, Fault::Paused], 200),
        Bug::ForgetTombstone | Bug::TombstoneWithoutEvent => {
            hunt(&[Fault::Slow, Fault::DatabaseDeleted, Fault::Paused], 300)
        }
        Bug::BatchEndVector | Bug::ReplicasTakeDecided => {
            hunt(&[Fault::DatabaseDeleted, Fault::Paused], 200)
        }
        Bug::SkipForkCheck => hunt(&[Fault::ZombieElsewhere, Fault::ForeignMessage], 300),
        Bug::NoRecoveredRow => hunt(
            &[Fault::ZombieElsewhere, Fault::CrashMidPipeline, Fault::DatabaseDeleted, Fault::Slow],
            300,
        ),
        Bug::RebuildWithoutConditions => hunt(&[Fault::DatabaseAndMessage], 50),
        Bug::CountersProveWhole => hunt(&[Fault::StreamPurged, Fault::StreamPurgedBeyond], 100),
        Bug::AnswerWaitsForOwnRow => hunt(&[Fault::PartitionedOut, Fault::DatabaseDeleted], 1_500),
        Bug::DeadlinesBeforeNews => {
            hunt(&[Fault::Paused, Fault::Slow, Fault::PartitionedIn, Fault::Partitioned], 300)
        }
        Bug::IgnoredAheadOfDecision => hunt(&[Fault::Paused, Fault::Slow], 100),
        Bug::SkipWitnesses => hunt(&[Fault::DatabaseAndTail], 100),
        Bug::TakeForgedRows => hunt(&[Fault::RowForged, Fault::RowForgedAndDatabaseLost], 50),
        Bug::BelieveUnmarked => hunt(&[Fault::WitnessForged, Fault::ClaimForged], 50),
        Bug::AddInProjector
        | Bug::TwoEventsFromOneInput
        | Bug::DecideReadsCache
        | Bug::RefundTwice
        | Bug::KeepRejectedReservation => hunt(&[Fault::Crash], 100),
    }
}

/// Where a bug of a driver shows.
fn hunt_for_driver(bug: DriverBug) -> Hunt {
    match bug {
        DriverBug::PublishBeforeCommit => {
            hunt(&[Fault::CrashBeforeCommit, Fault::DatabaseFailed, Fault::Slow], 300)
        }
        DriverBug::AcknowledgeUnstored => {
            hunt(&[Fault::PartitionedOut, Fault::DatabaseDeleted, Fault::Slow], 600)
        }
        DriverBug::CompareWithItself => {
            hunt(&[Fault::ZombieElsewhere, Fault::RefusedAndRemoved, Fault::TailCut], 600)
        }
        DriverBug::LoseQueued => hunt(&[Fault::Disconnected, Fault::ReconnectStorm], 300),
        DriverBug::ReplyAfterEnd => hunt(&[Fault::ZombieElsewhere, Fault::PartitionedOut], 300),
        DriverBug::SkipWitnessesOfMissing => hunt(&[Fault::DatabaseAndStream], 100),
        DriverBug::SkipClaim | DriverBug::DropClaim => hunt(&[Fault::ReplacedIsRestarted], 100),
        DriverBug::SkipVerification => hunt(&[Fault::DatabaseAndMessage], 100),
        DriverBug::RecoveredUnstored => hunt(
            &[Fault::ZombieElsewhere, Fault::CrashMidPipeline, Fault::DatabaseDeleted, Fault::Slow],
            300,
        ),
        DriverBug::EndsWhereItStands => {
            hunt(&[Fault::Paused, Fault::Slow, Fault::PartitionedIn, Fault::Partitioned], 600)
        }
    }
}

/// Looks for a bug, and says in which world it shows first, and how. Says whether it does.
fn search(name: &str, hunt: &Hunt, play: impl Fn(u64) -> Episode) -> bool {
    let caught = (0..hunt.worlds_max).find_map(|seed| {
        let violations = play(seed).violations;
        violations.into_iter().next().map(|violation| (seed, violation))
    });
    let Some((seed, violation)) = caught else {
        println!("{name}: ESCAPED {} worlds", hunt.worlds_max);
        return false;
    };
    let first = violation.lines().next().unwrap_or_default();
    println!("{name}: caught in world {} of {}: {first:.120}", seed + 1, hunt.worlds_max);
    true
}

#[test]
fn every_bug_of_a_driver_is_caught() {
    let mut escaped = Vec::new();
    for bug in DriverBug::ALL {
        let (name, hunt) = (format!("{bug:?}"), hunt_for_driver(bug));
        let play = |seed| simulator::play_with(seed, ORDERS, hunt.faults, (false, Some(bug)));
        let caught = search(&name, &hunt, play);
        escaped.extend((!caught).then_some(name));
    }
    assert!(escaped.is_empty(), "these bugs were not caught: {escaped:?}");
}

#[test]
fn every_seeded_bug_is_caught() {
    let mut escaped = Vec::new();
    for bug in Bug::ALL {
        let (name, hunt) = (format!("{bug:?}"), hunt_for(bug));
        seeded::set(Some(bug));
        let play = |seed| simulator::play_among(seed, ORDERS, hunt.faults, false);
        let caught = search(&name, &hunt, play);
        seeded::set(None);
        escaped.extend((!caught).then_some(name));
    }
    assert!(escaped.is_empty(), "these bugs were not caught: {escaped:?}");
}

#[test]
fn without_a_bug_the_same_worlds_hold() {
    seeded::set(None);
    let hunts = Bug::ALL.into_iter().map(hunt_for);
    for hunt in hunts.chain(DriverBug::ALL.into_iter().map(hunt_for_driver)) {
        for seed in 0..3 {
            let episode = simulator::play_among(seed, ORDERS, hunt.faults, false);
            assert_eq!(episode.violations, Vec::<String>::new(), "{:?}, seed {seed}", hunt.faults);
        }
    }
}
