//! Moves everything, carries over what changes meanwhile, and leaves the old database.
//!
//! Each pass reads the old database once, plans kind by kind, and notes each request before it is sent and
//! its outcome after. However it ends, the next one begins with what was sent last.

mod opening;
mod pass;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use client::run_file::RunFile;
use client::wait::look_until;
use indicatif::ProgressBar;
use terminal::note;
use workload::retail::bar;

use crate::carrier::Carrier;
use crate::item::{Ending, Entity, Item, Outcome};
use crate::plan::{Plan, Planner, Stage};
use crate::progress::Progress;
use crate::source::Source;
use crate::source::rows::State;
use crate::source::snapshot::{Scope, Snapshot};
use crate::summary::{Summary, Waiting};
use opening::{joined, open_progress, require_moved};
use pass::Carried;

pub use opening::{left_behind, refuse_writes};
pub use pass::Pass;

/// Requests whose outcomes are noted together. What was under way when an import ended is sent again.
const NOTED_TOGETHER: usize = 64;
/// How often the old database is looked at for changes.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);

/// How rows become requests.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Where the progress is kept; beside the database, as FILE.import, if it is left out.
    #[arg(long, value_name = "FILE", global = true)]
    pub progress: Option<PathBuf>,
    /// Requests that are under way at once.
    #[arg(long, default_value_t = 64, value_name = "REQUESTS", global = true)]
    pub at_once: usize,
    /// How long a service, an order's end, or another import with this file may be waited for.
    #[arg(long, default_value_t = 120, value_name = "SECONDS", global = true)]
    pub patience_seconds: u64,
}

/// One import that is at work.
#[derive(Debug)]
pub struct Import<'a> {
    source: Source,
    progress: Progress,
    carrier: Carrier<'a>,
    at_once: usize,
    /// Whether a person looks on.
    shows: bool,
}

impl<'a> Import<'a> {
    /// Opens an import, or begins one. A new one leaves triggers in the old database that note changes.
    ///
    /// # Errors
    /// When the database or the progress cannot be used, or belong to different imports.
    pub fn begin(
        running: &'a RunFile,
        file: &Path,
        options: &Options,
        shows: bool,
    ) -> anyhow::Result<Self> {
        let mut source = Source::open(file)?;
        if source.refuses_writes()? {
            let file = file.display();
            bail!(
                "{file} was left: `murmur import shared-db {file} switch` moves what is not moved yet"
            );
        }
        let progress = open_progress(file, options, Duration::ZERO)?;
        let import = joined(&mut source, &progress)?;
        Ok(Self::new(running, source, progress, &import, options, shows))
    }

    /// Opens an import that has moved everything once. Waits for another process that is at work with it.
    ///
    /// # Errors
    /// The same, and when everything was not moved yet.
    pub fn resume(
        running: &'a RunFile,
        file: &Path,
        options: &Options,
        shows: bool,
    ) -> anyhow::Result<Self> {
        let mut source = Source::open(file)?;
        require_moved(&source)?;
        let patience = Duration::from_secs(options.patience_seconds);
        let progress = open_progress(file, options, patience)?;
        let import = joined(&mut source, &progress)?;
        Ok(Self::new(running, source, progress, &import, options, shows))
    }

    fn new(
        running: &'a RunFile,
        source: Source,
        progress: Progress,
        import: &str,
        options: &Options,
        shows: bool,
    ) -> Self {
        let patience = Duration::from_secs(options.patience_seconds);
        let carrier = Carrier::new(running, import, patience);
        Self { source, progress, carrier, at_once: options.at_once, shows }
    }

    /// Moves everything that is not in the services yet as it should be.
    ///
    /// # Errors
    /// When a store or a service cannot be used.
    pub async fn everything(&mut self, stage: Stage) -> anyhow::Result<Pass> {
        let pass = self.pass(Scope::Everything, stage).await?;
        self.source.set_moved()?;
        Ok(pass)
    }

    /// Carries over what changes in the old database, until it is left, or, if asked to, until nothing is
    /// left to carry over.
    ///
    /// # Errors
    /// When a store or a service cannot be used.
    pub async fn follow(&mut self, once: bool, report: impl Fn(&Pass)) -> anyhow::Result<()> {
        let look = async || {
            // Asked in this order, no change is missed.
            let is_left = self.source.refuses_writes()?;
            let position = self.progress.position()?;
            if self.source.last_change()? > position {
                report(&self.pass(Scope::ChangesAfter(position), Stage::Moving).await?);
                return Ok(ControlFlow::Continue(()));
            }
            if once || is_left { Ok(ControlFlow::Break(())) } else { Ok(ControlFlow::Continue(())) }
        };
        look_until(FOLLOW_EVERY, look).await
    }

    /// Carries over the rest, once the old database refuses writes.
    ///
    /// # Errors
    /// When a store or a service cannot be used, or it still takes writes.
    pub async fn leave(&mut self) -> anyhow::Result<()> {
        if !self.source.refuses_writes()? {
            bail!("{} still takes writes", self.source.file().display());
        }
        // What is at an end goes before what is handed over, which takes what is left for it.
        if !self.progress.is_left()? {
            self.everything(Stage::Moving).await?;
        }
        self.everything(Stage::Leaving).await?;
        Ok(self.progress.set_left()?)
    }

