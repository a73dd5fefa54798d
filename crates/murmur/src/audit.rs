//! `murmur audit`: checks every invariant over everything that was ever run here.
//!
//! The auditor is independent of the services' own code: it folds the streams itself, from their
//! first rows, and compares what it finds with each outbox, each replica and the read model. It
//! changes nothing. Deliberately absent: any opinion on how a finding came about.

pub(crate) mod fold;

pub(crate) mod invariants;

mod gathering;
mod replicas;
mod rows;
mod views;

pub(crate) mod report;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use contracts::Service;
use tokio::time::Instant;

use crate::cli::{Global, Verdict};
use crate::output::line;
use crate::running::Running;
use crate::streams::Streams;
use fold::Fold;
use gathering::Gathering;
use invariants::{Checked, InFlight, Invariant};
use report::{Audit, Examined};
use rows::Outbox;

/// How long a stream may take to hold what its outbox holds: a relay that was just restarted.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(10);

/// How long the streams may take to be read at all.
const READ_WITHIN: Duration = Duration::from_secs(300);

/// What `murmur audit` takes.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Do not wait until the orders in flight have ended; they are no findings then.
    #[arg(long)]
    no_wait: bool,
    /// How long to wait for them.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, conflicts_with = "no_wait")]
    wait_seconds: u64,
}

/// Audits, and prints what was found.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = Running::load(&global.data)?;
    let wait = (!args.no_wait).then(|| Duration::from_secs(args.wait_seconds));
    let audit = examine(&running, wait).await?;
    if global.json {
        line!("{}", audit.json());
    } else {
        line!("{}", audit.text());
    }
    Ok(audit.verdict())
}

/// Audits a running Murmuration. Waits so long for orders in flight; without, they are no findings.
///
/// # Errors
/// When the broker cannot be read at all.
pub(crate) async fn examine(running: &Running, wait: Option<Duration>) -> anyhow::Result<Audit> {
    let mut gathering = Gathering::begin(&Streams::open(running).await?);
    let in_flight = if wait.is_some() { InFlight::IsAFinding } else { InFlight::IsFine };
    if !gathering.until(Instant::now() + READ_WITHIN, |_| true).await {
        bail!("the streams could not be read to their ends within {READ_WITHIN:?}");
    }
    if let Some(wait) = wait {
        let settled = |fold: &Fold| fold.unsettled().next().is_none();
        gathering.until(Instant::now() + wait, settled).await;
    }
    compare_outboxes(&mut gathering, running).await?;
    let Gathering { fold, rows, .. } = gathering;
    let mut checks = invariants::of_fold(&fold, in_flight);
    checks.push(rows);
    checks.push(views_of(running, &fold, in_flight).await);
    checks.push(replicas::check(&running.data, &fold));
    checks.sort_by_key(|checked| checked.invariant);
    Ok(Audit { examined: Examined::of(&fold), checks })
}

async fn views_of(running: &Running, fold: &Fold, in_flight: InFlight) -> Checked {
    if views::can_be_compared(fold, in_flight) {
        return views::check(running, fold).await;
    }
    // Not unknown: who asked not to wait does not want to hear that it could not be compared.
    Checked::new(Invariant::Views, "figures and orders, since orders are in flight")
}

/// Reads each outbox after its stream, so that it cannot be shorter; where it is longer, the rest
/// has to arrive in the stream.
async fn compare_outboxes(gathering: &mut Gathering, running: &Running) -> anyhow::Result<()> {
    for service in Service::ALL {
        let cut = gathering.fold.rows(service);
        let outbox = match read_outbox(running.data.clone(), service).await? {
            Ok(outbox) => outbox,
            Err(error) => {
                gathering.rows.found(service, Vec::new(), format!("{error:#}"));
                continue;
            }
        };
        let held = outbox.chains.len() as u64;
        let deadline = Instant::now() + PUBLISHED_WITHIN;
        if held > cut {
            gathering.until(deadline, |fold| fold.rows(service) >= held).await;
        }
        let compared = usize::try_from(held.max(cut))?;
        let stream = gathering.fold.streams.get(&service);
        let chains = stream.map_or(&[][..], |stream| &stream.chains);
        let chains = &chains[..compared.min(chains.len())];
        rows::compare(&mut gathering.rows, service, &outbox, chains);
    }
    Ok(())
}

async fn read_outbox(
    data: PathBuf,
    service: Service,
) -> anyhow::Result<Result<Outbox, anyhow::Error>> {
    let read = tokio::task::spawn_blocking(move || rows::read_outbox(&data, service));
    read.await.context("reading an outbox was cut off")
}
