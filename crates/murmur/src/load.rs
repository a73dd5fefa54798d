//! `murmur load`: mixed commands at a rate, on any system, for as long as is said or until it is asked to
//! end. Then it counts what was promised and is lost, or has happened twice, and audits.
//!
//! Whoever takes processes and stores away meanwhile is somebody else: `murmur drill` does it to a system
//! of `murmur up`, an engine to its containers. Deliberately absent: latencies; that is `murmur bench`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use auditor::{Audit, journal};
use chaos::stream_count::{self, Counted};
use client::run_file::RunFile;
use client::streams::Streams;
use evidence::examination::examine;
use evidence::report;
use serde_json::{Value, json};
use terminal::interruption::unless_asked;
use terminal::verdict::Verdict;
use terminal::{line, note};
use workload::dice::Dice;
use workload::mixed::Load;
use workload::mixed::ends::Ends;
use workload::mixed::order_tracker::Counts;

use crate::global::Global;

/// How long the audit waits for orders that are under way: above every order's deadline.
const AUDIT_WAITS: Duration = Duration::from_secs(60);
/// Keys that are shown of those that are lost or doubled. JSON has all.
const SHOWN_MAX: usize = 5;

/// What `murmur load` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Commands a second, two thirds of them orders.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// For so long; without, until Ctrl-C or SIGTERM.
    #[arg(long)]
    seconds: Option<u32>,
    /// Where is written what was asked for and told, for `murmur audit --journal`.
    #[arg(long, value_name = "FILE", default_value = "load.jsonl")]
    journal: PathBuf,
    /// Do not audit afterwards, and only count.
    #[arg(long)]
    no_audit: bool,
}

/// What it has come to.
struct Outcome {
    counts: Counts,
    counted: Counted,
    audit: Option<Audit>,
}

/// Sends, counts and audits. What is lost or doubled is a finding, and what the audit finds.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let streams = Streams::open(&running).await?;
    let load = Load::begin(&running, &args.journal, args.rate, Dice::fresh_seed()).await?;
    let ends = Ends::follow(&streams, &load.tracker);
    note!("{} commands a second come", args.rate);
    let time = args.seconds.map_or(Duration::MAX, |seconds| Duration::from_secs(seconds.into()));
    unless_asked(tokio::time::sleep(time)).await;
    note!("no more commands come; all that was promised is looked for");
    let tracker = load.end().await?;
    drop(ends);
    if let Some(broken) = tracker.broken() {
        bail!("the load cannot be trusted: {broken}");
    }
    let audit = if args.no_audit { None } else { Some(audit(&running, &args.journal).await?) };
    let counted = stream_count::count(&streams, &tracker).await?;
    let outcome = Outcome { counts: tracker.counts(), counted, audit };
    if global.json {
        line!("{}", outcome.json());
    } else {
        line!("{}", outcome.text());
    }
    Ok(outcome.verdict())
}

async fn audit(running: &RunFile, journal: &Path) -> anyhow::Result<Audit> {
    let file = File::open(journal).context("the journal of the load is gone")?;
    let journal_of_clients = journal::read(BufReader::new(file))?;
    examine(running, Some(AUDIT_WAITS), Some(&journal_of_clients)).await
}

impl Outcome {
    fn text(&self) -> String {
        let Counts { ok, failed, unknown, orders, .. } = self.counts;
        let (lost, doubled) = (&self.counted.lost, &self.counted.doubled);
        let found = lost.iter().map(|key| format!("lost: {key}")).take(SHOWN_MAX);
        let doubles = doubled.iter().map(|what| format!("doubled: {what}")).take(SHOWN_MAX);
        let audit = self.audit.iter().map(|audit| format!("{}\n", report::text(audit)));
        let mut lines: Vec<_> = audit.chain(found).chain(doubles).collect();
        lines.push(format!("answers: {ok} accepted, {failed} refused, {unknown} without one"));
        lines.push(format!(
            "{} lost, {} doubled, of {ok} commands that were accepted, {orders} of them orders",
            lost.len(),
            doubled.len()
        ));
        lines.join("\n")
    }

    fn json(&self) -> Value {
        json!({
            "accepted": self.counts.ok,
            "refused": self.counts.failed,
            "unanswered": self.counts.unknown,
            "orders": self.counts.orders,
            "lost": self.counted.lost,
            "doubled": self.counted.doubled,
            "audit": self.audit.as_ref().map(Audit::json),
        })
    }

    /// What the audit says, unless something was lost or doubled that it did not find.
    fn verdict(&self) -> Verdict {
        if self.counted.lost.is_empty() && self.counted.doubled.is_empty() {
            self.audit.as_ref().map_or(Verdict::Clean, report::verdict)
        } else {
            Verdict::Found
        }
    }
}
