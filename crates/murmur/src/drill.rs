//! `murmur drill`: takes stores away from the running system, one after the other, while orders come.
//! Shows what is gone, from where and how fast it comes back, and in the end what the audit says.
//!
//! The next store is taken away once everything is well again: of two that are lost at once nothing is
//! promised. Deliberately absent: other faults, and a system of its own; that is `murmur chaos`.

mod loss;
mod progress;
mod report;
mod store;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use auditor::journal;
use chaos::stream_count;
use client::run_file::RunFile;
use client::streams::Streams;
use client::wait::wait_until;
use contracts::service;
use evidence::examination::examine;
use supervisor::protocol::State;
use supervisor::supervisor_client::SupervisorClient;
use terminal::line;
use terminal::verdict::Verdict;
use workload::dice::Dice;
use workload::mixed::Load;
use workload::mixed::ends::Ends;

use crate::global::Global;
use loss::Losses;
use progress::Progress;
use report::Report;
use store::Store;

/// Orders that have to end before a store is taken away: that they flow is to be seen.
const ENDED_BEFORE: usize = 60;
/// How long that may take: a minute's worth at the lowest rate would be too long for a person.
const FLOW_WITHIN: Duration = Duration::from_secs(60);
/// How long the audit waits for orders that are under way: above every order's deadline.
const AUDIT_WAITS: Duration = Duration::from_secs(60);
/// What clients asked for and were told, in the data folder.
const JOURNAL: &str = "drill.jsonl";

/// What `murmur drill` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The stores to take away, in this order: services (their databases), broker (all streams), redis
    /// (the read model).
    #[arg(default_values = ["payment", "broker", "redis"])]
    stores: Vec<Store>,
    /// Commands a second, two thirds of them orders.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(5..=1_000))]
    rate: u32,
    /// Seconds within which a store has to be back, and an order through; a failure if not.
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    within: u64,
}

/// Takes them away, one after the other, and audits. What is lost, doubled or not back in time is a
/// finding.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    refuse_unless_all_is_well(&running).await?;
    let streams = Streams::open(&running).await?;
    let journal = running.data.join(JOURNAL);
    let load = Load::begin(&running, &journal, args.rate, Dice::fresh_seed()).await?;
    let _ends = Ends::follow(&streams, &load.tracker);
    let progress = Progress::begin(global.json, &load.tracker);
    progress.say(&format!(
        "{} commands a second come, most of them orders; watch them at {}",
        args.rate,
        running.query()?
    ));
    let mut losses = Losses::new(&running, &load, &progress, Duration::from_secs(args.within));
    for (nth, store) in args.stores.iter().enumerate() {
        until_orders_flow(&load).await?;
        progress.say(&format!("\n{}/{}  {}", nth + 1, args.stores.len(), store.taken_away()));
        losses.suffer(*store).await?;
    }
    let losses = losses.end();
    until_orders_flow(&load).await?;
    progress.say("\nno more orders come; all that was promised is looked for");
    let report = conclude(&running, &streams, load, journal, losses).await?;
    drop(progress);
    if global.json {
        line!("{}", report.json());
    } else {
        line!("{}", report.text());
    }
    Ok(report.verdict())
}

/// Whoever is down already would be blamed on the drill.
async fn refuse_unless_all_is_well(running: &RunFile) -> anyhow::Result<()> {
    running.started_here()?;
    running.query()?;
    service::ALL.into_iter().try_for_each(|service| running.url(service).map(drop))?;
    let reports = SupervisorClient::of(running).report().await?;
    let unwell = reports.iter().find(|report| report.state != State::Ready);
    if let Some(report) = unwell {
        bail!("{} is {}: a drill begins when all is well", report.process, report.state);
    }
    Ok(())
}

/// Waits until some more orders have gone from their first step to their last.
async fn until_orders_flow(load: &Load) -> anyhow::Result<()> {
    let ended = || load.tracker.counts().orders.saturating_sub(load.tracker.in_flight());
    let enough = ended() + ENDED_BEFORE;
    let look = async || {
        let left = enough.saturating_sub(ended());
        Ok(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(left) })
    };
    wait_until(FLOW_WITHIN, look, |left| {
        anyhow!(
            "orders do not flow: after {FLOW_WITHIN:?}, {left} of {ENDED_BEFORE} have not ended"
        )
    })
    .await
}

/// Ends the load, counts in the streams what was promised, and audits everything.
async fn conclude(
    running: &RunFile,
    streams: &Streams,
    load: Load,
    journal: PathBuf,
    losses: Vec<loss::Loss>,
) -> anyhow::Result<Report> {
    let tracker = load.end().await?;
    if let Some(broken) = tracker.broken() {
        bail!("the drill cannot be trusted: {broken}");
    }
    let journal_of_clients =
        std::fs::File::open(&journal).context("the journal of the drill is gone")?;
    let journal_of_clients = journal::read(std::io::BufReader::new(journal_of_clients))?;
    let audit = examine(running, Some(AUDIT_WAITS), Some(&journal_of_clients)).await?;
    let counted = stream_count::count(streams, &tracker).await?;
    Ok(Report { losses, counts: tracker.counts(), counted, audit })
}
