//! `murmur bench saga`: orders at a given rate, and what they cost.
//!
//! It measures what a client sees (how long until an order is accepted, until it has ended, until the
//! read model shows it), what each process takes of the processor, and what the broker alone can do
//! on the same machine, for scale. Afterwards it audits: a fast wrong answer is no answer.

mod schedule;

mod latencies;

mod board;

mod ground;
mod load;
mod reads;

mod ends;

mod cpu;
mod raw;

mod measured;

mod climb;

mod report;

use std::time::Duration;

use contracts::Currency;
use uuid::Uuid;

use crate::amounts::active_currency;
use crate::audit;
use crate::cli::{Global, Verdict};
use crate::output::line;
use crate::running::Running;
use crate::streams::Streams;
use climb::Climb;
use ground::Ground;
use measured::{Measured, measure};
use report::Report;

/// How long each run of the search lasts.
const CLIMB_SECONDS: u32 = 5;

/// How long the audit waits for orders in flight: the search ends with a rate that was too high.
const AUDIT_WAITS: Duration = Duration::from_secs(120);

/// A second of load before anything is measured: connections are opened, caches filled.
const WARM_UP_SECONDS: u32 = 1;

/// What `murmur bench saga` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Orders a second.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// For so long.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: u32,
    /// Reads a second beside it, each of the order that has ended last.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    reads: u32,
    /// Lines of each order.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    lines: u32,
    /// Then find the highest rate that is kept up with.
    #[arg(long)]
    find_max: bool,
    /// The currency of all prices.
    #[arg(long, default_value = "GBP", value_parser = active_currency)]
    currency: Currency,
    /// Do not audit afterwards.
    #[arg(long)]
    no_audit: bool,
}

/// Measures.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = Running::load(&global.data)?;
    let streams = Streams::open(&running).await?;
    let run: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
    let run = format!("bench-{run}");
    let ground = Ground::prepare(&running, &run, args.currency, args.lines).await?;
    say(global, "warming up");
    measure(&running, &streams, &ground.for_orders("w"), (args.rate, WARM_UP_SECONDS), args.reads)
        .await?;
    say(global, &format!("{} orders/s for {} s", args.rate, args.seconds));
    let measured =
        measure(&running, &streams, &ground, (args.rate, args.seconds), args.reads).await?;
    let (climbed, highest) = climb(global, &args, &running, &streams, &ground, &measured).await?;
    say(global, "the broker alone");
    let raw = raw::measure(&streams).await?;
    let audit = if args.no_audit {
        None
    } else {
        say(global, "auditing");
        Some(audit::examine(&running, Some(AUDIT_WAITS), None).await?)
    };
    let report = Report { measured, climbed, highest, raw, audit };
    if global.json {
        line!("{}", report.json());
    } else {
        line!("{}", report.text());
    }
    Ok(report.verdict())
}

async fn climb(
    global: &Global,
    args: &Args,
    running: &Running,
    streams: &Streams,
    ground: &Ground,
    first: &Measured,
) -> anyhow::Result<(Vec<Measured>, Option<u32>)> {
    let mut climb = Climb::from(args.rate);
    climb.note(first.kept_up);
    let mut runs = Vec::new();
    while let Some(rate) = climb.next().filter(|_| args.find_max) {
        say(global, &format!("{rate} orders/s for {CLIMB_SECONDS} s"));
        let ground = ground.for_orders(&format!("s{}", runs.len()));
        let run = measure(running, streams, &ground, (rate, CLIMB_SECONDS), args.reads).await?;
        climb.note(run.kept_up);
        runs.push(run);
    }
    // Without a search, the one rate that was tried says nothing of the highest.
    let highest = climb.highest().filter(|_| args.find_max);
    Ok((runs, highest))
}

/// Says what is going on, beside the result.
fn say(global: &Global, what: &str) {
    if !global.json {
        eprintln!("{what} ...");
    }
}
