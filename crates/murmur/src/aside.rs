//! A service's database, set aside while its process is stopped, so that it restores itself from its stream.

use std::path::PathBuf;

use client::process::Process;
use client::run_file::RunFile;
use engine::database::Aside;
use engine::database::owner::NotOwner;
use protocol::{Service, Timestamp};
use supervisor::protocol::{Act, State};
use supervisor::supervisor_client::SupervisorClient;

/// What is set aside is said by `move_away`. Stops the service, asks once more whether its database may go while nobody can write, sets it aside and
/// starts the service again. Says where it is kept; nothing if it may not go.
///
/// # Errors
/// When one of these fails. The service is started again then, too.
pub(crate) async fn set_aside(
    running: &RunFile,
    service: Service,
    move_away: impl FnOnce(Aside, Timestamp) -> Result<PathBuf, NotOwner>,
    may_go: impl AsyncFnOnce() -> anyhow::Result<bool>,
) -> anyhow::Result<Option<PathBuf>> {
    let (supervisor, process) = (SupervisorClient::of(running), Process::Service(service));
    // Started again also if what follows fails, or is interrupted.
    let stopped = supervisor.lease(Act::Stop, process).await?;
    supervisor.wait_for(process, State::Stopped).await?;
    let aside = Aside::of(&running.data.join(service.name()))?;
    let kept = if may_go().await? { Some(move_away(aside, runtime::handle::now())?) } else { None };
    supervisor.act(Act::Start, process).await?;
    if let Some(stopped) = stopped {
        stopped.forget();
    }
    Ok(kept)
}
