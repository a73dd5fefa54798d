//! P6 of the read side: projectors fold what this world has published, while Redis loses things, and in
//! the end the view is the fold of the streams.

use contracts::service;
use protocol::{Row, Service};

use crate::random::Random;
use crate::read_side::{Counts, ReadFault, ReadSide};
use crate::world::World;

/// Worlds in a hundred whose read side is played: it costs as much as the rest of a world.
const PLAYED_PERCENT: u64 = 25;

/// Rows that are published at once at most, as a projector sees it.
const ROWS_AT_ONCE: u64 = 12;

/// Chance in a hundred that something goes wrong between two of them.
const FAULT_PERCENT: u64 = 12;

/// The streams, as far as they are published.
struct Published {
    rows: [Vec<Row>; 6],
    ends: [usize; 6],
}

/// Plays the read side of some worlds. Says what has gone wrong there, and notes what is wrong.
pub(super) fn check(world: &mut World, wrong: &mut Vec<String>) -> Counts {
    let mut random = world.env.random.fork();
    if !random.chance(PLAYED_PERCENT) {
        return Counts::default();
    }
    let mut published = Published { rows: Default::default(), ends: [0; 6] };
    for service in service::ALL {
        let stream = world.env.broker.stream(service);
        let rows = stream.into_iter().flat_map(|stream| stream.all());
        published.rows[index(service)] = rows.map(|message| message.row().clone()).collect();
    }
    let mut reads = ReadSide::new();
    while published.publish_some(&mut random) {
        for _ in 0..random.between(0, 12) {
            reads.step(&|service| published.of(service), &mut random);
        }
        if random.chance(FAULT_PERCENT)
            && let Some(fault) = random.pick(&ReadFault::ALL).copied()
        {
            reads.fault(fault, &mut random);
        }
    }
    if let Err(differences) = reads.settle(&|service| published.of(service), &mut random) {
        wrong.extend(differences.into_iter().map(|what| format!("P6: read side: {what}")));
    }
    reads.counts().clone()
}

impl Published {
    fn of(&self, service: Service) -> &[Row] {
        let nth = index(service);
        &self.rows[nth][..self.ends[nth]]
    }

    /// Some more rows of one stream are there; whether there were any left.
    fn publish_some(&mut self, random: &mut Random) -> bool {
        let unread: Vec<usize> =
            (0..6).filter(|nth| self.ends[*nth] < self.rows[*nth].len()).collect();
        let Some(nth) = random.pick(&unread).copied() else { return false };
        let more = usize::try_from(random.between(1, ROWS_AT_ONCE)).unwrap_or(1);
        self.ends[nth] = self.rows[nth].len().min(self.ends[nth] + more);
        true
    }
}

/// The place of one of the shop's services: the read side folds no other.
fn index(service: Service) -> usize {
    service::ALL.iter().position(|one| *one == service).unwrap_or_default()
}
