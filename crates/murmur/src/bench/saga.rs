//! `murmur bench saga`: orders at a given rate, and what they cost.
//!
//! It measures what a client sees (how long until an order is accepted, until it has ended, until the
//! read model shows it), what each process takes of the processor, and what the broker alone can do
//! on the same machine, for scale. Afterwards it audits: a fast wrong answer is no answer.

mod schedule;

mod latencies;

mod marks;

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
use crate::cli::Global;
use client::run_file::RunFile;
use client::streams::Streams;
use climb::Climb;
use ground::Ground;
use measured::{Measured, measure};
use report::Report;
use terminal::interruption::{self, unless_asked};
use terminal::verdict::Verdict;
use terminal::{line, note};

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

/// Measures. Interrupted, it says what it has measured until then.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = RunFile::load(&global.data)?;
    let streams = Streams::open(&running).await?;
    let run: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
    let run = format!("bench-{run}");
    let mut report = Report { find_max: args.find_max, ..Report::default() };
    let bench = Bench { global, args: &args, running: &running, streams: &streams };
    bench.fill(&mut report, &run).await?;
    report.interrupted = interruption::cause().is_some();
    if global.json {
        line!("{}", report.json());
    } else {
        line!("{}", report.text());
    }
    Ok(interruption::cause().map_or_else(|| report.verdict(), Verdict::Partial))
}

/// What every part of the benchmark needs.
struct Bench<'a> {
    global: &'a Global,
    args: &'a Args,
    running: &'a RunFile,
    streams: &'a Streams,
}

impl Bench<'_> {
    /// Measures one after the other, until all is measured or the command is asked to end.
    async fn fill(&self, report: &mut Report, run: &str) -> anyhow::Result<()> {
        let args = self.args;
        let preparing = Ground::prepare(self.running, run, args.currency, args.lines);
        let Some(ground) = unless_asked(preparing).await.transpose()? else { return Ok(()) };
        self.say("warming up");
        self.measure(&ground.for_orders("w"), (args.rate, WARM_UP_SECONDS)).await?;
        if interruption::cause().is_some() {
            return Ok(());
        }
        self.say(&format!("{} orders/s for {} s", args.rate, args.seconds));
        report.measured = Some(self.measure(&ground, (args.rate, args.seconds)).await?);
        self.climb(&ground, report).await?;
        if interruption::cause().is_some() {
            return Ok(());
        }
        self.say("the broker alone");
        report.raw = unless_asked(raw::measure(self.streams)).await.transpose()?;
        if !args.no_audit && report.raw.is_some() {
            self.say("auditing");
            let auditing = audit::examine(self.running, Some(AUDIT_WAITS), None);
            report.audit = unless_asked(auditing).await.transpose()?;
        }
        Ok(())
    }

    /// Searches the highest rate, if that was asked for.
    async fn climb(&self, ground: &Ground, report: &mut Report) -> anyhow::Result<()> {
        let mut climb = Climb::from(self.args.rate);
        climb.note(report.measured.as_ref().is_some_and(|first| first.kept_up));
        while let Some(rate) = climb.next().filter(|_| self.args.find_max) {
            if interruption::cause().is_some() {
                break;
            }
            self.say(&format!("{rate} orders/s for {CLIMB_SECONDS} s"));
            let ground = ground.for_orders(&format!("s{}", report.climbed.len()));
            let run = self.measure(&ground, (rate, CLIMB_SECONDS)).await?;
            if !run.interrupted {
                climb.note(run.kept_up);
            }
            report.climbed.push(run);
        }
        // Without a search, the one rate that was tried says nothing of the highest.
        report.highest = climb.highest().filter(|_| self.args.find_max);
        Ok(())
    }

    async fn measure(&self, ground: &Ground, load: (u32, u32)) -> anyhow::Result<Measured> {
        measure(self.running, self.streams, ground, load, self.args.reads).await
    }

    /// Says what is going on, beside the result.
    fn say(&self, what: &str) {
        if !self.global.json {
            note!("{what} ...");
        }
    }
}
