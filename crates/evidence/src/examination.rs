//! One audit, from the first row that is read to its outcome.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use auditor::invariants::commands;
use auditor::journal::Entry;
use auditor::rows::Outbox;
use auditor::{Audit, Checked, InFlight};
use client::run_file::RunFile;
use client::streams::Streams;
use contracts::service;
use protocol::Service;
use runtime::seal_keys;
use tokio::time::Instant;

use crate::gathering::Gathering;
use crate::{newcomers, records, replicas, rows, views};

/// How long a stream may take to hold what its outbox holds: a relay that was just restarted.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(10);

/// How long the streams may take to be read at all.
const READ_WITHIN: Duration = Duration::from_secs(300);

/// How long all comparisons with replicas and the read model may take together.
const COMPARED_WITHIN: Duration = Duration::from_secs(300);

/// Audits a running Murmuration, whether or not it is under load. Waits so long for the orders that
/// were placed before; without, orders in flight are no findings. What clients were told is compared if
/// there is a journal of it.
///
/// # Errors
/// When the broker cannot be read at all.
pub async fn examine(
    running: &RunFile,
    wait: Option<Duration>,
    journal: Option<&[Entry]>,
) -> anyhow::Result<Audit> {
    let beside = newcomers::of(running).await;
    let streams = Streams::open(running).await?;
    let mut gathering = Gathering::begin(&streams, beside.keys().copied())?;
    let owners: Vec<Service> = gathering.owners().collect();
    for (service, declared) in beside {
        gathering.intake.expect_newcomer(service, declared);
    }
    expect_seals(&mut gathering, running, &owners);
    let deadline = Instant::now() + READ_WITHIN;
    let ends = gathering.ends(deadline).await?;
    gathering.reach(&ends, deadline).await?;
    close(&mut gathering).await;
    let in_flight = match wait {
        Some(wait) => wait_for_orders(&mut gathering, wait).await,
        None => InFlight::IsFine,
    };
    compare_outboxes(&mut gathering, running, &owners).await?;
    let deadline = Instant::now() + COMPARED_WITHIN;
    let replicas = replicas::check(running, &mut gathering, deadline).await;
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

/// Whose keys can be read here, their rows have to be sealed with them.
fn expect_seals(gathering: &mut Gathering, running: &RunFile, owners: &[Service]) {
    for service in owners.iter().copied() {
        match running.seal_keys_of(service).and_then(|file| seal_keys::load(&file)) {
            Ok(keys) => gathering.intake.expect_seals(service, keys),
            Err(error) => tracing::warn!("seals of {service} are not looked at: {error:#}"),
        }
    }
}

/// Compares what some generations of the read model hold with the streams, and with nothing else.
///
/// # Errors
/// When the broker cannot be read at all.
pub async fn examine_generations(
    running: &RunFile,
    names: &[&str],
) -> anyhow::Result<Vec<Checked>> {
    let mut gathering = Gathering::begin(&Streams::open(running).await?, [])?;
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
    let placed = gathering.fold().rows(service::ORDER);
    let unsettled = gathering.fold().unsettled().map(|(id, _)| id.clone()).collect();
    gathering.until_settled(unsettled, Instant::now() + wait).await;
    close(gathering).await;
    InFlight::IsAFindingUpTo(placed)
}

/// Reads each outbox after its stream, so that it cannot be shorter; where it is longer, the rest
/// has to arrive in the stream.
async fn compare_outboxes(
    gathering: &mut Gathering,
    running: &RunFile,
    owners: &[Service],
) -> anyhow::Result<()> {
    for service in owners.iter().copied() {
        let folder = match running.database_of(service) {
            Ok(folder) => folder,
            Err(unnamed) => {
                gathering.intake.rows.unknown = Some(format!("{unnamed:#}"));
                continue;
            }
        };
        let outbox = match read_outbox(folder, service).await? {
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
    folder: PathBuf,
    service: Service,
) -> anyhow::Result<Result<Outbox, anyhow::Error>> {
    let read = tokio::task::spawn_blocking(move || rows::read_outbox(&folder, service));
    read.await.context("reading an outbox was cut off")
}
