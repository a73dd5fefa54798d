//! `murmur audit`: checks every invariant over everything that was ever run here.
//!
//! Here everything is gathered, from the broker, the databases and the read model, and the outcome is
//! told; what must be true is the `auditor`'s to say. Nothing is changed.
//!
//! The system may be under load: each store is compared with the streams at the very position at which
//! it was read. What cannot be compared there within its time is told as such, and is not broken.

mod gathering;
mod records;
mod replicas;
mod rows;
mod views;

pub(crate) mod report;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use auditor::invariants::commands;
use auditor::journal::{self, Entry};
use auditor::rows::Outbox;
use auditor::{Audit, Checked, InFlight};
use client::run_file::RunFile;
use client::streams::Streams;
use contracts::Service;
use terminal::line;
use terminal::verdict::{Misuse, NothingCompared, Verdict};
use tokio::time::Instant;

use crate::global::Global;
use gathering::Gathering;

/// How long a stream may take to hold what its outbox holds: a relay that was just restarted.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(10);

/// How long the streams may take to be read at all.
const READ_WITHIN: Duration = Duration::from_secs(300);

/// How long all comparisons with replicas and the read model may take together.
const COMPARED_WITHIN: Duration = Duration::from_secs(300);

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

/// Audits, and prints what was found. Exit codes: 0 clean, 1 something is broken, 2 wrongly told, 3
/// nothing is broken, but not everything could be compared.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = RunFile::load(&global.data)?;
    let wait = (!args.no_wait).then(|| Duration::from_secs(args.wait_seconds));
    let journal = read_journals(&args.journal).map_err(Misuse)?;
    let audit = examine(&running, wait, journal.as_deref()).await.context(NothingCompared)?;
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

/// Audits a running Murmuration, whether or not it is under load. Waits so long for the orders that
/// were placed before; without, orders in flight are no findings. What clients were told is compared if
/// there is a journal of it.
///
/// # Errors
/// When the broker cannot be read at all.
pub(crate) async fn examine(
    running: &RunFile,
    wait: Option<Duration>,
    journal: Option<&[Entry]>,
) -> anyhow::Result<Audit> {
    let mut gathering = Gathering::begin(&Streams::open(running).await?)?;
    let deadline = Instant::now() + READ_WITHIN;
    let ends = gathering.ends(deadline).await?;
    gathering.reach(&ends, deadline).await?;
    close(&mut gathering).await;
    let in_flight = match wait {
        Some(wait) => wait_for_orders(&mut gathering, wait).await,
        None => InFlight::IsFine,
    };
    compare_outboxes(&mut gathering, running).await?;
    let deadline = Instant::now() + COMPARED_WITHIN;
    let replicas = replicas::check(&running.data, &mut gathering, deadline).await;
    let records = records::check(running, &mut gathering, records::LIVE, deadline).await;
    let views = views::check(running, &mut gathering, deadline).await;
    close(&mut gathering).await;
    let intake = gathering.end();
    let mut others = vec![records, views, replicas];
    others.extend(journal.map(|journal| {
        commands::check_up_to(&intake.fold, journal, |of| ends.get(&of).copied().unwrap_or(0))
    }));
    Ok(Audit::of(intake, in_flight, others))
}

/// Compares what some generations of the read model hold with the streams, and with nothing else.
///
/// # Errors
/// When the broker cannot be read at all.
pub(crate) async fn examine_generations(
    running: &RunFile,
    names: &[&str],
) -> anyhow::Result<Vec<Checked>> {
    let mut gathering = Gathering::begin(&Streams::open(running).await?)?;
    let deadline = Instant::now() + READ_WITHIN;
    let ends = gathering.ends(deadline).await?;
    gathering.reach(&ends, deadline).await?;
    let (mut all, deadline) = (Vec::new(), Instant::now() + COMPARED_WITHIN);
    for name in names {
        all.push(records::check(running, &mut gathering, name, deadline).await);
    }
    gathering.end();
    Ok(all)
}

/// Takes the causes of all that was taken. Those that do not come are findings.
async fn close(gathering: &mut Gathering) {
    if let Err(error) = gathering.close(Instant::now() + PUBLISHED_WITHIN).await {
        tracing::debug!(%error, "a position is named that its stream does not hold");
    }
}

/// Only orders that were there when the audit began are waited for: under load there are always others.
async fn wait_for_orders(gathering: &mut Gathering, wait: Duration) -> InFlight {
    let placed = gathering.fold().rows(Service::Order);
    let unsettled = gathering.fold().unsettled().map(|(id, _)| id.clone()).collect();
    gathering.until_settled(unsettled, Instant::now() + wait).await;
    close(gathering).await;
    InFlight::IsAFindingUpTo(placed)
}

/// Reads each outbox after its stream, so that it cannot be shorter; where it is longer, the rest
/// has to arrive in the stream.
async fn compare_outboxes(gathering: &mut Gathering, running: &RunFile) -> anyhow::Result<()> {
    for service in Service::ALL {
        let outbox = match read_outbox(running.data.clone(), service).await? {
            Ok(outbox) => outbox,
            Err(error) => {
                gathering.intake.rows.found(service, Vec::new(), format!("{error:#}"));
                continue;
            }
        };
        let held = outbox.chains.len() as u64;
        let end = BTreeMap::from([(service, held)]);
        // A stream that does not get there is shorter than its outbox: that is found below.
        drop(gathering.reach(&end, Instant::now() + PUBLISHED_WITHIN).await);
        gathering.intake.compare_outbox(service, &outbox, usize::MAX);
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
