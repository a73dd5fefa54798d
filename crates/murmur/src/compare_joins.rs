//! `murmur compare-joins`: one question, an order with its customer, answered three ways under load.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use client::run_file::RunFile;
use terminal::interruption::{self, unless_asked};
use terminal::verdict::Verdict;
use terminal::{line, note};
use uuid::Uuid;
use workload::joins::fixture::Fixture;
use workload::joins::report::Report;
use workload::joins::ways::Way;
use workload::joins::{chart, load, outage, staleness};

use crate::global::Global;

/// What `murmur compare-joins` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Questions a second at the steady rate, for each way.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    rate: u32,
    /// Connections that ask without pause, to find the most that each way answers.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    connections: u32,
    /// Seconds of each measurement; the outage takes three times as long.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Times that a change is made and waited for.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    changes: u32,
    /// Write a chart.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Measures, and says what came out. A way that was not there while no owner was down is a finding.
/// Interrupted, it says what it has measured until then.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let ways = Way::all(&running)?;
    let (rate, connections) = (args.rate, args.connections);
    let mut report = Report { rate, connections, ..Report::default() };
    let measuring = measure(global, &args, &running, &ways, &mut report);
    let cause = if let Some(measured) = unless_asked(measuring).await {
        measured?;
        None
    } else {
        interruption::cause()
    };
    report.interrupted = cause.is_some();
    if let Some(file) = &args.svg {
        draw(file, &report)?;
    }
    if global.json {
        line!("{}", report.json());
    } else {
        line!("{}", report.text());
    }
    Ok(cause.map_or_else(|| report.verdict(), Verdict::Partial))
}

/// One part after the other, each noted as soon as it is there.
async fn measure(
    global: &Global,
    args: &Args,
    running: &RunFile,
    ways: &[Way],
    report: &mut Report,
) -> anyhow::Result<()> {
    let (rate, seconds) = (args.rate, args.seconds);
    let say = |what: &str| {
        if !global.json {
            note!("{what} ...");
        }
    };
    say("preparing orders");
    let run: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
    let fixture = Fixture::prepare(running, ways, &format!("joins-{run}")).await?;
    say("the most that each answers");
    load::most(ways, &fixture, (args.connections, seconds), &mut report.most).await?;
    say("the steady rate");
    load::steady(ways, &fixture, (rate, seconds), &mut report.steady).await?;
    say("how far behind each is");
    report.behind = staleness::measure(running, ways, &fixture, args.changes).await?;
    say("the customer service is killed and kept down, in the middle third");
    report.outage = Some(outage::measure(running, ways, &fixture, rate, seconds).await?);
    Ok(())
}

/// A chart of a part would look like one of the whole.
fn draw(file: &Path, report: &Report) -> anyhow::Result<()> {
    if report.interrupted {
        note!("no chart is written: the comparison is not complete");
        return Ok(());
    }
    std::fs::write(file, chart::draw(report))
        .with_context(|| format!("cannot write {}", file.display()))
}
