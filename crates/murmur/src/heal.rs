//! `murmur heal`: shows where a service's database and its stream tell two histories, and what the
//! choices are; sets the database aside where nobody was promised what only it holds; and lets the service
//! take out of its stream what somebody else has written into it.
//!
//! Deliberately absent: any change to a stream. Its owner does that, and refuses where it has to.

mod foreign;
mod shown;

use std::time::Duration;

use anyhow::{Context as _, bail};
use client::process::Process;
use client::run_file::RunFile;
use client::streams::Streams;
use contracts::choreography::MURMURATION;
use contracts::service;
use engine::database::{self, Aside};
use engine::healing::{Plan, plan};
use protocol::Service;
use runtime::healing::{Stores, neighbours_in};
use runtime::nats::Connection;
use runtime::seal_keys;
use serde_json::json;
use supervisor::readiness;
use supervisor::redundancy::{self, Loss, Permit};
use supervisor::service_status::{ServiceReport, ask_services};
use terminal::verdict::Verdict;
use terminal::{line, note};

use crate::aside::set_aside;
use crate::global::Global;

/// How long is waited for a stream that another process of the service may be publishing.
const WITHIN: Duration = Duration::from_secs(60);

/// What to heal, and how far to go.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// customer, product, order, inventory, payment or shipping.
    #[arg(value_parser = service::named)]
    service: Service,
    /// Show what only this database holds, and whether it may go.
    #[arg(long, group = "way")]
    discard_local: bool,
    /// Show what somebody else wrote into the stream, and what was decided on it: the messages whose
    /// seals do not hold, and those behind the database's end that are not the service's own.
    #[arg(long, group = "way")]
    drop_foreign: bool,
    /// Do it. With --discard-local: set the database aside, and let the service restore itself from its
    /// stream. With --drop-foreign: keep a copy of the foreign messages, and let the service publish its
    /// stream anew without them; it refuses where something of its own might be lost.
    #[arg(long, requires = "way")]
    yes: bool,
}

/// Exit code 0: there is nothing to heal, or it was healed; 1: it was shown, or refused.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    running.started_here()?;
    let report = report_of(&running, args.service).await;
    let streams = match report.as_ref().and_then(|report| report.broker.as_deref()) {
        Some(address) => Streams::open_at(&running, address).await?,
        None => Streams::open(&running).await?,
    };
    let stores = stores(&running, streams.connection(), args.service);
    let plan = plan_for(&stores).await?;
    let fence = report.filter(|report| report.state == "fenced");
    let damage = foreign::examine(&stores, &plan, fence.as_ref()).await?;
    shown::show(global, &stores, &plan, fence.as_ref(), &damage)?;
    match plan {
        _ if args.yes && args.drop_foreign && damage.intrusion.is_some() => {
            foreign::drop_from(global, &running, &stores, &damage).await
        }
        Plan::Discard { .. } if args.yes => {
            let permit = redundancy::wait(&running, Loss::Aside(args.service), WITHIN, |text| {
                note!("waits until the stream holds all that was read of it: {text}");
            })
            .await?;
            discard(global, &running, &stores, &plan, permit).await?;
            Ok(Verdict::Clean)
        }
        Plan::Nothing if fence.is_none() => Ok(Verdict::Clean),
        Plan::Nothing | Plan::Discard { .. } | Plan::Refuse(_) => Ok(Verdict::Found),
    }
}

/// What the service says of itself, if it runs.
async fn report_of(running: &RunFile, service: Service) -> Option<ServiceReport> {
    let mut all = ask_services(running).await;
    all.remove(&Process::Service(service))?.ok()
}

fn stores<'a>(running: &RunFile, connection: &'a Connection, service: Service) -> Stores<'a> {
    let database = database::file_in(&running.data.join(service.name()), service);
    let keys = seal_keys::load(&seal_keys::file_beside(&running.data.join(service.name())));
    let keys = keys.inspect_err(|error| note!("nobody is told a forger: {error:#}")).ok();
    let neighbours = neighbours_in(&running.data, service::ALL);
    Stores { service, choreography: &MURMURATION, connection, database, neighbours, keys }
}

async fn plan_for(stores: &Stores<'_>) -> anyhow::Result<Plan> {
    if !stores.database.exists() {
        bail!(
            "{} has no database: `murmur start {0}`, and it restores itself from its stream",
            stores.service
        );
    }
    Ok(plan(&stores.examine().await?))
}

/// Stops the service, looks once more while nobody can write, and sets the database aside.
async fn discard(
    global: &Global,
    running: &RunFile,
    stores: &Stores<'_>,
    shown: &Plan,
    permit: Permit,
) -> anyhow::Result<()> {
    let process = Process::Service(stores.service);
    let is_as_shown = async || Ok(plan_for(stores).await? == *shown);
    let kept = set_aside(running, stores.service, Aside::set_aside, is_as_shown).await?;
    let kept = kept.context("what is held has changed meanwhile: nothing was done; look again")?;
    drop(permit);
    readiness::redundant(running, process).await?;
    let service = stores.service;
    if global.json {
        line!("{}", json!({ "done": "heal", "service": service, "kept": kept }));
    } else {
        line!(
            "{service} is restored from its stream; its old database is kept in {}",
            kept.display()
        );
    }
    Ok(())
}
