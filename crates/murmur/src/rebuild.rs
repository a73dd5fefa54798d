//! `murmur rebuild`: has a service fold its state anew from its stream, from the first row, and compares that with
//! what it held before.
//!
//! Deliberately absent: a start from anything but the first row. Nothing else is kept from which one could.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use client::process::Process;
use client::run_file::RunFile;
use contracts::service;
use engine::database::comparison::{ComparedTable, compare, decided_beyond};
use engine::database::{file_in, open_to_read};
use engine::{Read, outbox};
use protocol::Service;
use serde_json::{Value, json};
use supervisor::readiness;
use supervisor::redundancy::{self, Loss};
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
}

/// What the service held before, and what it holds now.
#[derive(Debug)]
struct Comparison {
    /// Rows of the outbox that was set aside.
    rows: u64,
    /// What it has decided since, so that its state may differ.
    since: usize,
    tables: Vec<ComparedTable>,
}

/// Exit code 0: the same came out; 1: something else did; 3: the service has decided more meanwhile.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let (running, service) = (global.running()?, args.service);
    running.started_here()?;
    let say = |text: &str| note!("waits until the stream holds all of it: {text}");
    let loss = Loss::Database(service);
    let permit = redundancy::wait(&running, loss, REDUNDANT_WITHIN, say).await?;
    let begun = Instant::now();
    let kept = set_aside(&running, service, async || Ok(true)).await?;
    let kept = kept.context("the database was not set aside")?;
    drop(permit);
    readiness::redundant(&running, Process::Service(service)).await?;
    let took = begun.elapsed();
    let compared = compared(&running, service, &kept)?;
    if global.json {
        line!("{}", compared.as_json(service, took, &kept));
    } else {
        compared.show(service, took, &kept);
    }
    Ok(compared.verdict())
}

/// Both databases, each at one moment, to read only.
fn compared(running: &RunFile, service: Service, kept: &Path) -> anyhow::Result<Comparison> {
    let mut before = open_to_read(&file_in(kept, service))?;
    let mut after = open_to_read(&file_in(&running.data.join(service.name()), service))?;
    let (before, after) = (before.transaction()?, after.transaction()?);
    let (before, after) = (Read::new(&before), Read::new(&after));
    let rows = outbox::head(&before)?.sequence;
    let since = decided_beyond(&after, rows)?;
    Ok(Comparison { rows, since, tables: compare(&before, &after)? })
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
        let (rows, took) = (quantity::count(self.rows), quantity::took(took));
        line!("{service}: folded anew from the {rows} rows of {} in {took}", service.stream());
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
            "after_ms": u64::try_from(took.as_millis()).ok(),
            "decided_since": self.since,
            "tables": self.tables.iter().map(table).collect::<Vec<_>>(),
            "kept": kept,
        })
    }
}
