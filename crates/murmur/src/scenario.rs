//! `murmur scenario run`: plays scenario files against the running services.
//!
//! A scenario says in plain steps what is given, what is done and what is expected. It uses the
//! services as anybody would: over REST, and by reading their streams. Deliberately absent: any
//! pause. Whoever expects something looks until it is so, or its time is over.

use std::path::PathBuf;

use chaos::scenario::event_log::EventLog;
use chaos::scenario::file::{self, Scenario};
use chaos::scenario::playback::{self, Played};
use chaos::scenario::report;
use chaos::scenario::world::World;
use chaos::step_file;
use client::streams::Streams;
use serde_json::json;
use terminal::interruption::{self, unless_asked};
use terminal::verdict::{Misuse, Verdict};
use terminal::{line, note};
use uuid::Uuid;

use crate::global::Global;

/// What `murmur scenario` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    subcommand: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Play scenarios, one after the other.
    Run(Run),
}

#[derive(Debug, clap::Args)]
struct Run {
    /// Scenario files, or folders of them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Show each step.
    #[arg(long, short)]
    verbose: bool,
}

/// Plays them. One that does not go as it says is a finding.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let Subcommand::Run(args) = args.subcommand;
    let mut scenarios = load_all(&args.files).map_err(Misuse)?;
    let running = global.running()?;
    if let Err(why) = running.started_here() {
        leave_out_what_stops_processes(&mut scenarios, &why);
    }
    let run: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
    let log = EventLog::begin(&Streams::open(&running).await?, &run);
    let mut all = Vec::new();
    for (nth, (scenario, path)) in scenarios.iter().enumerate() {
        let world = World::new(&running, format!("{run}-{nth}"));
        // What it has stopped is started again at the end of the command.
        let Some(played) = unless_asked(playback::play(path, scenario, world, &log)).await else {
            break;
        };
        if !global.json {
            line!("{}", report::text(&played, args.verbose));
        }
        all.push(played);
    }
    Ok(conclude(global, &all, scenarios.len()))
}

/// Reads them all before any is played.
fn load_all(paths: &[PathBuf]) -> anyhow::Result<Vec<(Scenario, PathBuf)>> {
    let files = step_file::find(paths)?;
    files.into_iter().map(|path| Ok((file::load(&path)?, path))).collect()
}

/// Of a system that others have started, no process can be stopped from here.
fn leave_out_what_stops_processes(all: &mut Vec<(Scenario, PathBuf)>, why: &anyhow::Error) {
    let left_out: Vec<_> = all.extract_if(.., |(scenario, _)| scenario.stops_processes()).collect();
    if !left_out.is_empty() {
        let names = left_out.iter().map(|(_, path)| path.display().to_string());
        note!("{why}. Left out: {}", names.collect::<Vec<_>>().join(", "));
    }
}

fn conclude(global: &Global, all: &[Played], wanted: usize) -> Verdict {
    let failed = all.iter().filter(|played| played.failure.is_some()).count();
    let interrupted = interruption::cause().filter(|_| all.len() < wanted);
    if global.json {
        let is_partial = interrupted.is_some();
        line!("{}", json!({ "scenarios": all, "failed": failed, "interrupted": is_partial }));
    } else if interrupted.is_some() {
        line!("interrupted: {} of {wanted} scenarios were played, {failed} failed", all.len());
    } else if failed == 0 {
        line!("all {} scenarios went as they say", all.len());
    } else {
        line!("{failed} of {} scenarios did not go as they say", all.len());
    }
    match interrupted {
        Some(cause) => Verdict::Partial(cause),
        None if failed == 0 => Verdict::Clean,
        None => Verdict::Found,
    }
}
