//! `murmur wipe`: deletes one store, which is restored from the others.

use std::time::Duration;

use anyhow::bail;
use client::process::Process;
use client::run_file::RunFile;
use supervisor::readiness;
use supervisor::redundancy::{self, Loss, Permit, SecondLoss};
use supervisor::store_contents::Contents;
use supervisor::supervisor_client::SupervisorClient;
use terminal::note;
use terminal::verdict::Verdict;

use crate::effect::{Effect, source_of, wait_ready};
use crate::global::Global;

/// How long is waited until nothing would be lost: a publishing of a large outbox.
const REDUNDANT_WITHIN: Duration = Duration::from_secs(60);

/// Which store to delete.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A service (its database), broker (all streams) or redis (all views).
    store: Process,
    /// Return at once, without waiting until it is ready again and all is in two places.
    #[arg(long)]
    no_wait: bool,
    /// Delete it even if it holds what is nowhere else: that is lost.
    #[arg(long)]
    force: bool,
}

/// Waits before until nothing is lost by it, and after until another store may be.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let (running, store) = (global.running()?, args.store);
    running.started_here()?;
    let supervisor = SupervisorClient::of(&running);
    let permit = may_be_lost(&running, &args).await?;
    let gone = Contents::of(&running, store).await;
    supervisor.wipe(store).await?;
    drop(permit);
    let mut effect = Effect::new("wipe", store, format!("{gone} deleted"));
    effect.gone = Some(gone);
    if args.no_wait {
        effect.next = Some(format!("it is {}: `murmur status` shows how far", source_of(store)));
        return effect.conclude(global, Ok(None)).await;
    }
    let waited = async {
        let back = wait_ready(global, store, source_of(store)).await?;
        readiness::redundant(&running, store).await?;
        Ok(Some(back))
    };
    effect.conclude(global, waited.await).await
}

/// Waits until nothing is lost, unless that is forced; the permit is for as long as it takes to act.
async fn may_be_lost(running: &RunFile, args: &Args) -> anyhow::Result<Option<Permit>> {
    let Some(loss) = Loss::of(args.store) else { return Ok(None) };
    // The supervisor says that it was left out.
    let is_here = |service| running.url(service).is_ok();
    if matches!(loss, Loss::Database(service) if !is_here(service)) {
        return Ok(None);
    }
    if args.force {
        if let Some(lost) = redundancy::at_once(running, loss).await? {
            note!("{lost}; it is done, since --force was said");
        }
        return Ok(None);
    }
    let say = |text: &str| note!("waits until nothing would be lost: {text}");
    match redundancy::wait(running, loss, REDUNDANT_WITHIN, say).await {
        Err(error) if error.is::<SecondLoss>() => {
            bail!("{error}. Wait until `murmur status` says that all is redundant, or say --force")
        }
        waited => waited.map(Some),
    }
}
