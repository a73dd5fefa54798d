//! One episode: one small world from its beginning to its verdict.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::cast::Newcomer;
use crate::checks;
use crate::fault::{Fault, Tally};
use crate::read_side::Counts;
use crate::seeded::DriverBug;
use crate::world::World;

/// What became of one episode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Episode {
    /// Its seed.
    pub seed: u64,
    /// Orders that were placed.
    pub sagas: u64,
    /// How often each fault was planned and happened.
    pub tally: Tally,
    /// How often each fault of the read side happened.
    pub reads: Counts,
    /// What is wrong.
    pub violations: Vec<String>,
    /// A number that two episodes share only if the same things happened at the same moments.
    pub digest: u64,
    /// What happened, line by line, if it was to be recorded.
    pub story: Vec<String>,
}

/// Plays the world of a seed, with about so many orders. The same seed always gives the same.
#[must_use]
pub fn play(seed: u64, orders: u64, with_story: bool) -> Episode {
    play_among(seed, orders, Fault::ALL, with_story)
}

/// The same, with no other faults than these.
#[must_use]
pub fn play_among(seed: u64, orders: u64, faults: &[Fault], with_story: bool) -> Episode {
    play_with(seed, orders, faults, (with_story, None))
}

/// The same, with a bug put in, or none.
#[must_use]
pub fn play_with(
    seed: u64,
    orders: u64,
    faults: &[Fault],
    with: (bool, Option<DriverBug>),
) -> Episode {
    play_all(seed, orders, faults, with, &[])
}

/// The world of a seed, with services beside the shop's in it, to which everything happens as to the others.
#[must_use]
pub fn play_beside(seed: u64, orders: u64, newcomers: &[Newcomer], with_story: bool) -> Episode {
    play_all(seed, orders, Fault::ALL, (with_story, None), newcomers)
}

fn play_all(
    seed: u64,
    orders: u64,
    faults: &[Fault],
    with: (bool, Option<DriverBug>),
    newcomers: &[Newcomer],
) -> Episode {
    let play = || play_world(seed, orders, faults, with, newcomers);
    let played = catch_unwind(AssertUnwindSafe(play));
    played.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        let what = format!("a process has panicked: {}", said.unwrap_or("it says nothing"));
        Episode { seed, violations: vec![what], ..Episode::default() }
    })
}

fn play_world(
    seed: u64,
    orders: u64,
    faults: &[Fault],
    with: (bool, Option<DriverBug>),
    newcomers: &[Newcomer],
) -> Episode {
    let mut world = World::new(seed, orders, faults, with, newcomers);
    world.run();
    let verdict = checks::check(&mut world);
    Episode {
        seed,
        sagas: verdict.orders,
        violations: verdict.wrong,
        reads: verdict.reads,
        digest: world.digest(),
        tally: world.env.tally,
        story: world.env.story.into_lines(),
    }
}
