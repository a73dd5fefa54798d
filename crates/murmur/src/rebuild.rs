//! `murmur rebuild`: has a service fold its state anew from its stream, from the first row or from its newest
//! snapshot, and compares that with what it held before.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use client::process::Process;
use client::run_file::RunFile;
use contracts::service;
use engine::database::Aside;
use engine::database::comparison::{ComparedTable, compare, decided_beyond};
use engine::database::{file_in, open_to_read, snapshots};
use engine::{Read, outbox};
use protocol::Service;
use serde_json::{Value, json};
use supervisor::readiness;
use supervisor::redundancy::{self, Loss};
use supervisor::service_status::ask_services;
use terminal::verdict::Verdict;
use terminal::{line, note, quantity};

use crate::aside::set_aside;
use crate::global::Global;

/// How long is waited until nothing would be lost: a publishing of a large outbox.
const REDUNDANT_WITHIN: Duration = Duration::from_secs(60);

/// Whose state to fold anew.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// customer, product, order, inventory, payment or shipping.
    #[arg(value_parser = service::named)]
    service: Service,
    /// Where to begin.
    #[arg(long, value_enum, default_value = "start")]
    from: Beginning,
}

/// What a state is folded anew from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Beginning {
    /// The first row of the stream; the snapshots are set aside, too
    Start,
    /// The newest snapshot, and the rows after it
    Snapshot,
}

/// What the service held before, and what it holds now.
#[derive(Debug)]
struct Comparison {
    /// Rows of the outbox that was set aside.
    rows: u64,
    /// The row of the snapshot that it began as, if it did.
    snapshot: Option<u64>,
    /// What it has decided since, so that its state may differ.
    since: usize,
    tables: Vec<ComparedTable>,
}

/// Exit code 0: the same came out; 1: something else did; 3: the service has decided more meanwhile.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let (running, service) = (global.running()?, args.service);
    running.started_here()?;
    if args.from == Beginning::Snapshot {
        has_snapshot(&running, service)?;
    }
    let say = |text: &str| note!("waits until the stream holds all of it: {text}");
    let loss = Loss::Database(service);
    let permit = redundancy::wait(&running, loss, REDUNDANT_WITHIN, say).await?;
    let begun = Instant::now();
    let move_away = match args.from {
        Beginning::Start => Aside::set_aside,
        Beginning::Snapshot => Aside::set_aside_but_snapshots,
    };
    let kept = set_aside(&running, service, move_away, async || Ok(true)).await?;
    let kept = kept.context("the database was not set aside")?;
    drop(permit);
    readiness::redundant(&running, Process::Service(service)).await?;
    let took = begun.elapsed();
    let report = ask_services(&running).await.remove(&Process::Service(service));
    let snapshot = report
        .with_context(|| format!("{service} is not there"))?
        .map_err(anyhow::Error::msg)?
        .began_as_snapshot;
    let compared = compared(&running, service, &kept, snapshot)?;
    if global.json {
        line!("{}", compared.as_json(service, took, &kept));
    } else {
        compared.show(service, took, &kept);
    }
    Ok(compared.verdict())
}

fn has_snapshot(running: &RunFile, service: Service) -> anyhow::Result<()> {
    let folder = running.data.join(service.name()).join(snapshots::FOLDER);
    if snapshots::rows_in(&folder, service).is_empty() {
        bail!(
            "{service} has no snapshot yet: one is written after {} rows, unless MURMUR_SNAPSHOT_ROWS says \
             otherwise. `murmur rebuild {service}` begins at the first row",
            quantity::count(snapshots::ROWS_MIN)
        );
    }
    Ok(())
}

/// Both databases, each at one moment, to read only.
fn compared(
    running: &RunFile,
    service: Service,
    kept: &Path,
    snapshot: Option<u64>,
) -> anyhow::Result<Comparison> {
    let mut before = open_to_read(&file_in(kept, service))?;
    let mut after = open_to_read(&file_in(&running.data.join(service.name()), service))?;
    let (before, after) = (before.transaction()?, after.transaction()?);
    let (before, after) = (Read::new(&before), Read::new(&after));
    let rows = outbox::head(&before)?.sequence;
    let since = decided_beyond(&after, rows)?;
    Ok(Comparison { rows, snapshot, since, tables: compare(&before, &after)? })
}

impl Comparison {
    fn differing(&self) -> impl Iterator<Item = &ComparedTable> {
        self.tables.iter().filter(|table| table.difference.is_some())
    }

    fn verdict(&self) -> Verdict {
        match (self.differing().count(), self.since) {
            (0, _) => Verdict::Clean,
            (_, 0) => Verdict::Found,
            (_, _) => Verdict::Incomplete,
        }
    }

    fn show(&self, service: Service, took: Duration, kept: &Path) {
        let (stream, took) = (service.stream(), quantity::took(took));
        let from = match self.snapshot {
            None => format!("the {} rows of {stream}", quantity::count(self.rows)),
            Some(row) => format!(
                "the snapshot of row {} and the {} rows of {stream} after it",
                quantity::count(row),
                quantity::count(self.rows.saturating_sub(row))
            ),
        };
        line!("{service}: folded anew from {from} in {took}");
        for ComparedTable { name, rows: (before, after), difference } in &self.tables {
            match difference {
                None => line!("{name}: the same {} rows", quantity::count(*after as u64)),
                Some(row) => {
                    line!(
                        "{name}: {before} rows before, {after} now; the first that differs: {row}"
                    );
                }
            }
        }
        if self.verdict() == Verdict::Incomplete {
            line!(
                "{service} has decided {} more meanwhile: rebuild it while no orders come",
                self.since
            );
        }
        line!("what it held before is kept in {}", kept.display());
    }

    fn as_json(&self, service: Service, took: Duration, kept: &Path) -> Value {
        let table = |table: &ComparedTable| {
            let (before, after) = table.rows;
            json!({ "table": table.name, "before": before, "now": after,
                "difference": table.difference })
        };
        json!({
            "done": "rebuild",
            "service": service,
            "rows": self.rows,
            "snapshot": self.snapshot,
            "after_ms": u64::try_from(took.as_millis()).ok(),
            "decided_since": self.since,
            "tables": self.tables.iter().map(table).collect::<Vec<_>>(),
            "kept": kept,
        })
    }
}
