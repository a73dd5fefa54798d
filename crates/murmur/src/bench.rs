//! `murmur bench`: puts load on the running services and measures. Afterwards it audits: a fast wrong
//! answer is no answer.

mod report;

use std::time::Duration;

use client::run_file::RunFile;
use client::streams::Streams;
use contracts::{Currency, service};
use evidence::examination;
use terminal::interruption::{self, unless_asked};
use terminal::verdict::Verdict;
use terminal::{line, note};
use uuid::Uuid;
use workload::currency::active_currency;
use workload::saga::broker_throughput;
use workload::saga::fixture::Fixture;
use workload::saga::measurement::{Measurement, measure};
use workload::saga::rate_search::RateSearch;

use crate::global::Global;
use report::Report;

/// How long each run of the search lasts.
const CLIMB_SECONDS: u32 = 5;

/// How long the audit waits for orders in flight: the search ends with a rate that was too high.
const AUDIT_WAITS: Duration = Duration::from_secs(120);

/// A second of load before anything is measured: connections are opened, caches filled.
const WARM_UP_SECONDS: u32 = 1;

/// What `murmur bench` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    subcommand: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Orders, from placed over REST to their end and to the read model.
    Saga(Saga),
}

#[derive(Debug, clap::Args)]
struct Saga {
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

/// Measures. Load that was not kept up with, and an audit that is not clean, are findings.
/// Interrupted, it says what it has measured until then.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let Subcommand::Saga(args) = args.subcommand;
    let running = global.running()?;
    // It makes a stream of its own beside that one, and hears what is published there.
    let streams = Streams::open_in(&running, service::ORDER).await?;
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
    args: &'a Saga,
    running: &'a RunFile,
    streams: &'a Streams,
}

impl Bench<'_> {
    /// Measures one after the other, until all is measured or the command is asked to end.
    async fn fill(&self, report: &mut Report, run: &str) -> anyhow::Result<()> {
        let args = self.args;
        let preparing = Fixture::prepare(self.running, run, args.currency, args.lines);
        let Some(fixture) = unless_asked(preparing).await.transpose()? else { return Ok(()) };
        self.say("warming up");
        self.measure(&fixture.for_orders("w"), (args.rate, WARM_UP_SECONDS)).await?;
        if interruption::cause().is_some() {
            return Ok(());
        }
        self.say(&format!("{} orders/s for {} s", args.rate, args.seconds));
        report.measured = Some(self.measure(&fixture, (args.rate, args.seconds)).await?);
        self.search(&fixture, report).await?;
        if interruption::cause().is_some() {
            return Ok(());
        }
        self.say("the broker alone");
        report.raw = unless_asked(broker_throughput::measure(self.streams)).await.transpose()?;
        if !args.no_audit && report.raw.is_some() {
            self.say("auditing");
            let auditing = examination::examine(self.running, Some(AUDIT_WAITS), None);
            report.audit = unless_asked(auditing).await.transpose()?;
        }
        Ok(())
    }

    /// Searches the highest rate, if that was asked for.
    async fn search(&self, fixture: &Fixture, report: &mut Report) -> anyhow::Result<()> {
        let mut search = RateSearch::from(self.args.rate);
        search.note(report.measured.as_ref().is_some_and(|first| first.kept_up));
        while let Some(rate) = search.next().filter(|_| self.args.find_max) {
            if interruption::cause().is_some() {
                break;
            }
            self.say(&format!("{rate} orders/s for {CLIMB_SECONDS} s"));
            let fixture = fixture.for_orders(&format!("s{}", report.climbed.len()));
            let run = self.measure(&fixture, (rate, CLIMB_SECONDS)).await?;
            if !run.interrupted {
                search.note(run.kept_up);
            }
            report.climbed.push(run);
        }
        // Without a search, the one rate that was tried says nothing of the highest.
        report.highest = search.highest().filter(|_| self.args.find_max);
        Ok(())
    }

    async fn measure(&self, fixture: &Fixture, load: (u32, u32)) -> anyhow::Result<Measurement> {
        measure(self.running, self.streams, fixture, load, self.args.reads).await
    }

    /// Says what is going on, beside the result.
    fn say(&self, what: &str) {
        if !self.global.json {
            note!("{what} ...");
        }
    }
}
