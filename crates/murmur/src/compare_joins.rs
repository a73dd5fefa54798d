//! `murmur compare-joins`: one question, an order with its customer, answered three ways under load.
//!
//! The **composer** asks the owners when somebody asks it, the **read model** has folded their events,
//! and the **replica** is what the order service itself knows of its neighbours. What each costs, how
//! far behind it is, and what is left of it while an owner is dead, is measured side by side on the
//! same data; nothing here is estimated.

mod ways;

mod ground;

mod tally;

mod load;

mod outage;
mod staleness;

mod report;

mod chart;

use std::path::PathBuf;

use anyhow::Context as _;
use uuid::Uuid;

use crate::cli::{Global, Verdict};
use crate::output::line;
use crate::running::Running;
use ground::Ground;
use report::Report;
use ways::Way;

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
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = Running::load(&global.data)?;
    let ways = Way::all(&running)?;
    let say = |what: &str| {
        if !global.json {
            eprintln!("{what} ...");
        }
    };
    say("preparing orders");
    let run: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
    let ground = Ground::prepare(&running, &ways, &format!("joins-{run}")).await?;
    say("the most that each answers");
    let most = load::most(&ways, &ground, args.connections, args.seconds).await?;
    say("the steady rate");
    let steady = load::steady(&ways, &ground, args.rate, args.seconds).await?;
    say("how far behind each is");
    let behind = staleness::measure(&running, &ways, &ground, args.changes).await?;
    say("the customer service is killed");
    let outage = outage::measure(&running, &ways, &ground, args.rate, args.seconds).await?;
    let report =
        Report { rate: args.rate, connections: args.connections, most, steady, behind, outage };
    if let Some(file) = &args.svg {
        std::fs::write(file, chart::draw(&report))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if global.json {
        line!("{}", report.json());
    } else {
        line!("{}", report.text());
    }
    Ok(report.verdict())
}
