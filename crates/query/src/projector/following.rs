//! One run of readings, folded batch by batch, for as long as they go on where Redis stands.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use protocol::Timestamp;
use runtime::failpoint::Point;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::batch::{self, BATCH_ROWS_MAX, Batch, Misfit};
use super::folding::{self, Folding, Panicked};
use super::gauges::{self, Gauges, Measured};
use super::suspicion::Suspicion;
use super::{Projector, Setback, settle};
use crate::fold::{Changes, Item, RecordCache};
use crate::positions::Positions;
use crate::projector_status::{Phase, ProjectorStatus};
use crate::sources::Readings;
use crate::store::{Found, GenerationRole, Live, Store, StoreError, Written, fitness};

/// How often an idle projector asks Redis whether it still stands where it was left. A flush while
/// nothing happens would otherwise go unnoticed until the next event.
const CHECK_EVERY: Duration = Duration::from_millis(250);

/// Least time from the beginning of one batch to that of the next. Each writes the same few records of
/// the dashboard anew, however many rows it has: where rows keep coming, more of them share that. What
/// comes after a pause is folded at once; and a batch of many rows takes longer than this anyway.
const PACE: Duration = Duration::from_millis(10);

/// Where so many rows wait, a folded batch is written while the next one is folded. With fewer, it is
/// written first: what has come shall be seen.
const BACKLOG_ROWS: usize = 1_000;

/// How long a projector whose batch came too late leaves the field to the one that was faster.
const STAND_BY: Duration = Duration::from_millis(100);

/// Where Redis stands, seen from the readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// Where it was thought to stand: the waiting rows, or those to come, go on there.
    Here,
    /// Further than that, by another's hand: the rows to come go on there, too.
    Ahead,
    /// Elsewhere: the streams must be read from there.
    Elsewhere,
}

/// A batch that is folded, and not yet written.
struct Ready {
    changes: Changes,
    /// Where it leads.
    next: Positions,
    measured: Measured,
}

enum Came {
    Rows,
    TimeToLook,
    Nothing,
}

/// A run of readings.
pub(super) struct Following<'a> {
    store: &'a mut Store,
    /// Where Redis stands.
    live: Live,
    /// The batch that is to be written next.
    ready: Option<Ready>,
    /// Where Redis stands once that is written.
    reach: Positions,
    /// The records as they are there, as far as the last batches have touched them.
    cache: RecordCache,
    /// Whether some of the waiting rows may make a fold panic.
    suspicion: Suspicion,
    rows: mpsc::Receiver<Arc<Item>>,
    waiting: VecDeque<Arc<Item>>,
    /// When the next batch may begin.
    next_batch: Instant,
    readings: &'a Readings,
    standing: &'a watch::Sender<ProjectorStatus>,
    clock: fn() -> Timestamp,
    role: GenerationRole,
    check: Interval,
    /// When Redis is asked next whether it is fit.
    next_fitness: Instant,
    gauges: Gauges,
}

impl<'a> Following<'a> {
    pub(super) fn new<S>(
        store: &'a mut Store,
        live: Live,
        rows: mpsc::Receiver<Arc<Item>>,
        readings: &'a Readings,
        projector: &'a Projector<S>,
    ) -> Self {
        let mut check = tokio::time::interval(CHECK_EVERY);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (standing, clock, role) = (&projector.standing, projector.clock, projector.role);
        Self {
            store,
            reach: live.positions.clone(),
            live,
            ready: None,
            cache: RecordCache::default(),
            suspicion: Suspicion::default(),
            rows,
            waiting: VecDeque::new(),
            next_batch: Instant::now(),
            readings,
            standing,
            clock,
            role,
            check,
            next_fitness: Instant::now() + fitness::CHECK_EVERY,
            gauges: Gauges::of(role),
        }
    }

    /// Folds until Redis stands elsewhere, and says where.
    pub(super) async fn run(mut self) -> Result<Live, Setback> {
        loop {
            self.check_fitness().await?;
            let stands = match self.next().await {
                Came::Rows => self.fold_waiting().await?,
                Came::TimeToLook => self.look().await?,
                Came::Nothing => return Err(Setback::Ended),
            };
            if stands == Stands::Elsewhere {
                return Ok(self.live);
            }
        }
    }

