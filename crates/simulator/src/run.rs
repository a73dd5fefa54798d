//! Many episodes, one after the other or side by side. Their order in the report is that of their
//! seeds, so that the same seeds give the same report however many threads play them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

use crate::episode::{Episode, play};
use crate::fault::Tally;
use crate::read_side;

/// What to play.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The episodes' seeds.
    pub seeds: Range<u64>,
    /// Threads that play.
    pub jobs: usize,
    /// Orders that clients try to place in one episode, about.
    pub orders: u64,
}

/// What has been played so far, in the order of the seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// Episodes.
    pub episodes: u64,
    /// Orders that were placed.
    pub sagas: u64,
    /// How often each fault was planned and happened.
    pub tally: Tally,
    /// How often each fault of the read side happened.
    pub reads: read_side::Counts,
    /// Two runs with the same digest have done the same things at the same moments.
    pub digest: u64,
    /// The first episode in which something was wrong, with its story.
    pub failure: Option<Box<Episode>>,
}

/// Plays until the seeds are used up, something is wrong, or `go_on` says no. It is asked after each
/// episode.
pub fn run(plan: &Plan, mut go_on: impl FnMut(&Played) -> bool) -> Played {
    let (next, stop) = (AtomicU64::new(plan.seeds.start), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..plan.jobs.max(1) {
            let sender = sender.clone();
            let (next, stop) = (&next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let episode = (seed < plan.seeds.end).then(|| play(seed, plan.orders, false));
                    let Some(episode) = episode else { break };
                    if sender.send(episode).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let played = collect(plan, &receiver, &mut go_on);
        stop.store(true, Ordering::Relaxed);
        // Whoever still plays has nobody to tell.
        drop(receiver);
        played
    })
}

fn collect(
    plan: &Plan,
    receiver: &mpsc::Receiver<Episode>,
    go_on: &mut impl FnMut(&Played) -> bool,
) -> Played {
    let mut played = Played::default();
    let mut early = BTreeMap::new();
    let mut due = plan.seeds.start;
    while let Ok(episode) = receiver.recv() {
        early.insert(episode.seed, episode);
        while let Some(episode) = early.remove(&due) {
            due += 1;
            played.add(episode);
            if let Some(failure) = &played.failure {
                let story = play(failure.seed, plan.orders, true);
                played.failure = Some(Box::new(story));
                return played;
            }
            if !go_on(&played) {
                return played;
            }
        }
    }
    played
}

impl Played {
    fn add(&mut self, episode: Episode) {
        self.episodes += 1;
        self.sagas += episode.sagas;
        self.tally.add(&episode.tally);
        self.reads.add(&episode.reads);
        self.digest = self.digest.rotate_left(7) ^ episode.digest;
        if !episode.violations.is_empty() {
            self.failure = Some(Box::new(episode));
        }
    }
}
