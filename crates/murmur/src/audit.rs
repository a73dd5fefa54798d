//! `murmur audit`: checks every invariant over everything that was ever run here.
//!
//! Here everything is gathered, from the broker, the databases and the read model, and the outcome is
//! told; what must be true is the `auditor`'s to say. Nothing is changed.

mod gathering;
mod replicas;
mod rows;
mod views;

pub(crate) mod report;

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use auditor::invariants::commands;
use auditor::journal::{self, Entry};
use auditor::rows::Outbox;
use auditor::{Audit, Checked, Fold, InFlight, Invariant};
use contracts::Service;
use tokio::time::Instant;

use crate::cli::{Global, Verdict};
use crate::output::line;
use crate::running::Running;
use crate::streams::Streams;
use gathering::Gathering;

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
    /// What clients asked for and were told, to compare with what the streams say. May be given
    /// several times.
    #[arg(long, value_name = "FILE")]
    journal: Vec<PathBuf>,
}

/// Audits, and prints what was found.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = Running::load(&global.data)?;
    let wait = (!args.no_wait).then(|| Duration::from_secs(args.wait_seconds));
    let journal = read_journals(&args.journal)?;
    let audit = examine(&running, wait, journal.as_deref()).await?;
    if global.json {
        line!("{}", audit.json());
    } else {
        line!("{}", report::text(&audit));
    }
    Ok(report::verdict(&audit))
}

/// All journals as one; none if there is none. One that is not there is a mistake: a check of
/// nothing would pass.
fn read_journals(files: &[PathBuf]) -> anyhow::Result<Option<Vec<Entry>>> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut entries = Vec::new();
    for file in files {
        let unreadable = || format!("cannot read the journal {}", file.display());
        let opened = File::open(file).with_context(unreadable)?;
        entries.extend(journal::read(BufReader::new(opened)).with_context(unreadable)?);
    }
    Ok(Some(entries))
}

/// Audits a running Murmuration. Waits so long for orders in flight; without, they are no findings.
/// What clients were told is compared if there is a journal of it.
///
/// # Errors
/// When the broker cannot be read at all.
pub(crate) async fn examine(
    running: &Running,
    wait: Option<Duration>,
    journal: Option<&[Entry]>,
) -> anyhow::Result<Audit> {
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
    let Gathering { intake, .. } = gathering;
    let views = views_of(running, &intake.fold, in_flight).await;
    let replicas = replicas::check(&running.data, &intake.fold);
    let mut others = vec![views, replicas];
    others.extend(journal.map(|journal| commands::check(&intake.fold, journal)));
    Ok(Audit::of(intake, in_flight, others))
}

async fn views_of(running: &Running, fold: &Fold, in_flight: InFlight) -> Checked {
    if views::can_be_compared(fold, in_flight) {
        return views::check(running, fold).await;
    }
    // Not unknown: who asked not to wait does not want to hear that it could not be compared.
    Checked::new(Invariant::Views, views::WHAT)
}

/// Reads each outbox after its stream, so that it cannot be shorter; where it is longer, the rest
/// has to arrive in the stream.
async fn compare_outboxes(gathering: &mut Gathering, running: &Running) -> anyhow::Result<()> {
    for service in Service::ALL {
        let cut = gathering.intake.fold.rows(service);
        let outbox = match read_outbox(running.data.clone(), service).await? {
            Ok(outbox) => outbox,
            Err(error) => {
                gathering.intake.rows.found(service, Vec::new(), format!("{error:#}"));
                continue;
            }
        };
        let held = outbox.chains.len() as u64;
        let deadline = Instant::now() + PUBLISHED_WITHIN;
        if held > cut {
            gathering.until(deadline, |fold| fold.rows(service) >= held).await;
        }
        let compared = usize::try_from(held.max(cut))?;
        gathering.intake.compare_outbox(service, &outbox, compared);
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