    /// Whoever makes it evict or follow another tells nobody.
    async fn check_fitness(&mut self) -> Result<(), StoreError> {
        if self.next_fitness <= Instant::now() {
            self.next_fitness = Instant::now() + fitness::CHECK_EVERY;
            self.store.check().await?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Came {
        if self.waiting.is_empty() {
            tokio::select! {
                row = self.rows.recv() => match row {
                    Some(row) => self.waiting.push_back(row),
                    None => return Came::Nothing,
                },
                _ = self.check.tick() => return Came::TimeToLook,
            }
            tokio::time::sleep_until(self.next_batch).await;
        }
        while self.waiting.len() < BATCH_ROWS_MAX {
            match self.rows.try_recv() {
                Ok(row) => self.waiting.push_back(row),
                Err(_) => break,
            }
        }
        self.next_batch = Instant::now() + PACE;
        Came::Rows
    }

    async fn fold_waiting(&mut self) -> Result<Stands, Setback> {
        let rows_max = self.suspicion.rows_max();
        let taken = batch::take_at_most(rows_max, &self.reach, &mut self.waiting);
        let Batch { items, next } = match taken {
            Ok(batch) => batch,
            // What it does not fit may yet turn out not to be written.
            Err(_) if self.ready.is_some() => return self.write_ready().await,
            Err(gap @ Misfit::Gap { .. }) => {
                tracing::debug!(reason = %gap, "the streams are read again from where Redis stands");
                return Ok(Stands::Elsewhere);
            }
            Err(different) => return self.build_anew(&different.to_string()).await,
        };
        if items.is_empty() {
            return self.write_ready().await;
        }
        let before = std::mem::replace(&mut self.reach, next);
        let measured = Measured::of(&items);
        let folding = self.begin_folding(items.clone()).await?;
        match self.write_ready().await? {
            Stands::Here => {}
            moved @ (Stands::Ahead | Stands::Elsewhere) => return Ok(moved),
        }
        let (changes, cache) = match folding.end().await? {
            Ok(Ok(folded)) => folded,
            Ok(Err(damaged)) => return self.after_damage(&damaged.to_string()).await,
            Err(panicked) => return Ok(self.fold_again(items, before, &panicked)),
        };
        self.suspicion.clear();
        Point::MidProjection.pass();
        self.cache = cache;
        self.ready = Some(Ready { changes, next: self.reach.clone(), measured });
        let backlog = self.waiting.len() + self.rows.len() >= BACKLOG_ROWS;
        if backlog { Ok(Stands::Here) } else { self.write_ready().await }
    }

    /// Reads what a batch touches, and has it folded beside whatever comes next.
    async fn begin_folding(&mut self, items: Vec<Arc<Item>>) -> Result<Folding, StoreError> {
        // Back only when it is known that what they become is written.
        let cache = std::mem::take(&mut self.cache);
        folding::begin(items, cache, self.store, &self.live.generation).await
    }

    /// The folding of a batch has panicked, and what was remembered is lost with it. The rows wait again, to
    /// be folded from what Redis holds. All that was folded before them is written by now.
    fn fold_again(
        &mut self,
        items: Vec<Arc<Item>>,
        before: Positions,
        Panicked(reason): &Panicked,
    ) -> Stands {
        let rows = items.len();
        tracing::warn!(
            reason,
            rows,
            "folding panicked: the rows are folded again, in smaller batches"
        );
        metrics::counter!("murmur_query_fold_panics_total").increment(1);
        let items = self.suspicion.raise(items, reason);
        items.into_iter().rev().for_each(|item| self.waiting.push_front(item));
        self.reach = before;
        Stands::Here
    }

    /// Writes the batch that is ready, if one is.
    async fn write_ready(&mut self) -> Result<Stands, Setback> {
        let Some(Ready { changes, next, measured }) = self.ready.take() else {
            return Ok(Stands::Here);
        };
        match self.store.write(&mut self.live, next, &changes).await? {
            Written::Written => {
                self.publish_written(measured, &changes);
                Ok(Stands::Here)
            }
            Written::Moved => {
                // One that was flushed waits for us.
                if let Found::Live(_) = self.store.find().await? {
                    tokio::time::sleep(STAND_BY).await;
                }
                self.go_on_from_redis().await
            }
            Written::Damaged(reason) => self.build_anew(&reason).await,
        }
    }

    /// The batch of another projector may have come between the reading of the records and now:
    /// only if Redis still stands where it did are they really damaged.
    async fn after_damage(&mut self, reason: &str) -> Result<Stands, Setback> {
        let stands = settle(self.store, self.role, self.clock).await?;
        if stands == self.live {
            return self.build_anew(reason).await;
        }
        self.live = stands;
        Ok(Stands::Elsewhere)
    }

    /// Looks whether Redis was moved while nothing came, and whether the streams are still those
    /// that were folded.
    async fn look(&mut self) -> Result<Stands, Setback> {
        self.gauges.publish(self.standing);
        if let Some(reason) = self.readings.replaced() {
            return self.build_anew(&reason).await;
        }
        if self.role == GenerationRole::Live {
            gauges::publish_parked(self.store.count_parked(&self.live.generation).await?);
        }
        if self.ready.is_some() {
            // Writing that will say where Redis stands.
            return Ok(Stands::Here);
        }
        self.go_on_from_redis().await
    }

    /// Goes on from where Redis stands. Only if that is in the same generation and not before what was
    /// taken out of the waiting rows can those to come be the next ones.
    async fn go_on_from_redis(&mut self) -> Result<Stands, Setback> {
        let stands = settle(self.store, self.role, self.clock).await?;
        // That it is built by now changes no record: what is remembered of them stays.
        self.live.built = stands.built;
        if stands == self.live {
            return Ok(if stands.positions.covers(&self.reach) {
                Stands::Here
            } else {
                Stands::Elsewhere
            });
        }
        let ahead =
            stands.generation == self.live.generation && stands.positions.covers(&self.reach);
        (self.live, self.cache) = (stands, RecordCache::default());
        if !ahead {
            return Ok(Stands::Elsewhere);
        }
        let positions = self.live.positions.clone();
        self.reach.clone_from(&positions);
        self.standing.send_modify(|standing| standing.positions = positions);
        Ok(Stands::Ahead)
    }

    /// Begins a new generation, since the live one cannot be right.
    async fn build_anew(&mut self, reason: &str) -> Result<Stands, Setback> {
        let pointer = self.live.generation.to_string();
        self.store.begin(Some(&pointer), (self.clock)()).await?;
        Err(Setback::BuiltAnew(reason.to_owned()))
    }

    fn publish_written(&mut self, measured: Measured, changes: &Changes) {
        for parked in &changes.parked {
            let (event, reason) = (parked.name(), &parked.reason);
            tracing::error!(event, reason, "an event could not be folded and was parked");
        }
        let (positions, now) = (self.live.positions.clone(), (self.clock)());
        self.standing.send_modify(|standing| {
            standing.positions = positions;
            standing.written_at = Some(now);
        });
        let follows = self.standing.borrow().phase == Phase::Following;
        measured.written(now, changes.parked.len(), follows);
        self.gauges.publish(self.standing);
    }
}
