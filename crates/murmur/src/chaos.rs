//! `murmur chaos`: makes real faults happen to a real system under load, and shows that it heals.
//!
//! Each fault is a readable file: what happens, and what somebody does about it, if anything. A run
//! starts a system of its own, puts it under load, has the fault happen as often as the file says,
//! waits after each time until all is well, and then counts and audits. A fault that cannot be shown
//! to have happened is a failure, too.

use std::path::PathBuf;
use std::time::Duration;

use chaos::fault_run::{self, Outcome, Settings};
use chaos::{fault, report, soak};
use serde_json::json;
use terminal::interruption::{self, unless_asked};
use terminal::verdict::{Misuse, Verdict};
use terminal::{line, note};
use workload::dice::Dice;

use crate::global::Global;

/// What `murmur chaos` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    subcommand: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Make faults happen, one after the other, each to a system of its own.
    Run(Run),
    /// Make faults happen to one system, chosen by chance, for a while.
    Soak(Soak),
}

#[derive(Debug, clap::Args)]
struct Common {
    /// Chaos files, or folders of them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only files whose names contain this.
    #[arg(long, value_name = "PATTERN")]
    only: Option<String>,
    /// Commands a second.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    rate: u32,
    /// Keep the folder of each system; that of one that failed is kept anyway.
    #[arg(long)]
    keep: bool,
    /// Show each step.
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Debug, clap::Args)]
struct Run {
    #[command(flatten)]
    common: Common,
    /// So often for each fault, whatever its file says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    times: Option<u32>,
    /// Choose the same again.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Debug, clap::Args)]
struct Soak {
    #[command(flatten)]
    common: Common,
    /// For so long.
    #[arg(long, default_value_t = 20)]
    minutes: u64,
    /// Choose the same again.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs. What is lost, doubled, or does not heal, is a finding. Who is asked to stop ends the systems
/// that run, and shows what has come of the faults before.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let (common, seed) = match &args.subcommand {
        Subcommand::Run(run) => (&run.common, run.seed),
        Subcommand::Soak(soak) => (&soak.common, soak.seed),
    };
    let mut faults = fault::load_all(&common.files, common.only.as_deref()).map_err(Misuse)?;
    let settings = common.settings(seed);
    std::fs::create_dir_all(&settings.folder)?;
    note!("seed {}", settings.seed);
    let outcomes = match &args.subcommand {
        Subcommand::Run(run) => {
            for fault in &mut faults {
                fault.times = run.times.unwrap_or(fault.times);
            }
            run_all(&settings, &faults).await
        }
        Subcommand::Soak(soak) => {
            let lasts = Duration::from_secs(soak.minutes * 60);
            soak::soak(&settings, &faults, lasts).await?
        }
    };
    // Whatever is kept is in it.
    drop(std::fs::remove_dir(&settings.folder));
    let interrupted = interruption::cause();
    if global.json {
        let is_partial = interrupted.is_some();
        line!(
            "{}",
            json!({ "seed": settings.seed, "faults": outcomes, "interrupted": is_partial })
        );
    } else {
        line!("{}", report::text(&outcomes));
    }
    Ok(match interrupted {
        Some(cause) => Verdict::Partial(cause),
        None if outcomes.iter().all(Outcome::is_good) => Verdict::Clean,
        None => Verdict::Found,
    })
}

async fn run_all(settings: &Settings, faults: &[fault::Fault]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (nth, fault) in faults.iter().enumerate() {
        note!("{}/{}  {} ...", nth + 1, faults.len(), fault.chaos);
        let name = format!("{}", nth + 1);
        let Some(outcome) = unless_asked(fault_run::run(settings, fault, &name)).await else {
            break;
        };
        outcome.wrong.iter().for_each(|why| note!("  FAILED: {why}"));
        outcomes.push(outcome);
    }
    outcomes
}

impl Common {
    fn settings(&self, seed: Option<u64>) -> Settings {
        Settings {
            rate: self.rate,
            seed: seed.unwrap_or_else(Dice::fresh_seed),
            folder: fault_run::folder(),
            keep: self.keep,
            verbose: self.verbose,
        }
    }
}