    /// How far everything is.
    ///
    /// # Errors
    /// When the progress cannot be read.
    pub fn summary(&self, waiting: Waiting) -> anyhow::Result<Summary> {
        let (moved, refused) = (self.progress.moved()?, self.progress.refused()?);
        Ok(Summary { moved, refused, waiting, progress: self.progress.file().to_owned() })
    }

    async fn pass(&mut self, scope: Scope, stage: Stage) -> anyhow::Result<Pass> {
        let mut pass = Pass::default();
        self.carrier.catch_up().await?;
        pass.add(self.resolve_doubt().await?);
        let snapshot = self.source.snapshot(scope)?;
        let [customers, products] = self.planner(&snapshot, scope, stage).masters()?;
        pass.add(self.carry_out("customers", customers).await?);
        pass.add(self.carry_out("products", products).await?);
        let payments = self.planner(&snapshot, scope, stage).payments()?;
        pass.add(self.carry_out("payments", payments).await?);
        let orders = self.planner(&snapshot, scope, stage).orders()?;
        let stock = self.planner(&snapshot, scope, stage).stock(&orders)?;
        pass.add(self.carry_out("stock", stock).await?);
        pass.add(self.carry_out("orders", orders).await?);
        let ends = self.planner(&snapshot, scope, stage).ends()?;
        pass.add(self.carry_out("ends", ends).await?);
        self.progress.set_position(snapshot.position)?;
        self.source.forget_changes(snapshot.position)?;
        if stage == Stage::Moving {
            pass.waiting = waiting(&snapshot);
        }
        Ok(pass)
    }

    fn planner<'p>(&'p self, snapshot: &'p Snapshot, scope: Scope, stage: Stage) -> Planner<'p> {
        Planner { snapshot, progress: &self.progress, scope, stage }
    }

    /// Sends again what was sent when an import ended, before anything else is thought of.
    async fn resolve_doubt(&mut self) -> anyhow::Result<Carried> {
        let in_doubt = self.progress.in_doubt()?;
        if in_doubt.is_empty() {
            return Ok(Carried::default());
        }
        note!(
            "{} requests were under way when the import ended: they are sent again",
            in_doubt.len()
        );
        let mut carried = Carried::default();
        for entity in Entity::ALL {
            let of_kind: Vec<_> =
                in_doubt.iter().filter(|(item, _)| item.entity == entity).cloned().collect();
            let (items, attempts): (Vec<_>, Vec<_>) = of_kind.into_iter().unzip();
            let is_cancelled = |item: &Item| item.request.ending == Some(Ending::Cancelled);
            let at_once = if items.iter().any(is_cancelled) { 1 } else { self.at_once };
            let outcomes = self.carrier.carry(items, attempts, at_once, || {}).await?;
            self.progress.note_outcomes(&outcomes)?;
            carried.outcomes.extend(outcomes);
        }
        Ok(carried)
    }

    async fn carry_out(&mut self, what: &'static str, plan: Plan) -> anyhow::Result<Carried> {
        let refused = self.progress.note_without_request(&plan.without_request)?;
        for (entity, key) in &plan.gone {
            self.progress.forget(*entity, key)?;
        }
        let bar = bar(self.shows, what, plan.items.len())?;
        let mut outcomes = Vec::with_capacity(plan.items.len());
        for (items, at_once) in self.groups(plan.items) {
            for items in items.chunks(NOTED_TOGETHER) {
                outcomes.extend(self.send(items, at_once, &bar).await?);
            }
        }
        bar.finish();
        Ok(Carried { outcomes, refused })
    }

    async fn send(
        &mut self,
        items: &[Item],
        at_once: usize,
        bar: &ProgressBar,
    ) -> anyhow::Result<Vec<(Item, Outcome)>> {
        let attempts = self.progress.note_sent(items)?;
        let carried = self.carrier.carry(items.to_vec(), attempts, at_once, || bar.inc(1));
        let outcomes = carried.await?;
        self.progress.note_outcomes(&outcomes)?;
        Ok(outcomes)
    }

    /// What may be under way together, in their order. An order that is cancelled again holds units for a
    /// moment that others need, so each is alone; what is handed over takes what the others leave.
    fn groups(&self, items: Vec<Item>) -> [(Vec<Item>, usize); 3] {
        let [mut cancelled, mut others, mut handed_over] = [const { Vec::new() }; 3];
        for item in items {
            match item.request.ending {
                Some(Ending::Cancelled) => cancelled.push(item),
                Some(Ending::HandedOver) => handed_over.push(item),
                Some(Ending::Completed) | None => others.push(item),
            }
        }
        [(cancelled, 1), (others, self.at_once), (handed_over, self.at_once)]
    }
}

fn waiting(snapshot: &Snapshot) -> Waiting {
    let orders = snapshot.orders.values().flatten();
    let customers = snapshot.customers.values().flatten();
    let products = snapshot.products.values().flatten();
    Waiting {
        open_orders: orders.filter(|order| order.state == State::Open).count(),
        closed_customers: customers.filter(|customer| customer.closed).count(),
        discontinued_products: products.filter(|product| product.discontinued).count(),
    }
}
